import { closeSync, openSync, writeSync } from 'node:fs';
import { startLocalPdp } from '@iris/local-pdp';
import { readPolicyText } from '@iris/policy-files';
import {
  CatalogReapplication,
  ChangeSummary,
  type Directions,
  type ListedChange,
  listed,
  type ReplayCounts,
  ranked,
  replay,
} from '@iris/replay';
import { loadCatalog } from '@iris/tool-catalog';
import type { Command } from 'commander';
import { type EvidenceCounts, evidenceOf } from '../evidence/evidence-input.js';
import { EXIT, type Finish } from '../exit-codes.js';
import type { CliIo } from '../io.js';
import { jsonOption, wholeNumber, withOptions } from '../options.js';
import { printJson, printTable } from '../output.js';

interface Options {
  readonly policies: string;
  readonly policyVersion?: string;
  readonly scope?: string;
  readonly catalog?: string;
  readonly masked: boolean;
  readonly list: number;
  readonly changes?: string;
  readonly cerbos?: string;
  readonly lenient: boolean;
  readonly json?: boolean;
}

/** Rows of each table. */
const SHOWN = 20;

/** `iris replay`: what other policies would have decided. */
export function registerReplay(program: Command, io: CliIo, finish: Finish): void {
  const command = program
    .command('replay')
    .description('ask a local PDP with other policies what was asked before; exit code 1 when a decision changes')
    .argument('<evidence...>', 'files or folders of evidence, - for the standard input')
    .requiredOption('--policies <folder>', 'folder of policies')
    .option('--policy-version <version>', 'version that is asked, instead of the recorded one')
    .option('--scope <scope>', 'scope that is asked, instead of the recorded one')
    .option('--catalog <file>', 'read the calls again by this tool catalog, instead of as recorded')
    .option('--masked', 'also replay records with masked attributes, whose answers may differ for that reason', false)
    .option('--list <count>', 'how many changes are listed', wholeNumber(0), 50)
    .option('--changes <file>', 'write every change to a file, as JSON lines')
    .option('--cerbos <binary>', 'Cerbos binary; that of the installed package when absent')
    .option('--lenient', 'evaluate without strict evaluation', false);
  withOptions(command, [jsonOption()]).action(async (sources: string[], options: Options) => {
    const catalog =
      options.catalog === undefined ? undefined : new CatalogReapplication(loadCatalog({ path: options.catalog }));
    const { clock, readsAges, readsParams } = await readPolicyText(options.policies);
    const { pdp, close } = await startLocalPdp({
      policies: options.policies,
      binary: options.cerbos,
      strict: !options.lenient,
    });
    const file = options.changes === undefined ? undefined : openSync(options.changes, 'w');
    try {
      const summary = new ChangeSummary();
      const list: ListedChange[] = [];
      const evidence = evidenceOf(sources, io);
      const counts = await replay(
        evidence.records(),
        pdp,
        { ...options, catalog, readsAges, readsParams },
        (change) => {
          const entry = listed(change);
          summary.add(entry);
          if (list.length < options.list) list.push(entry);
          if (file !== undefined) writeSync(file, `${JSON.stringify(entry)}\n`);
        },
      );
      const result = { evidence: evidence.counts, counts, clock, summary, list };
      if (options.json) printJson(io, asJson(result));
      else printResult(io, result);
      finish(counts.changed > 0 ? EXIT.FOUND : EXIT.OK);
    } finally {
      if (file !== undefined) closeSync(file);
      await close();
    }
  });
}

interface Result {
  readonly evidence: EvidenceCounts;
  readonly counts: ReplayCounts;
  readonly clock: readonly string[];
  readonly summary: ChangeSummary;
  readonly list: readonly ListedChange[];
}

function asJson({ evidence, counts, clock, summary, list }: Result) {
  return {
    ...evidence,
    ...counts,
    policiesWithClock: clock,
    byTool: ranked(summary.byTool),
    byPrincipal: ranked(summary.byPrincipal),
    byDepartment: ranked(summary.byDepartment),
    changes: list,
  };
}

function printResult(io: CliIo, { evidence, counts, clock, summary, list }: Result): void {
  io.out(`${counts.replayed} decisions replayed, ${counts.changed} would change\n`);
  for (const note of notesOf(evidence, counts, clock)) io.out(`  ${note}\n`);
  if (counts.changed === 0) return;
  printDirections(io, 'tool', summary.byTool);
  printDirections(io, 'person', summary.byPrincipal);
  printDirections(io, 'department', summary.byDepartment);
  io.out(`\nChanges (${list.length} of ${counts.changed})\n`);
  printTable(
    io,
    ['time', 'id', 'who', 'tool', 'change', 'rule now'],
    list.map((change) => [
      change.time,
      change.id,
      change.principal,
      change.tool,
      `${change.from} to ${change.to}`,
      [...new Set(change.outputsNow.map(({ source }) => source.replace(/^.*#/, '')))].join(', ') || 'none',
    ]),
  );
}

function notesOf(evidence: EvidenceCounts, counts: ReplayCounts, clock: readonly string[]): string[] {
  const notes: [number, string][] = [
    [
      counts.masked,
      'records hold masked attributes and cannot be replayed faithfully; --masked replays them all the same',
    ],
    [counts.withoutCall, 'records are about no tool call'],
    [counts.readOtherwise, 'calls have other attributes by the given catalog'],
    [counts.notReadAgain, 'calls hold too little to be read by the given catalog, and were asked about as recorded'],
    [counts.shadow, 'records are second opinions of a candidate policy'],
    [
      counts.withoutPolicy,
      'decisions met no policy of their kind, version and scope: check --policy-version and --scope',
    ],
    [evidence.repeated, 'records were there twice and count once'],
    [evidence.unreadable, 'lines are no evidence of this version'],
  ];
  const texts = notes.filter(([count]) => count > 0).map(([count, text]) => `${count} ${text}`);
  if (clock.length > 0) {
    texts.push(`${clock.join(', ')}: reads the clock of the PDP, which is that of this machine now, not of the record`);
  }
  return texts;
}

function printDirections(io: CliIo, what: string, counts: ReadonlyMap<string, Directions>): void {
  const rows = ranked(counts);
  io.out(`\nBy ${what}${rows.length > SHOWN ? ` (${SHOWN} of ${rows.length})` : ''}\n`);
  printTable(
    io,
    [what, 'to ALLOW', 'to DENY'],
    rows.slice(0, SHOWN).map(({ name, toAllow, toDeny }) => [name, toAllow, toDeny]),
  );
}
