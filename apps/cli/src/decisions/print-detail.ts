import type { DecisionDetail, SmallestChange } from '@iris/console-api';
import type { CliIo } from '../io.js';
import { printable, printTable } from '../output.js';

/** Prints one decision with what it was based on. */
export function printDetail(io: CliIo, detail: DecisionDetail, change: SmallestChange | undefined): void {
  const { summary, why, attributes, rules } = detail;
  io.out(`${printable(why)}\n\n`);
  printTable(
    io,
    ['what', 'value'],
    [
      ['time', summary.time],
      ['person', summary.person],
      ['tool', summary.tool ?? `(${summary.event})`],
      ['effect', `${summary.effect}, ${summary.force}`],
      ['reason', summary.reason],
      ['session', summary.session ?? 'none'],
      ['trace', detail.traceUrl ?? detail.traceId ?? 'none'],
      ['policies', `${detail.policyVersion}, revision ${detail.policyRevision ?? 'not recorded'}`],
    ],
  );
  io.out('\nFacts\n');
  printTable(
    io,
    ['attribute', 'value', 'source', 'status', 'age in s', 'used until', 'read by the rule'],
    attributes.map(({ path, value, hidden, source, status, ageSeconds, staleUntil, readByRule }) => [
      path,
      hidden === true ? '(hidden)' : JSON.stringify(value ?? null),
      source ?? '',
      status ?? '',
      ageSeconds ?? '',
      staleUntil ?? '',
      readByRule ? 'yes' : '',
    ]),
  );
  for (const { name, file, line, text, current } of rules) {
    const place = file === undefined ? 'in no policy file of the console' : `${file}:${line}`;
    io.out(`\nRule ${printable(name)}, ${place}${current ? '' : ' (the text may have changed since)'}\n`);
    if (text !== undefined) io.out(`${text.replace(/^/gm, '  ')}\n`);
  }
  if (change !== undefined) printChange(io, change);
}

function printChange(io: CliIo, { found, changes, reason, asked, exhausted }: SmallestChange): void {
  io.out('\nSmallest change that would allow (hypothetical)\n');
  if (!found) {
    io.out(`  ${reason ?? `none in ${asked} questions to the PDP${exhausted ? '' : '; the search was cut off'}`}\n`);
    return;
  }
  for (const one of changes) {
    const texts = one.map(({ path, from, to }) => `${path} from ${JSON.stringify(from)} to ${JSON.stringify(to)}`);
    io.out(`  ${printable(texts.join(' and '))}\n`);
  }
}
