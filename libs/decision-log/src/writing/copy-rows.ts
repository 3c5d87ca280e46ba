import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { PoolClient } from 'pg';
import { from } from 'pg-copy-streams';
import type { LogRow } from './log-row.js';
import { ROW_COLUMNS } from './write-records.js';

const STAGING_SQL = `CREATE TEMP TABLE IF NOT EXISTS decision_staging (${Object.entries(ROW_COLUMNS)
  .map(([name, type]) => `${name} ${type}`)
  .join(', ')}) ON COMMIT DELETE ROWS`;

const NAMES = Object.keys(ROW_COLUMNS) as (keyof typeof ROW_COLUMNS)[];
const COPY_SQL = `COPY decision_staging (${NAMES.join(', ')}) FROM STDIN`;

const ESCAPES: Readonly<Record<string, string>> = { '\\': '\\\\', '\t': '\\t', '\n': '\\n', '\r': '\\r' };

/** Copies rows into a table of the connection, from which they are merged. It is empty again after the transaction. */
export async function copyRows(client: PoolClient, rows: readonly LogRow[]): Promise<void> {
  await client.query(STAGING_SQL);
  await pipeline(Readable.from(linesOf(rows)), client.query(from(COPY_SQL)));
}

/** Lines of the text format of COPY. */
function* linesOf(rows: readonly LogRow[]): Generator<string> {
  for (const { decision, shape } of rows) {
    const columns = { ...decision, digest: shape.digest };
    yield `${NAMES.map((name) => cellOf(columns[name])).join('\t')}\n`;
  }
}

function cellOf(value: string | number | boolean | Date | null | undefined): string {
  if (value === null || value === undefined) return '\\N';
  if (value instanceof Date) return value.toISOString();
  return String(value).replace(/[\\\t\n\r]/g, (character) => ESCAPES[character] ?? character);
}
