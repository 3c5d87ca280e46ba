import { readFileSync, writeFileSync } from 'node:fs';
import {
  type ChainReport,
  ChainVerifier,
  type Checkpoint,
  checkpointSchema,
  readLines,
  SigningKeyError,
  VerifyingKeys,
} from '@iris/evidence';
import { parseDocument } from '@iris/json-document';
import type { Command } from 'commander';
import { CliFault, EXIT, type Finish } from '../exit-codes.js';
import type { CliIo } from '../io.js';
import { collected, jsonOption, wholeNumber, withOptions } from '../options.js';
import { Progress, printJson, printTable } from '../output.js';

interface VerifyCommandOptions {
  readonly publicKey?: readonly string[];
  readonly checkpoint?: string;
  readonly writeCheckpoint?: string;
  readonly anyOrder?: boolean;
  readonly allowUnchained?: boolean;
  readonly liveSeconds: number;
  readonly json?: boolean;
}

/** Deeper lines are refused: no gateway writes them. */
const MAX_DEPTH = 500;

export function registerVerify(evidence: Command, io: CliIo, finish: Finish): void {
  withOptions(
    evidence
      .command('verify')
      .description('verify the hash chains of the gateways; exit code 1 when a record is missing, changed or moved')
      .argument('<evidence...>', 'files or folders of evidence, - for the standard input')
      .option('--public-key <file>', 'key that heads and erasures must be signed by; may be given again', collected)
      .option('--checkpoint <file>', 'start where an earlier run ended; what is older may be gone')
      .option('--write-checkpoint <file>', 'write where this run ended, when nothing is found')
      .option('--any-order', 'accept lines in any order, as after a redrive of dead letters')
      .option('--allow-unchained', 'accept records without a chain, as earlier releases wrote them')
      .option('--live-seconds <s>', 'a chain whose last head is younger continues', wholeNumber(0), 300),
    [jsonOption()],
  ).action(async (sources: string[], options: VerifyCommandOptions) => {
    const report = await verify(sources, options, io);
    if (options.json) printJson(io, report);
    else printReport(io, report, options.publicKey !== undefined);
    if (report.faults === 0 && options.writeCheckpoint !== undefined) {
      writeFileSync(options.writeCheckpoint, `${JSON.stringify(report.checkpoint, null, 2)}\n`);
    }
    finish(report.faults === 0 ? EXIT.OK : EXIT.FOUND);
  });
}

async function verify(sources: readonly string[], options: VerifyCommandOptions, io: CliIo): Promise<ChainReport> {
  const verifier = new ChainVerifier({
    keys: options.publicKey && keysOf(options.publicKey),
    checkpoint: options.checkpoint === undefined ? undefined : checkpointOf(options.checkpoint),
    anyOrder: options.anyOrder,
    allowUnchained: options.allowUnchained,
    liveMs: options.liveSeconds * 1000,
    now: Date.now(),
  });
  const progress = new Progress(io, 'lines');
  let lines = 0;
  for await (const { text, file, line } of readLines(sources.map((source) => (source === '-' ? io.stdin : source)))) {
    const parsed = parseDocument(text, { maxDepth: MAX_DEPTH });
    if (parsed.ok) verifier.add(parsed.document.value, { file, line });
    else verifier.refuse(parsed.reason === 'duplicate_json_key' ? 'duplicate_key' : 'unreadable', { file, line });
    lines += 1;
    progress.update(lines);
  }
  progress.end();
  if (lines === 0) throw new CliFault('there is no line of evidence to verify');
  return verifier.finish();
}

function keysOf(files: readonly string[]): VerifyingKeys {
  try {
    return new VerifyingKeys(files.map((file) => readFileSync(file, 'utf8')));
  } catch (error) {
    if (error instanceof SigningKeyError) throw new CliFault(`--public-key: ${error.message}`);
    throw error;
  }
}

function checkpointOf(file: string): Checkpoint {
  const text = readFileSync(file, 'utf8');
  const parsed = parseDocument(text, { maxDepth: MAX_DEPTH });
  const checkpoint = parsed.ok ? checkpointSchema.safeParse(parsed.document.value) : undefined;
  if (checkpoint?.success !== true) {
    throw new CliFault(`--checkpoint: ${file} is no checkpoint; --write-checkpoint writes one`);
  }
  return checkpoint.data;
}

function printReport(io: CliIo, report: ChainReport, hasKey: boolean): void {
  const { records, heads, repeated, erased, chains, findings, faults } = report;
  io.out(`${records} records and ${heads} heads in ${chains.length} chains; ${repeated} repeats, ${erased} erased\n`);
  printTable(
    io,
    ['chain', 'links', 'state', 'last head', 'signed up to', 'not written'],
    chains.map(({ id, from, to, state, lastHead, signedTo, dropped }) => [
      id,
      `${from} to ${to}`,
      state,
      lastHead ?? 'none',
      signedTo ?? (hasKey ? 'nothing' : 'not checked'),
      dropped,
    ]),
  );
  if (!hasKey) io.out('Signatures were not checked: --public-key names the key.\n');
  if (faults === 0) {
    io.out('No errors found.\n');
    return;
  }
  io.out(`\n${faults} errors${findings.length < faults ? `, of which the first ${findings.length}` : ''}\n`);
  printTable(
    io,
    ['fault', 'chain', 'link', 'record', 'where', 'detail'],
    findings.map(({ fault, chain, seq, toSeq, id, file, line, detail }) => [
      fault,
      chain ?? '',
      toSeq === undefined ? (seq ?? '') : `${seq} to ${toSeq}`,
      id ?? '',
      file === undefined ? '' : `${file}:${line}`,
      detail,
    ]),
  );
}
