import CliTable from 'cli-table3';

/** What a benchmark found. */
export interface Table {
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly (string | number)[])[];
  readonly goals?: readonly Goal[];
  /** How the figures were made, where the columns do not say it. */
  readonly notes?: readonly string[];
  /** What `compare` compares. */
  readonly measures?: readonly Measure[];
  /** Named figures that other commands compute with, such as `size`. */
  readonly figures?: Readonly<Record<string, number>>;
}

/** A measured quantity with what each block of the run found, by which noise is estimated. */
export interface Measure {
  readonly name: string;
  /** `x` is a ratio within one run, which another machine leaves as it is. */
  readonly unit: 'x' | 'ms' | 'MB' | 'count';
  readonly better: 'less' | 'more';
  /** One figure for each block, in the order of the run; empty for a figure without noise, such as a count. */
  readonly blocks: readonly number[];
  /** The median of the blocks, or the figure itself. */
  readonly value: number;
}

/** A measure by its blocks. @throws RangeError when there are none */
export function measured(
  name: string,
  unit: Measure['unit'],
  blocks: readonly number[],
  better: Measure['better'] = 'less',
): Measure {
  const short = blocks.map((figure) => Number(figure.toPrecision(5)));
  return { name, unit, better, blocks: short, value: median(short) };
}

/** Consecutive figures in blocks of one size; what does not fill a block is left out. */
export function blocksOf<T>(figures: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.floor(figures.length / size) }, (_, index) =>
    figures.slice(index * size, (index + 1) * size),
  );
}

/** What a figure of the table should be. */
export interface Goal {
  readonly what: string;
  readonly measured: number;
  readonly atMost?: number;
  readonly atLeast?: number;
}

/** Whether a goal is met. */
export function isMet({
  measured,
  atMost = Number.POSITIVE_INFINITY,
  atLeast = Number.NEGATIVE_INFINITY,
}: Goal): boolean {
  return measured <= atMost && measured >= atLeast;
}

/** All counts together. */
export function sumOfCounts(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}

/** The table as text for a terminal. */
export function asText({ title, columns, rows, goals = [], notes = [] }: Table): string {
  const table = new CliTable({ head: [...columns], style: { head: [], border: [] } });
  for (const row of rows) table.push(row.map(String));
  return [title, table.toString(), ...goals.map(goalLine), ...notes].join('\n');
}

/** The table as Markdown, for the docs. */
export function asMarkdown({ title, columns, rows, goals = [], notes = [] }: Table): string {
  const below = [...goals.map(goalLine), ...notes].map((text) => `- ${text}`);
  const parts = [title === '' ? '' : `**${title}**`, asTable(columns, rows), below.join('\n')];
  return parts.filter((part) => part !== '').join('\n\n');
}

/** Rows as a table of Markdown. */
export function asTable(columns: readonly string[], rows: Table['rows']): string {
  const line = (cells: readonly (string | number)[]) => `| ${cells.join(' | ')} |`;
  return [line(columns), line(columns.map(() => '---')), ...rows.map(line)].join('\n');
}

/** The bounds of a goal, such as `at most 1.5`. */
export function boundsOf({ atMost, atLeast }: Goal): string {
  return [
    ...(atMost === undefined ? [] : [`at most ${atMost}`]),
    ...(atLeast === undefined ? [] : [`at least ${atLeast}`]),
  ].join(', ');
}

function goalLine(goal: Goal): string {
  return `${goal.what}: ${round(goal.measured)} (goal: ${boundsOf(goal)}): ${isMet(goal) ? 'met' : 'missed'}`;
}

/** A figure with two digits behind the point. */
export function round(value: number): number {
  return Math.round(value * 100) / 100;
}

/** The middle of some figures. @throws RangeError when there are none */
export function median(figures: readonly number[]): number {
  return percentile(figures, 50);
}

/** The figure that so many percent of all do not exceed (nearest rank). @throws RangeError when there are none */
export function percentile(figures: readonly number[], percent: number): number {
  const sorted = [...figures].sort((a, b) => a - b);
  const rank = Math.max(1, Math.ceil((percent / 100) * sorted.length));
  const found = sorted[rank - 1];
  if (found === undefined) throw new RangeError('a percentile of nothing');
  return found;
}
