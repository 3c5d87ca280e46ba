import CliTable from 'cli-table3';

/** What a benchmark found. */
export interface Table {
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly (string | number)[])[];
}

/** The table as text for a terminal. */
export function asText({ title, columns, rows }: Table): string {
  const table = new CliTable({ head: [...columns], style: { head: [], border: [] } });
  for (const row of rows) table.push(row.map(String));
  return `${title}\n${table.toString()}`;
}

/** The middle of some figures. @throws RangeError when there are none */
export function median(figures: readonly number[]): number {
  const sorted = [...figures].sort((a, b) => a - b);
  const middle = sorted[Math.floor(sorted.length / 2)];
  if (middle === undefined) throw new RangeError('the median of nothing');
  return middle;
}
