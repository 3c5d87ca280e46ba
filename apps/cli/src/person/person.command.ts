import { readFileSync } from 'node:fs';
import { type EvidenceRecord, SigningKeyError, signingKey } from '@iris/evidence';
import type { Command } from 'commander';
import { evidenceOf } from '../evidence/evidence-input.js';
import { CliFault, EXIT, type Finish } from '../exit-codes.js';
import type { CliIo } from '../io.js';
import { jsonOption, withOptions } from '../options.js';
import { printJson, printTable } from '../output.js';
import { eraseInFiles } from './erase-files.js';

interface EraseOptions {
  readonly reason: string;
  readonly key?: string;
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

/** `iris person`: what evidence holds about a person, to be given out or erased. */
export function registerPerson(program: Command, io: CliIo, finish: Finish): void {
  const person = program.command('person').description("a person's rights in the evidence");

  person
    .command('export')
    .description('every record of a person, as JSON lines; exit code 1 when there is none')
    .argument('<login>', 'login name, or the stable node id of a tagged device')
    .argument('<evidence...>', 'files or folders of evidence, - for the standard input')
    .action(async (login: string, sources: string[]) => {
      let found = 0;
      for await (const record of evidenceOf(sources, io).records()) {
        if (!isOf(record, login)) continue;
        found += 1;
        io.out(`${JSON.stringify(record)}\n`);
      }
      io.err(`${found} records of ${login}\n`);
      finish(found === 0 ? EXIT.FOUND : EXIT.OK);
    });

  withOptions(
    person
      .command('erase')
      .description(
        "erase a person's fields from every record, so that the chain still holds; exit code 1 when there is none",
      )
      .argument('<login>', 'login name, or the stable node id of a tagged device')
      .argument('<evidence...>', 'files or folders of evidence; they are replaced')
      .requiredOption('--reason <text>', 'why, such as the number of the request; it stays in each record')
      .option('--key <file>', 'Ed25519 private key in PEM that signs the erasures')
      .option('--dry-run', 'only say how many records there are'),
    [jsonOption()],
  ).action(async (login: string, sources: string[], options: EraseOptions) => {
    if (sources.includes('-')) throw new CliFault('person erase replaces files and cannot read the standard input');
    const erasure = {
      reason: options.reason,
      time: new Date(),
      key: options.key === undefined ? undefined : keyOf(options.key),
    };
    const dryRun = options.dryRun === true;
    const files = await eraseInFiles(sources, (record) => isOf(record, login), erasure, dryRun);
    const records = files.reduce((sum, { records: some }) => sum + some, 0);
    if (options.json) printJson(io, { login, dryRun, records, files });
    else {
      io.out(`${dryRun ? 'to be erased' : 'erased'}: ${records} records of ${login}\n`);
      if (files.length > 0)
        printTable(
          io,
          ['file', 'records'],
          files.map(({ file, records: some }) => [file, some]),
        );
      if (erasure.key === undefined && records > 0) {
        io.err('without --key `evidence verify --public-key` reports these erasures\n');
      }
    }
    finish(records === 0 ? EXIT.FOUND : EXIT.OK);
  });
}

/** Logins are compared as the gateway keys them: without regard to case. */
function isOf({ principal }: EvidenceRecord, login: string): boolean {
  return principal.id.toLowerCase() === login.toLowerCase();
}

function keyOf(file: string) {
  try {
    return signingKey(readFileSync(file, 'utf8'));
  } catch (error) {
    if (error instanceof SigningKeyError) throw new CliFault(`--key: ${error.message}`);
    throw error;
  }
}
