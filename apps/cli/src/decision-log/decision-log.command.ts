import { once } from 'node:events';
import { type LogStatus, spawnEmbedded } from '@iris/decision-log';
import type { Command } from 'commander';
import { evidenceOf } from '../evidence/evidence-input.js';
import { CliFault, EXIT, type Finish } from '../exit-codes.js';
import type { CliIo } from '../io.js';
import { jsonOption, wholeNumber, withOptions } from '../options.js';
import { printJson, printTable } from '../output.js';
import { decisionLogOption, withDecisionLog } from './with-decision-log.js';

interface LogOptions {
  readonly decisionLog?: string;
  readonly json?: boolean;
}

/** `iris decision-log`: the database of decisions that the console reads. */
export function registerDecisionLog(program: Command, io: CliIo, finish: Finish): void {
  const command = program.command('decision-log').description('the database of decisions that the console reads');
  registerImport(command, io, finish);

  withOptions(
    command
      .command('migrate')
      .description('bring the tables to this release and make the partitions of the next days; safe to repeat'),
    [decisionLogOption(), jsonOption()],
  ).action((options: LogOptions) =>
    withDecisionLog(options.decisionLog, async (log) => {
      const made = await log.migrate();
      if (options.json) printJson(io, { made });
      else io.out(made.length === 0 ? 'the tables are of this release\n' : `migrated: ${made.join(', ')}\n`);
    }),
  );

  withOptions(command.command('status').description('partitions, rows, size, and how late decisions arrive'), [
    decisionLogOption(),
    jsonOption(),
  ]).action((options: LogOptions) =>
    withDecisionLog(options.decisionLog, async (log) => {
      const status = await log.status();
      if (options.json) printJson(io, status);
      else printStatus(io, status);
    }),
  );

  command
    .command('serve')
    .description(
      'serve an embedded decision log on a loopback port until it is stopped; for trials, not for production',
    )
    .option('--directory <folder>', 'folder of its files', '.iris/decision-log')
    .option('--port <port>', 'port; 0 takes a free one', wholeNumber(0), 0)
    .action(async ({ directory, port }: { directory: string; port: number }) => {
      const failed = new AbortController();
      const server = await spawnEmbedded({ directory, port, onExit: () => failed.abort() });
      io.out(`${server.url}\n`);
      const signals = ['SIGINT', 'SIGTERM'].map((name) => once(process, name));
      await Promise.race([...signals, once(failed.signal, 'abort')]);
      await server.close();
      if (failed.signal.aborted) throw new CliFault('the embedded decision log has ended');
    });
}

function registerImport(command: Command, io: CliIo, finish: Finish): void {
  withOptions(
    command
      .command('import')
      .description(
        'store the records of evidence files, each once; exit code 1 when lines are no records or records are refused',
      )
      .argument('<evidence...>', 'files or folders of evidence, - for the standard input'),
    [decisionLogOption(), jsonOption()],
  ).action((sources: string[], options: LogOptions) =>
    withDecisionLog(options.decisionLog, async (log) => {
      const { counts, records } = evidenceOf(sources, io);
      const outcome = await log.import(records());
      const { unreadable } = counts;
      if (options.json) printJson(io, { ...outcome, unreadable });
      else {
        io.out(
          `stored: ${outcome.inserted}; there before: ${outcome.repeated}; erased since: ${outcome.erased}; refused: ${outcome.refused}; lines that are no records: ${unreadable}\n`,
        );
      }
      finish(unreadable + outcome.refused > 0 ? EXIT.FOUND : EXIT.OK);
    }),
  );
}

function printStatus(io: CliIo, status: LogStatus): void {
  const { migration, rows, bytes, oldest, newest, lagSeconds, partitions } = status;
  io.out(`migration: ${migration}\n`);
  io.out(`rows: about ${rows.toLocaleString('en')}, ${megabytes(bytes)} with indexes\n`);
  if (oldest !== undefined && newest !== undefined) {
    io.out(`decisions: ${oldest.toISOString()} to ${newest.toISOString()}\n`);
  }
  if (lagSeconds !== undefined) {
    io.out(
      `from decision to log, newest 1000: median ${lagSeconds.p50.toFixed(1)} s, longest ${lagSeconds.max.toFixed(1)} s\n`,
    );
  }
  printTable(
    io,
    ['day', 'rows, about', 'size'],
    partitions.map((partition) => [partition.day, partition.rows, megabytes(partition.bytes)]),
  );
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
