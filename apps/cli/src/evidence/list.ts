import type { EvidenceRecord } from '@iris/evidence';
import type { Command } from 'commander';
import { EXIT, type Finish } from '../exit-codes.js';
import type { CliIo } from '../io.js';
import { jsonOption, wholeNumber, withOptions } from '../options.js';
import { printable, printTable } from '../output.js';
import { evidenceOf } from './evidence-input.js';
import { followEvidence } from './follow-evidence.js';
import { matches, type RecordFilter, withFilter } from './record-filter.js';

interface ListOptions extends RecordFilter {
  readonly limit: number;
  readonly json?: boolean;
}

interface TailOptions extends RecordFilter {
  readonly lines: number;
  readonly follow?: boolean;
  readonly json?: boolean;
}

const HEAD = ['time', 'id', 'person', 'tool', 'effect', 'reason', 'rule', 'reply'];

/** `iris evidence list` and `tail`: decisions, a line each. With --json they print JSON lines. */
export function registerList(evidence: Command, io: CliIo, finish: Finish): void {
  withOptions(
    withFilter(
      evidence
        .command('list')
        .description('decisions that pass a filter, as they are in the files; exit code 1 when there is none')
        .argument('<evidence...>', 'files or folders of evidence, - for the standard input'),
    ).option('--limit <count>', 'how many are shown at most', wholeNumber(1), 100),
    [jsonOption()],
  ).action(async (sources: string[], options: ListOptions) => {
    const { counts, records } = evidenceOf(sources, io);
    const shown: EvidenceRecord[] = [];
    let found = 0;
    for await (const record of records()) {
      if (!matches(record, options)) continue;
      found += 1;
      if (shown.length < options.limit) shown.push(record);
    }
    print(io, shown, options.json === true);
    if (found > shown.length) io.err(`${found - shown.length} more pass the filter; --limit shows them\n`);
    if (counts.unreadable > 0) io.err(`${counts.unreadable} lines are no records\n`);
    finish(found === 0 ? EXIT.FOUND : EXIT.OK);
  });

  withOptions(
    withFilter(
      evidence
        .command('tail')
        .description('the latest decisions that pass a filter')
        .argument('<evidence...>', 'files or folders of evidence'),
    )
      .option('-n, --lines <count>', 'how many', wholeNumber(0), 20)
      .option('-f, --follow', 'continue with those that are added, until it is stopped'),
    [jsonOption()],
  ).action(async (sources: string[], options: TailOptions) => {
    const latest: EvidenceRecord[] = [];
    const keep = (record: EvidenceRecord) => {
      latest.push(record);
      if (latest.length > 2 * options.lines + 1000) latest.splice(0, latest.length - options.lines);
    };
    if (options.follow !== true) {
      for await (const record of evidenceOf(sources, io).records()) if (matches(record, options)) keep(record);
      print(io, latestOf(latest, options.lines), options.json === true);
      return;
    }
    let caughtUp = false;
    for await (const record of followEvidence(sources)) {
      if (record === 'caught up') {
        for (const one of latestOf(latest, options.lines)) io.out(`${lineOf(one, options.json === true)}\n`);
        caughtUp = true;
      } else if (matches(record, options)) {
        if (caughtUp) io.out(`${lineOf(record, options.json === true)}\n`);
        else keep(record);
      }
    }
  });
}

/** Files of several auditors are read one after another, so order is made by time. */
function latestOf(records: readonly EvidenceRecord[], total: number): readonly EvidenceRecord[] {
  const sorted = records.toSorted((a, b) => (a.time < b.time ? -1 : a.time > b.time ? 1 : a.id < b.id ? -1 : 1));
  return total === 0 ? [] : sorted.slice(-total);
}

function print(io: CliIo, records: readonly EvidenceRecord[], json: boolean): void {
  if (json) for (const record of records) io.out(`${lineOf(record, true)}\n`);
  else printTable(io, HEAD, records.map(cellsOf));
}

function lineOf(record: EvidenceRecord, json: boolean): string {
  return json ? JSON.stringify(record) : cellsOf(record).map(printable).join('  ');
}

function cellsOf(record: EvidenceRecord): string[] {
  const { time, id, principal, action, effect, reason, policy, reply, enforced, mode } = record;
  return [
    time,
    id,
    principal.id,
    action ?? `(${record.event})`,
    effect,
    reason,
    policy.rules.join(', '),
    enforced ? reply : `${reply} (${mode})`,
  ];
}
