import type { Draft } from './draft-policy.js';
import { PAGE_STYLE } from './page-style.js';
import type { NamedOutcomes, Summary, ToolRow } from './summary.js';
import { barPlot, escapeHtml, format, legend, matrixPlot, timePlot } from './svg-plots.js';

const PLOTTED_TOOLS = 15;
const PLOTTED_DEPARTMENTS = 12;
const PLOTTED_CATEGORIES = 8;
const TABLE_ROWS = 200;

type Cell = string | number;

/** The report as one page that needs nothing from elsewhere: no script, no font, no request. */
export function htmlPage(summary: Summary, draft: Draft, madeAt: Date): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<link rel="icon" href="data:,">
<title>Tool use seen by Iris</title>
<style>${PAGE_STYLE}</style>
</head>
<body>
<a class="skip" href="#main">Skip to the report</a>
<header>
<p class="brand">Iris</p>
<h1>Tool use: what was seen and what policy decides</h1>
<p class="sub">${escapeHtml(`${shown(summary.from)} to ${shown(summary.to)} · made ${madeAt.toISOString().slice(0, 16).replace('T', ' ')} UTC`)}</p>
</header>
<main id="main">
${tiles(summary)}
${section('time', 'Calls over time', legend() + figure(timePlot('plot-time', 'Calls over time', summary.periods)) + folded('The numbers', outcomesTable('Period', summary.periods)))}
${toolsSection(summary)}
${matrixSection(summary)}
${section(
  'rules',
  'What would be stopped',
  `<p>Rules that deny, and how often. <em>Would be blocked</em> is what enforcement would have stopped.</p>${outcomesTable(
    'Rule',
    summary.denyingRules.map((row) => ({ ...row, name: row.name.replace(/^resource\./, '') })),
  )}`,
)}
${summary.effects.length === 0 ? '' : section('effects', 'What commands and statements do', `<p>Each effect of a call is checked like a call: the program, what it does, and the environment that it reaches.</p>${outcomesTable('Effect', summary.effects)}`)}
${summary.unrecognised.length === 0 ? '' : section('unrecognised', 'Kinds that no format lists', `<p>The shipped pack denies them. Admit a harmless one below <code>recognised:</code> in the tool catalog.</p>${toolsTable(summary.unrecognised)}`)}
${section('uncategorised', 'Tools that the catalog does not hold', `<p>Policies cannot speak of their category. Add them to the tool catalog first.</p>${toolsTable(summary.uncategorised)}`)}
${section(
  'people',
  'People',
  table(
    ['Person', 'Department', 'Calls', 'Allowed', 'Would be blocked', 'Blocked'],
    summary.people.map((row) => [
      row.name,
      row.department,
      row.allowed + row.wouldBlock + row.blocked,
      row.allowed,
      row.wouldBlock,
      row.blocked,
    ]),
  ),
)}
${section(
  'shadow',
  'Where candidate policies differ',
  `<p>Calls that the version under trial decides otherwise. Nothing of it was enforced.</p>${table(
    ['Tool', 'Would be denied', 'Would be allowed'],
    summary.shadowDifferences.map((row) => [row.tool, row.newlyDenied, row.newlyAllowed]),
  )}`,
)}
${section('sources', 'How much was known', sourcesTable(summary))}
${draftSection(draft)}
</main>
<footer><p>Everything on this page is in this file. Nothing is loaded from elsewhere.</p></footer>
</body>
</html>
`;
}

function shown(time: string | undefined): string {
  return time === undefined ? 'nothing seen' : `${time.slice(0, 16).replace('T', ' ')} UTC`;
}

function tiles({ calls, totals, tools, people, uncategorised, withoutCall }: Summary): string {
  const tile = (label: string, value: number, kind = '') =>
    `<div class="tile ${kind}"><dt>${label}</dt><dd>${format(value)}</dd></div>`;
  return `<dl class="tiles">${[
    tile('Calls', calls),
    tile('Allowed', totals.allowed, 'allowed'),
    tile('Would be blocked', totals.wouldBlock, 'wouldBlock'),
    tile('Blocked', totals.blocked, 'blocked'),
    tile('Tools', tools.length),
    tile('Not in the catalog', uncategorised.length),
    tile('People and devices', people.length),
    tile('Hooks without a call', withoutCall),
  ].join('')}</dl>`;
}

function toolsSection({ tools }: Summary): string {
  const plotted = tools.slice(0, PLOTTED_TOOLS).map((row): NamedOutcomes => ({ ...row, name: row.tool }));
  const title = tools.length > PLOTTED_TOOLS ? `The ${PLOTTED_TOOLS} most used tools` : 'Tools by number of calls';
  return section('tools', 'Tools', `${legend()}${figure(barPlot('plot-tools', title, plotted))}${toolsTable(tools)}`);
}

function toolsTable(rows: readonly ToolRow[]): string {
  return table(
    ['Tool', 'Category', 'Operation', 'Calls', 'Would be blocked', 'Blocked', 'People', 'Departments'],
    rows.map((row) => [
      row.tool,
      row.category,
      row.operation ?? '–',
      row.allowed + row.wouldBlock + row.blocked,
      row.wouldBlock,
      row.blocked,
      row.people,
      row.departments.join(', '),
    ]),
  );
}

function matrixSection({ matrix, departments, categories }: Summary): string {
  const shownDepartments = departments.slice(0, PLOTTED_DEPARTMENTS).map(({ name }) => name);
  const shownCategories = categories.slice(0, PLOTTED_CATEGORIES).map(({ name }) => name);
  const plot = matrixPlot('plot-matrix', 'Calls by department and category', matrix, shownDepartments, shownCategories);
  const rows = [...matrix]
    .sort((a, b) => b.calls - a.calls)
    .map(({ department, category, calls }) => [department, category, calls]);
  return section(
    'matrix',
    'Who uses what',
    figure(plot) + folded('The numbers', table(['Department', 'Category', 'Calls'], rows)),
  );
}

function sourcesTable({ sources }: Summary): string {
  const statuses = ['fresh', 'stale', 'not_found', 'unavailable'];
  return table(
    ['Source', 'Fresh', 'Stale', 'Knows nobody', 'Unavailable'],
    sources.map(({ source, statuses: counts }) => [source, ...statuses.map((status) => counts[status] ?? 0)]),
  );
}

function draftSection({ rules, left }: Draft): string {
  const suggested = table(
    ['Rule', 'Department', 'Category', 'Operation', 'Environment', 'Tools', 'Calls', 'People'],
    rules.map((rule) => [
      rule.name,
      rule.department,
      rule.category,
      rule.operation,
      rule.environment ?? 'none told',
      rule.tools.join(', '),
      rule.calls,
      rule.people,
    ]),
  );
  const open = table(
    ['Tool', 'Department', 'Operation', 'Environment', 'Calls', 'Why'],
    left.map(({ usage, why }) => [
      usage.tool,
      usage.department,
      usage.operation,
      usage.environment ?? 'none told',
      usage.calls,
      why,
    ]),
  );
  return section(
    'draft',
    'Suggested first rules',
    `<p>Each allows what one department was seen doing, and nothing else. Read every rule before it decides anything.</p>${suggested}<h3>Left for a person to decide</h3>${open}`,
  );
}

function outcomesTable(name: string, rows: readonly NamedOutcomes[]): string {
  return table(
    [name, 'Allowed', 'Would be blocked', 'Blocked'],
    rows.map((row) => [row.name, row.allowed, row.wouldBlock, row.blocked]),
  );
}

function section(id: string, heading: string, content: string): string {
  return `<section aria-labelledby="${id}-heading"><h2 id="${id}-heading">${escapeHtml(heading)}</h2>${content}</section>`;
}

function figure(plot: string): string {
  return `<figure>${plot}</figure>`;
}

function folded(label: string, content: string): string {
  return `<details><summary>${escapeHtml(label)}</summary>${content}</details>`;
}

function table(head: readonly string[], rows: readonly (readonly Cell[])[]): string {
  if (rows.length === 0) return '<p class="none">None.</p>';
  const cells = (row: readonly Cell[]) =>
    row
      .map((cell, index) => {
        if (typeof cell === 'number') return `<td class="number">${format(cell)}</td>`;
        const content = escapeHtml(cell);
        return index === 0 ? `<th scope="row">${content}</th>` : `<td>${content}</td>`;
      })
      .join('');
  const numeric = (index: number) => (typeof rows[0]?.[index] === 'number' ? ' class="number"' : '');
  const more =
    rows.length > TABLE_ROWS ? `<p class="none">${format(rows.length - TABLE_ROWS)} more are not shown.</p>` : '';
  return `<div class="scroll" role="region" aria-label="${escapeHtml(head.join(', '))}" tabindex="0"><table><thead><tr>${head
    .map((label, index) => `<th scope="col"${numeric(index)}>${escapeHtml(label)}</th>`)
    .join('')}</tr></thead><tbody>${rows
    .slice(0, TABLE_ROWS)
    .map((row) => `<tr>${cells(row)}</tr>`)
    .join('')}</tbody></table></div>${more}`;
}
