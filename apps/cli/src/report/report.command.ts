import { writeFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { type EvidenceCounts, evidenceOf } from '../evidence/evidence-input.js';
import { CliFault, type Finish } from '../exit-codes.js';
import type { CliIo } from '../io.js';
import { jsonOption, wholeNumber, withOptions } from '../options.js';
import { printJson, printTable } from '../output.js';
import { type Draft, draftRules } from './draft-policy.js';
import { htmlPage } from './html-page.js';
import { Observations } from './observations.js';
import { type NamedOutcomes, type Summary, summarise } from './summary.js';
import { writeDraft } from './write-draft.js';

interface Options {
  readonly html?: string;
  readonly draft?: string;
  readonly draftVersion: string;
  readonly kind: string;
  readonly minCalls: number;
  readonly cerbos?: string;
  readonly json?: boolean;
}

/** Rows of each table in the terminal. */
const SHOWN = 20;

/** `iris report`: what was seen, what would be stopped, and which rules to begin with. */
export function registerReport(program: Command, io: CliIo, finish: Finish): void {
  const command = program
    .command('report')
    .description('what evidence shows of the use of tools, and a draft of first rules')
    .argument('<evidence...>', 'files or folders of evidence, - for the standard input')
    .option('--html <file>', 'write the report as one page')
    .option('--draft <folder>', 'write the suggested rules with tests, and compile them')
    .option('--draft-version <version>', 'policy version of the draft', 'candidate')
    .option('--kind <kind>', 'kind of the resource that a tool call is', 'aperture_hook')
    .option('--min-calls <count>', 'suggest rules only for what was seen so often', wholeNumber(1), 3)
    .option('--cerbos <binary>', 'Cerbos binary; that of the installed package when absent');
  withOptions(command, [jsonOption()]).action(async (sources: string[], options: Options) => {
    if (!/^\w+$/.test(options.draftVersion)) throw new CliFault('--draft-version holds letters, digits and _ only');
    const observed = new Observations();
    const evidence = evidenceOf(sources, io);
    for await (const record of evidence.records()) observed.add(record);
    const summary = summarise(observed);
    const draft = draftRules(observed.usages.values(), options);
    if (options.html !== undefined) await writeFile(options.html, htmlPage(summary, draft, new Date()));
    const hasDraft = options.draft !== undefined && draft.rules.length > 0;
    if (options.draft !== undefined && hasDraft) {
      await writeDraft(draft.rules, {
        folder: options.draft,
        kind: options.kind,
        version: options.draftVersion,
        binary: options.cerbos,
      });
    }
    if (options.json) printJson(io, asJson(evidence.counts, summary, draft));
    else printReport(io, evidence.counts, summary, draft);
    if (options.html !== undefined) io.err(`the page is in ${options.html}\n`);
    if (hasDraft) io.err(`the draft is in ${options.draft}; it compiles and its tests pass\n`);
    else if (options.draft !== undefined) {
      io.err(`no draft is written: there is no rule to propose; the report names the reason for each tool\n`);
    }
    finish(0);
  });
}

function asJson(counts: EvidenceCounts, summary: Summary, draft: Draft) {
  return {
    ...counts,
    ...summary,
    suggestedRules: draft.rules,
    left: draft.left.map(({ usage: { people, ...usage }, why }) => ({ ...usage, people: people.size, why })),
  };
}

function printReport(io: CliIo, counts: EvidenceCounts, summary: Summary, draft: Draft): void {
  const { totals } = summary;
  io.out(`${summary.calls} calls from ${summary.from ?? '-'} to ${summary.to ?? '-'}: `);
  io.out(`${totals.allowed} allowed, ${totals.wouldBlock} would be blocked, ${totals.blocked} blocked\n`);
  io.out(`${summary.withoutCall} hooks without a call, ${summary.repeatedCalls} repeated decisions, `);
  io.out(`${counts.repeated} repeated records, ${counts.unreadable} unreadable lines\n`);
  io.out(headOf('Tools', summary.tools));
  printTable(
    io,
    ['tool', 'category', 'allowed', 'would block', 'blocked', 'people', 'departments'],
    summary.tools
      .slice(0, SHOWN)
      .map((row) => [
        row.tool,
        row.category,
        row.allowed,
        row.wouldBlock,
        row.blocked,
        row.people,
        row.departments.join(', '),
      ]),
  );
  printOutcomes(io, 'Categories', summary.categories);
  printOutcomes(io, 'Departments', summary.departments);
  printOutcomes(io, 'People', summary.people);
  printOutcomes(io, 'Rules that deny', summary.denyingRules);
  if (summary.effects.length > 0) printOutcomes(io, 'What commands and statements do', summary.effects);
  io.out(headOf('Tools that the catalog does not hold', summary.uncategorised));
  printTable(
    io,
    ['tool', 'people'],
    summary.uncategorised.slice(0, SHOWN).map((row) => [row.tool, row.people]),
  );
  if (summary.unrecognised.length > 0) {
    io.out(
      headOf(
        'Kinds that no format lists; a harmless one is admitted below recognised: in the catalog',
        summary.unrecognised,
      ),
    );
    printTable(
      io,
      ['kind', 'people'],
      summary.unrecognised.slice(0, SHOWN).map((row) => [row.tool, row.people]),
    );
  }
  if (summary.shadowDifferences.length > 0) {
    io.out(headOf('Calls on which the candidate policies differ', summary.shadowDifferences));
    printTable(
      io,
      ['tool', 'would be denied', 'would be allowed'],
      summary.shadowDifferences.slice(0, SHOWN).map((row) => [row.tool, row.newlyDenied, row.newlyAllowed]),
    );
  }
  io.out(headOf('Suggested first rules', draft.rules));
  printTable(
    io,
    ['rule', 'tools', 'calls', 'people'],
    draft.rules.slice(0, SHOWN).map((rule) => [rule.name, rule.tools.join(', '), rule.calls, rule.people]),
  );
}

function printOutcomes(io: CliIo, title: string, rows: readonly NamedOutcomes[]): void {
  io.out(headOf(title, rows));
  printTable(
    io,
    ['', 'allowed', 'would block', 'blocked'],
    rows.slice(0, SHOWN).map((row) => [row.name, row.allowed, row.wouldBlock, row.blocked]),
  );
}

function headOf(title: string, rows: readonly unknown[]): string {
  return `\n${title}${rows.length > SHOWN ? ` (${SHOWN} of ${rows.length})` : ''}\n`;
}
