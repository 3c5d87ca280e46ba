import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type CellOutcome, isRecorded } from './fault-cell.js';
import type { Fate } from './mixed-hooks.js';

/** A row of the table. */
export interface FaultRow {
  readonly fault: string;
  readonly hooks: number;
  readonly fates: Readonly<Partial<Record<Fate, number>>>;
  readonly unanswered: number;
  readonly worstMs: number;
  readonly recoveredMs: number;
  readonly vendorCalls: string;
  readonly answered: number;
  readonly delivered: number;
  readonly violations: number;
}

const FILE = join(process.cwd(), 'docs/fault-matrix.md');
const COLUMNS = [
  'Fault',
  'Hooks during it',
  'passed / stripped / withheld / blocked',
  'No reply',
  'Worst reply',
  'Recovery time',
  'Requests to vendors',
  'Evidence delivered',
  'Violations',
];

const INTRODUCTION = `# Failures and their effects

Each row is one fault under a steady load of 20 hooks/s of seven kinds: calls that policy allows and calls that it denies,
of people who are known and of people whom nobody has asked for before, tools that no policy covers, requests out of which
a tool is taken, and people who have left. Failure mode closed, budget 1500 ms, real processes, one machine of two cores
that also makes the load.

A row has no violation when, seen from the outside: each hook got a valid verdict with status 200 inside its budget (and
500 ms more, for the shared machine); no call that policy denies passed; the evidence of each answered hook was delivered
to the sink, found by its request id; and the mesh had recovered without anybody's doing. "Recovery time" counts from the
end of the fault to the first hook from which on 21 in a row were decided as in good health, for a vendor with its fresh
facts. Requests to vendors are counted while the fault lasts.

Made by \`UPDATE_DOCS=1 npm run chaos\`; \`npm run chaos -- redis\` runs one area. Numbers change from run to run, the
violations must not.
`;

export function rowOf(outcome: CellOutcome, vendor?: string): FaultRow {
  const { struck, hooks, delivered, vendorCalls } = outcome;
  const fates: Partial<Record<Fate, number>> = {};
  for (const { fate } of struck) if (fate !== undefined) fates[fate] = (fates[fate] ?? 0) + 1;
  const total = Object.values(vendorCalls).reduce((sum, calls) => sum + calls, 0);
  for (const violation of outcome.violations) process.stdout.write(`${outcome.name}: ${violation}\n`);
  const row = {
    fault: outcome.name,
    hooks: struck.length,
    fates,
    unanswered: hooks.filter(({ fault }) => fault !== undefined).length,
    worstMs: Math.round(outcome.worstMs),
    recoveredMs: Math.round(outcome.recoveredMs),
    vendorCalls: vendor === undefined ? String(total) : `${vendorCalls[vendor]}`,
    answered: hooks.filter((hook) => hook.fault === undefined && isRecorded(hook)).length,
    delivered: delivered.size,
    violations: outcome.violations.length,
  };
  process.stdout.write(markdown([row]).split('\n').slice(2).join('\n'));
  return row;
}

/** Prints the rows of an area and, with UPDATE_DOCS=1, puts them in place of its earlier ones in the document. */
export function writeRows(area: string, rows: readonly FaultRow[], note = ''): void {
  const table = markdown(rows);
  process.stdout.write(`\n${area}\n${table}`);
  if (process.env.UPDATE_DOCS !== '1' || rows.length === 0) return;
  const section = `## ${area}\n\n${note === '' ? '' : `${note}\n\n`}${table}`;
  const before = existsSync(FILE) ? readFileSync(FILE, 'utf8') : INTRODUCTION;
  const sections = before.split(/^(?=## )/m).slice(1);
  const others = sections.filter((text) => !text.startsWith(`## ${area}\n`)).map((text) => text.trimEnd());
  const all = [...others, section.trimEnd()].sort();
  writeFileSync(FILE, `${INTRODUCTION}\n${all.join('\n\n')}\n`);
}

function markdown(rows: readonly FaultRow[]): string {
  const cells = rows.map((row) => [
    row.fault,
    String(row.hooks),
    [row.fates.passed, row.fates.stripped, row.fates.withheld, row.fates.blocked].map((n) => n ?? 0).join(' / '),
    String(row.unanswered),
    `${row.worstMs} ms`,
    `${row.recoveredMs} ms`,
    row.vendorCalls,
    `${row.delivered} of ${row.answered}`,
    String(row.violations),
  ]);
  const lines = [COLUMNS, COLUMNS.map(() => '---'), ...cells].map((line) => `| ${line.join(' | ')} |`);
  return `${lines.join('\n')}\n`;
}
