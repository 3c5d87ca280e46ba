import { readFileSync } from 'node:fs';
import { SigningKeyError, signingKey } from '@iris/evidence';
import type { Command } from 'commander';
import { decisionLogOption, withDecisionLog } from '../decision-log/with-decision-log.js';
import { CliFault, EXIT, type Finish } from '../exit-codes.js';
import type { CliIo } from '../io.js';
import { jsonOption, withOptions } from '../options.js';
import { printJson, printTable } from '../output.js';
import { type Erasure, eraseInFiles } from './erase-files.js';
import { eachRecordOf, isOf } from './records-of-person.js';

interface EraseOptions {
  readonly decisionLog?: string;
  readonly reason: string;
  readonly key?: string;
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

/** `iris person`: what evidence holds about a person, to be given out or erased. */
export function registerPerson(program: Command, io: CliIo, finish: Finish): void {
  const person = program.command('person').description("a person's rights in the evidence");

  withOptions(
    person
      .command('export')
      .description('every record of a person, each once, as JSON lines; exit code 1 when there is none')
      .argument('<login>', 'login name, or the stable node id of a tagged device')
      .argument('[evidence...]', 'files or folders of evidence, - for the standard input'),
    [decisionLogOption()],
  ).action(async (login: string, sources: string[], { decisionLog }: { decisionLog?: string }) => {
    requirePlace(sources, decisionLog);
    const found = await eachRecordOf(login, sources, decisionLog, io, (record) => {
      io.out(`${JSON.stringify(record)}\n`);
    });
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
      .argument('[evidence...]', 'files or folders of evidence; they are replaced')
      .requiredOption('--reason <text>', 'why, such as the number of the request; it stays in each record')
      .option('--key <file>', 'Ed25519 private key in PEM that signs the erasures')
      .option('--dry-run', 'only say how many records there are'),
    [decisionLogOption(), jsonOption()],
  ).action(async (login: string, sources: string[], options: EraseOptions) => {
    requirePlace(sources, options.decisionLog);
    if (sources.includes('-')) throw new CliFault('person erase replaces files and cannot read the standard input');
    const erasure = {
      reason: options.reason,
      time: new Date(),
      key: options.key === undefined ? undefined : keyOf(options.key),
    };
    const dryRun = options.dryRun === true;
    const files = await eraseInFiles(sources, (record) => isOf(record, login), erasure, dryRun);
    const inFiles = files.reduce((sum, { records: some }) => sum + some, 0);
    // After the files: an import of them would bring nothing back.
    const inLog = options.decisionLog === undefined ? 0 : await eraseInLog(login, options.decisionLog, erasure, dryRun);
    const records = inFiles + inLog;
    if (options.json) printJson(io, { login, dryRun, records, files, decisionLog: inLog });
    else {
      io.out(`${dryRun ? 'to be erased' : 'erased'}: ${inFiles} records of ${login}\n`);
      if (options.decisionLog !== undefined) io.out(`in the decision log: ${inLog}\n`);
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

function requirePlace(sources: readonly string[], decisionLog: string | undefined): void {
  if (sources.length === 0 && decisionLog === undefined) {
    throw new CliFault('name files or folders of evidence, or the decision log by --decision-log');
  }
}

function eraseInLog(login: string, url: string, erasure: Erasure, dryRun: boolean): Promise<number> {
  return withDecisionLog(url, async (log) => {
    if (!dryRun) return log.erase(login, erasure);
    let records = 0;
    for await (const record of log.window({ person: [login] })) if (record.erased === undefined) records += 1;
    return records;
  });
}

function keyOf(file: string) {
  try {
    return signingKey(readFileSync(file, 'utf8'));
  } catch (error) {
    if (error instanceof SigningKeyError) throw new CliFault(`--key: ${error.message}`);
    throw error;
  }
}
