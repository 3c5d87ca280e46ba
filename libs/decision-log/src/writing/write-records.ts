import type { EvidenceRecord } from '@iris/evidence';
import type { PoolClient } from 'pg';
import { type InsertOutcome, RecordsRefusedError } from '../decision-log.js';
import { dayOf, partitionSql } from '../schema/partitions.js';
import { COUNT_WIDTHS } from '../schema/tables.js';
import { type LogRow, rowOf } from './log-row.js';

/** Key of the lock under which every writer works, so that numbers become visible in their order. */
const WRITERS_LOCK = 0x69726973;
/** How far ahead a record may be dated, in ms; beyond it a clock is wrong. */
const MAX_AHEAD_MS = 2 * 86_400_000;
const EARLIEST = Date.UTC(2000, 0, 1);

export const LOCK_SQL = `SELECT pg_advisory_xact_lock(${WRITERS_LOCK})`;

/** The columns of a row as a source gives them: of a parameter, or of a table that was filled by COPY. */
export const ROW_COLUMNS = {
  time: 'timestamptz',
  id: 'text',
  digest: 'uuid',
  person: 'text',
  person_key: 'text',
  session: 'text',
  trace_id: 'text',
  decision_key: 'text',
  total_ms: 'real',
  erased: 'boolean',
  record: 'jsonb',
} as const;

const DEFINITION = Object.entries(ROW_COLUMNS)
  .map(([name, type]) => `${name} ${type}`)
  .join(', ');
const OF_DECISION = Object.keys(ROW_COLUMNS).filter((name) => name !== 'digest');

const SHAPES_SQL = `
  INSERT INTO decision_shapes (digest, entry_point, event, phase, caller, force, effect, reason, reply, would_have,
    category, server, tool, rules, sources)
  SELECT digest, entry_point, event, phase, caller, force, effect, reason, reply, would_have, category, server, tool,
    rules, sources
  FROM jsonb_populate_recordset(NULL::decision_shapes, $1::jsonb) AS given
  WHERE NOT EXISTS (SELECT FROM decision_shapes s WHERE s.digest = given.digest)
  ON CONFLICT (digest) DO NOTHING`;

/** Counts exactly the rows that are new, in the statement that adds them. */
function mergeSql(source: string): string {
  return `
    WITH added AS (
      INSERT INTO decisions (shape, ${OF_DECISION.join(', ')})
      SELECT s.shape, ${OF_DECISION.map((name) => `r.${name}`).join(', ')}
      FROM ${source} JOIN decision_shapes s ON s.digest = r.digest
      ON CONFLICT (id, time) DO NOTHING RETURNING time, shape
    ), counted AS (
      INSERT INTO decision_counts AS c (width, slot, shape, n)
      SELECT w.width, date_bin(make_interval(secs => w.width), time, 'epoch'::timestamptz), shape, count(*)
      FROM added CROSS JOIN unnest(ARRAY[${COUNT_WIDTHS.join(', ')}]) AS w (width) GROUP BY 1, 2, 3
      ON CONFLICT (width, slot, shape) DO UPDATE SET n = c.n + excluded.n
    )
    SELECT count(*) AS inserted FROM added`;
}

const MERGE_PARAMETER_SQL = mergeSql(`jsonb_to_recordset($1::jsonb) AS r (${DEFINITION})`);
const MERGE_STAGED_SQL = mergeSql('decision_staging AS r');

/** An erased record takes the place of the one with personal fields. */
const ERASED_BEFORE_SQL = `
  SELECT d.id, d.time FROM decisions d JOIN unnest($1::text[], $2::timestamptz[]) AS g (id, time)
  ON d.id = g.id AND d.time = g.time WHERE NOT d.erased`;

const MOVE_COUNT_SQL = `
  WITH gone AS (DELETE FROM decisions WHERE id = $1 AND time = $2 RETURNING time, shape)
  UPDATE decision_counts c SET n = c.n - 1 FROM gone
  WHERE c.slot = date_bin(make_interval(secs => c.width), gone.time, 'epoch'::timestamptz) AND c.shape = gone.shape`;

/** The rows of records. @throws RecordsRefusedError for a record that is dated by a wrong clock */
export function rowsOf(records: readonly EvidenceRecord[]): LogRow[] {
  return records.map((record) => {
    const row = rowOf(record);
    const time = row.decision.time.getTime();
    if (time < EARLIEST || time > Date.now() + MAX_AHEAD_MS) {
      throw new RecordsRefusedError(`a record is dated ${record.time}; the clock of its gateway is wrong`);
    }
    return row;
  });
}

/** Makes what rows need before they are merged: partitions, shapes. */
export async function prepare(client: PoolClient, rows: readonly LogRow[], knownDays: Set<string>): Promise<void> {
  for (const day of new Set(rows.map(({ decision }) => dayOf(decision.time)))) {
    if (!knownDays.has(day)) await client.query(partitionSql(day));
    knownDays.add(day);
  }
  const shapes = new Map(rows.map(({ shape }) => [shape.digest, shape]));
  await client.query(SHAPES_SQL, [JSON.stringify([...shapes.values()])]);
}

/** Adds rows in the transaction of a client, each once. @param staged whether they were copied before */
export async function merge(client: PoolClient, rows: readonly LogRow[], staged = false): Promise<InsertOutcome> {
  const replaced = await removeErased(client, rows);
  const { rows: counts } = staged
    ? await client.query(MERGE_STAGED_SQL)
    : await client.query(MERGE_PARAMETER_SQL, [parameterOf(rows)]);
  const inserted = Number(counts[0].inserted) - replaced;
  return { inserted, repeated: rows.length - inserted - replaced, erased: replaced };
}

function parameterOf(rows: readonly LogRow[]): string {
  const records = rows.map(({ shape, decision: { record, ...columns } }) => {
    const head = JSON.stringify({ ...columns, digest: shape.digest });
    return `${head.slice(0, -1)},"record":${record}}`;
  });
  return `[${records.join(',')}]`;
}

async function removeErased(client: PoolClient, rows: readonly LogRow[]): Promise<number> {
  const erased = rows.filter(({ decision }) => decision.erased).map(({ decision }) => decision);
  if (erased.length === 0) return 0;
  const { rows: before } = await client.query(ERASED_BEFORE_SQL, [
    erased.map(({ id }) => id),
    erased.map(({ time }) => time),
  ]);
  for (const { id, time } of before) await client.query(MOVE_COUNT_SQL, [id, time]);
  return before.length;
}
