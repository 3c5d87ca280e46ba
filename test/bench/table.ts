import CliTable from 'cli-table3';

/** What a benchmark found. */
export interface Table {
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly (string | number)[])[];
  readonly goals?: readonly Goal[];
  /** How the figures were made, where the columns do not say it. */
  readonly notes?: readonly string[];
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
  const line = (cells: readonly (string | number)[]) => `| ${cells.join(' | ')} |`;
  const lines = [line(columns), line(columns.map(() => '---')), ...rows.map(line)];
  const below = [...goals.map(goalLine), ...notes].map((text) => `- ${text}`);
  return [`**${title}**`, '', ...lines, ...(below.length > 0 ? ['', ...below] : [])].join('\n');
}

function goalLine(goal: Goal): string {
  const bounds = [
    goal.atMost === undefined ? [] : [`at most ${goal.atMost}`],
    goal.atLeast === undefined ? [] : [`at least ${goal.atLeast}`],
  ].flat();
  return `${goal.what}: ${round(goal.measured)} (goal: ${bounds.join(', ')}): ${isMet(goal) ? 'met' : 'missed'}`;
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
