import { ConfigError } from '@iris/config';
import { ConsoleError } from '@iris/console-api';
import { LocalPdpError } from '@iris/local-pdp';
import { PdpError } from '@iris/pdp';
import { PolicyFolderError } from '@iris/policy-files';
import { CatalogError } from '@iris/tool-catalog';
import { Command, CommanderError } from 'commander';
import { registerBreakGlass } from './break-glass/break-glass.command.js';
import { registerCatalog } from './catalog/catalog.command.js';
import { registerCheck } from './check/check.command.js';
import { registerContext } from './context/context.command.js';
import { registerDecisionLog } from './decision-log/decision-log.command.js';
import { registerDecisions } from './decisions/decisions.command.js';
import { registerDoctor } from './doctor/doctor.command.js';
import { registerEvidence } from './evidence/evidence.command.js';
import { CliFault, EXIT, type ExitCode } from './exit-codes.js';
import type { CliIo } from './io.js';
import { registerPerson } from './person/person.command.js';
import { registerPolicies } from './policies/policies.command.js';

import { registerReplay } from './replay/replay.command.js';
import { registerReport } from './report/report.command.js';
import { registerWhoCan } from './who-can/who-can.command.js';
import { registerWhy } from './why/why.command.js';

const REGISTRATIONS = [
  registerDoctor,
  registerCheck,
  registerReplay,
  registerReport,
  registerContext,
  registerCatalog,
  registerEvidence,
  registerDecisionLog,
  registerPolicies,
  registerWhy,
  registerWhoCan,
  registerDecisions,
  registerPerson,
  registerBreakGlass,
];

/** Runs one command. Never throws. @returns the exit code, see `EXIT` */
export async function runCli(args: readonly string[], io: CliIo): Promise<number> {
  let code: ExitCode = EXIT.OK;
  const program = new Command('iris')
    .description('Checks, explains and replays decisions on tool calls.')
    .exitOverride()
    .showHelpAfterError('(--help shows what is accepted)')
    .configureOutput({ writeOut: (text) => io.out(text), writeErr: (text) => io.err(text) })
    .addHelpText('after', '\nExit codes: 0 nothing found, 1 findings or changes, 2 usage error or failure.');
  for (const register of REGISTRATIONS) {
    register(program, io, (finished) => {
      code = finished;
    });
  }
  try {
    await program.parseAsync([...args], { from: 'user' });
    return code;
  } catch (error) {
    // Commander has printed its own message already.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.OK : EXIT.FAILED;
    const message = messageOf(error);
    if (args.includes('--json')) io.out(`${JSON.stringify({ error: message })}\n`);
    io.err(`iris: ${message}\n`);
    return EXIT.FAILED;
  }
}

function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const expected = [CliFault, ConfigError, ConsoleError, CatalogError, LocalPdpError, PdpError, PolicyFolderError].some(
    (known) => error instanceof known,
  );
  const isSystemError = typeof (error as NodeJS.ErrnoException).code === 'string';
  return expected || isSystemError ? error.message : `unexpected error: ${error.stack ?? error.message}`;
}
