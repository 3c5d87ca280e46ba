import { totalOf } from './observations.js';
import { type NamedOutcomes, type Summary } from './summary.js';

/** Plots as inline SVG. Colours come from the page's style sheet, so that they follow light and dark. */

const SERIES = [
  { key: 'allowed', label: 'allowed' },
  { key: 'wouldBlock', label: 'would be blocked' },
  { key: 'blocked', label: 'blocked' },
] as const;

const WIDTH = 880;

export function escapeHtml(text: string): string {
  const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };
  return text.replace(/[&<>"']/g, (character) => entities[character] ?? character);
}

/** The meaning of the colours; the patterns of the bars tell them apart without colour. */
export function legend(): string {
  const items = SERIES.map(
    ({ key, label }) =>
      `<li><svg width="14" height="14" aria-hidden="true"><rect width="14" height="14" rx="3" class="s-${key}"/></svg>${label}</li>`,
  );
  return `<ul class="legend">${items.join('')}</ul>`;
}

/** Calls over time, one stacked column for each period. */
export function timePlot(id: string, title: string, periods: readonly NamedOutcomes[]): string {
  const height = 260;
  const [left, bottom, top] = [56, 34, 10];
  const max = niceMax(Math.max(1, ...periods.map(totalOf)));
  const plotHeight = height - bottom - top;
  const step = (WIDTH - left - 8) / Math.max(1, periods.length);
  const barWidth = Math.max(1, Math.min(48, step * 0.72));
  const y = (value: number) => top + plotHeight * (1 - value / max);
  const columns = periods.map((period, index) => {
    const x = left + step * index + (step - barWidth) / 2;
    let below = 0;
    const parts = SERIES.map(({ key }) => {
      const value = period[key];
      if (value === 0) return '';
      const part = rect(x, y(below + value), barWidth, y(below) - y(below + value), `s-${key}`);
      below += value;
      return part;
    });
    return `<g>${tooltip(period)}${parts.join('')}</g>`;
  });
  const every = Math.max(1, Math.ceil(periods.length / 10));
  const labels = periods
    .map((period, index) =>
      index % every === 0 ? text(left + step * (index + 0.5), height - 12, shortPeriod(period.name), 'middle') : '',
    )
    .join('');
  const grid = gridValues(max)
    .map((value) => line(left, y(value), WIDTH - 8, y(value)) + text(left - 8, y(value) + 4, format(value), 'end'))
    .join('');
  return svg(id, title, describe(periods), WIDTH, height, grid + columns.join('') + labels);
}

/** One stacked bar for each name. */
export function barPlot(id: string, title: string, rows: readonly NamedOutcomes[]): string {
  const rowHeight = 28;
  const left = 260;
  const max = Math.max(1, ...rows.map(totalOf));
  const scale = (WIDTH - left - 76) / max;
  const bars = rows.map((row, index) => {
    const y = index * rowHeight + 5;
    let x = left;
    const parts = SERIES.map(({ key }) => {
      const width = row[key] * scale;
      if (width === 0) return '';
      const part = rect(x, y, width, rowHeight - 10, `s-${key}`);
      x += width;
      return part;
    });
    return `<g>${tooltip(row)}${text(left - 10, y + 14, shorten(row.name, 36), 'end')}${parts.join('')}${text(x + 8, y + 14, format(totalOf(row)), 'start')}</g>`;
  });
  return svg(id, title, describe(rows), WIDTH, Math.max(1, rows.length) * rowHeight + 4, bars.join(''));
}

/** How often each department used each category; the darker, the more. */
export function matrixPlot(
  id: string,
  title: string,
  cells: Summary['matrix'],
  departments: readonly string[],
  categories: readonly string[],
): string {
  const [left, top, rowHeight] = [220, 96, 32];
  const columnWidth = Math.min(84, (WIDTH - left - 72) / Math.max(1, categories.length));
  const max = Math.max(1, ...cells.map(({ calls }) => calls));
  const head = categories.map((category, index) => {
    const x = left + columnWidth * (index + 0.5);
    return `<text x="${round(x)}" y="${top - 10}" transform="rotate(-35 ${round(x)} ${top - 10})">${escapeHtml(shorten(category, 16))}</text>`;
  });
  const rows = departments.map((department, row) =>
    text(left - 10, top + rowHeight * (row + 0.5) + 4, shorten(department, 28), 'end'),
  );
  const squares = cells.flatMap(({ department, category, calls }) => {
    const row = departments.indexOf(department);
    const column = categories.indexOf(category);
    if (row < 0 || column < 0) return [];
    const [x, y] = [left + columnWidth * column, top + rowHeight * row];
    const share = Math.log1p(calls) / Math.log1p(max);
    const label = text(
      x + columnWidth / 2,
      y + rowHeight / 2 + 4,
      format(calls),
      'middle',
      share > 0.55 ? 'on-dark' : '',
    );
    return `<g><title>${escapeHtml(`${department}, ${category}: ${calls}`)}</title><rect x="${round(x + 1)}" y="${round(y + 1)}" width="${round(columnWidth - 2)}" height="${rowHeight - 2}" rx="4" class="cell" fill-opacity="${round(0.08 + 0.92 * share)}"/>${label}</g>`;
  });
  const described = `${departments.length} departments and ${categories.length} categories; the table below holds the numbers.`;
  const height = top + rowHeight * Math.max(1, departments.length) + 4;
  return svg(id, title, described, WIDTH, height, [...head, ...rows, ...squares].join(''));
}

function svg(id: string, title: string, described: string, width: number, height: number, content: string): string {
  return `<svg id="${id}" viewBox="0 0 ${width} ${height}" role="img" aria-labelledby="${id}-title ${id}-desc"><title id="${id}-title">${escapeHtml(title)}</title><desc id="${id}-desc">${escapeHtml(described)}</desc>${content}</svg>`;
}

function describe(rows: readonly NamedOutcomes[]): string {
  const stopped = rows.reduce((sum, { wouldBlock, blocked }) => sum + wouldBlock + blocked, 0);
  const all = rows.reduce((sum, row) => sum + totalOf(row), 0);
  return `${rows.length} bars with ${all} calls, of which ${stopped} were denied by policy; the table below holds the numbers.`;
}

function tooltip(row: NamedOutcomes): string {
  const parts = SERIES.map(({ key, label }) => `${label} ${row[key]}`).join(', ');
  return `<title>${escapeHtml(`${row.name}: ${parts}`)}</title>`;
}

function rect(x: number, y: number, width: number, height: number, className: string): string {
  return `<rect x="${round(x)}" y="${round(y)}" width="${round(width)}" height="${round(height)}" class="${className}"/>`;
}

function line(x1: number, y1: number, x2: number, y2: number): string {
  return `<line x1="${round(x1)}" y1="${round(y1)}" x2="${round(x2)}" y2="${round(y2)}" class="grid"/>`;
}

function text(x: number, y: number, content: string, anchor: 'start' | 'middle' | 'end', className = ''): string {
  return `<text x="${round(x)}" y="${round(y)}" text-anchor="${anchor}"${className && ` class="${className}"`}>${escapeHtml(content)}</text>`;
}

function shortPeriod(name: string): string {
  return name.length > 10 ? `${name.slice(5, 10)} ${name.slice(11)}h` : name.slice(5);
}

function shorten(name: string, length: number): string {
  return name.length > length ? `${name.slice(0, length - 1)}…` : name;
}

/** The least of 1, 2, 5 times a power of ten that is not below. */
function niceMax(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 5, 10].map((factor) => factor * power).find((candidate) => candidate >= value) ?? value;
}

function gridValues(max: number): number[] {
  return max < 4 ? Array.from({ length: max + 1 }, (_, index) => index) : [0, max / 4, max / 2, (max * 3) / 4, max];
}

export function format(value: number): string {
  return value.toLocaleString('en', { maximumFractionDigits: 1 });
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
