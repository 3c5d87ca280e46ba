import type { ReplayCounts } from '@iris/replay';
import { printable } from '../output.js';
import type { ChangedDecisions, ChangeGroup } from './changed-decisions.js';
import { type PolicyProblems, problemsOf } from './check-policies.js';

export interface CiResult {
  readonly checked: PolicyProblems;
  /** Absent when the policies do not compile, or no evidence was given. */
  readonly replayed?: { readonly counts: ReplayCounts; readonly changes: ChangedDecisions };
}

/** Rows of each table. GitHub takes 65,536 characters in a comment. */
const SHOWN = 50;
const MAX_TEXT = 200;

/** A Markdown comment for a pull request: errors, then changed decisions, those that open something first. */
export function ciComment({ checked, replayed }: CiResult): string {
  const problems = problemsOf(checked);
  const tests = checked.runs.reduce((sum, run) => sum + run.tests, 0);
  const lines = [
    '## Policies',
    '',
    problems.length === 0 ? `✓ compiled, linted, ${tests} tests passed` : `✗ ${problems.length} findings`,
    ...(problems.length === 0
      ? []
      : ['', ...problems.slice(0, SHOWN).map((problem) => `- ${code(problem)}`), ...more(problems.length)]),
    '',
    ...replayLines(replayed),
  ];
  return `${lines.join('\n').trimEnd()}\n`;
}

function replayLines(replayed: CiResult['replayed']): string[] {
  if (replayed === undefined) return ['No evidence was replayed.'];
  const { counts, changes } = replayed;
  const opened = changes.of('DENY');
  const closed = changes.of('ALLOW');
  return [
    `${counts.replayed} recorded decisions replayed, **${counts.changed} change**.`,
    ...notes(counts),
    ...table('DENY to ALLOW', opened),
    ...table('ALLOW to DENY', closed),
    ...(changes.ungrouped > 0 ? ['', `${changes.ungrouped} further changes are not listed.`] : []),
  ];
}

function notes({ masked, withoutPolicy, readOtherwise }: ReplayCounts): string[] {
  const texts: [number, string][] = [
    [masked, 'records hold masked attributes and were not replayed'],
    [withoutPolicy, 'decisions met no policy of their kind, version and scope'],
    [readOtherwise, 'calls have other attributes by the tool catalog'],
  ];
  const shown = texts.filter(([count]) => count > 0).map(([count, text]) => `- ${count} ${text}`);
  return shown.length === 0 ? [] : ['', ...shown];
}

function table(title: string, groups: readonly ChangeGroup[]): string[] {
  if (groups.length === 0) return [];
  const total = groups.reduce((sum, { count }) => sum + count, 0);
  return [
    ...['', `### ${title}: ${total}`, '', '| Tool | Person | Decisions | Rules now |', '| --- | --- | ---: | --- |'],
    ...groups
      .slice(0, SHOWN)
      .map(
        ({ tool, principal, count, rules }) =>
          `| ${code(tool)} | ${code(principal)} | ${count} | ${code([...rules].join(', ') || 'none')} |`,
      ),
    ...more(groups.length),
  ];
}

function more(count: number): string[] {
  return count > SHOWN ? ['', `${count - SHOWN} more are not shown.`] : [];
}

/** Text of others as it is: no markup, no mention, no end of the table. */
function code(text: string): string {
  const plain = printable(text).replaceAll('`', "'").replaceAll('|', '\\|');
  return `\`${plain.length > MAX_TEXT ? `${plain.slice(0, MAX_TEXT)}…` : plain || ' '}\``;
}
