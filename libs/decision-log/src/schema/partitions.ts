import { type Kysely, sql } from 'kysely';
import type { LogTables } from './tables.js';

const DAY_MS = 86_400_000;
const NAME = /^decisions_(\d{4})(\d\d)(\d\d)$/;

/** How many days ahead partitions are made. */
const DAYS_AHEAD = 3;
/** Width of a row above which the record is kept beside it, in bytes. */
const ROW_BYTES = 512;
/** How long a drop waits for readers of the partition, in ms; the next sweep tries again. */
const LOCK_TIMEOUT_MS = 5000;

export interface Partition {
  /** yyyy-mm-dd, UTC. */
  readonly day: string;
  /** Estimate of the planner; 0 before it has one. */
  readonly rows: number;
  /** With indexes and records. */
  readonly bytes: number;
}

/** The day of a time, as the name of a partition has it. */
export function dayOf(time: Date): string {
  return time.toISOString().slice(0, 10);
}

function nameOf(day: string): string {
  return `decisions_${day.replaceAll('-', '')}`;
}

/** SQL that makes the partition of a day, unless it is there. Attaching blocks no reader, unlike `PARTITION OF`. */
export function partitionSql(day: string): string {
  const name = nameOf(day);
  const next = dayOf(new Date(Date.parse(day) + DAY_MS));
  return `DO $$ BEGIN
    IF to_regclass('${name}') IS NULL THEN
      CREATE TABLE ${name} (LIKE decisions INCLUDING DEFAULTS INCLUDING STORAGE) WITH (toast_tuple_target = ${ROW_BYTES});
      ALTER TABLE decisions ATTACH PARTITION ${name} FOR VALUES FROM ('${day} 00:00+00') TO ('${next} 00:00+00');
    END IF;
  END $$`;
}

/** The days from today on for which partitions are made ahead. */
export function daysAhead(now: Date): string[] {
  return Array.from({ length: DAYS_AHEAD + 1 }, (_, days) => dayOf(new Date(now.getTime() + days * DAY_MS)));
}

/** In the order of days. */
export async function listPartitions(db: Kysely<LogTables>): Promise<Partition[]> {
  const { rows } = await sql<{ name: string; rows: number; bytes: number }>`
    SELECT c.relname AS name, greatest(c.reltuples, 0)::bigint AS rows, pg_total_relation_size(c.oid) AS bytes
    FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
    WHERE i.inhparent = 'decisions'::regclass ORDER BY c.relname`.execute(db);
  return rows.flatMap(({ name, rows: some, bytes }) => {
    const [, year, month, day] = NAME.exec(name) ?? [];
    return day === undefined ? [] : [{ day: `${year}-${month}-${day}`, rows: some, bytes }];
  });
}

/**
 * Drops the partitions of days that ended before a time, with their counts and with the shapes that nothing has any more.
 *
 * @param lock takes the lock of writers in the transaction
 * @returns the days
 */
export async function dropPartitions(
  db: Kysely<LogTables>,
  before: Date,
  lock: (transaction: Kysely<LogTables>) => Promise<void>,
): Promise<string[]> {
  const first = dayOf(before);
  const days = (await listPartitions(db)).map(({ day }) => day).filter((day) => day < first);
  for (const day of days) {
    await db.transaction().execute(async (transaction) => {
      await lock(transaction);
      await sql`SELECT set_config('lock_timeout', ${String(LOCK_TIMEOUT_MS)}, true)`.execute(transaction);
      await sql.raw(`DROP TABLE IF EXISTS ${nameOf(day)}`).execute(transaction);
      await transaction
        .deleteFrom('decision_counts')
        .where('slot', '<', new Date(Date.parse(day) + DAY_MS))
        .execute();
    });
  }
  if (days.length > 0) await dropUnusedShapes(db, lock);
  return days;
}

/** Under the lock of writers, since a writer names a shape before it counts it. */
async function dropUnusedShapes(
  db: Kysely<LogTables>,
  lock: (transaction: Kysely<LogTables>) => Promise<void>,
): Promise<void> {
  await db.transaction().execute(async (transaction) => {
    await lock(transaction);
    await transaction
      .deleteFrom('decision_shapes')
      .where(({ not, exists, selectFrom }) =>
        not(
          exists(
            selectFrom('decision_counts').select('n').whereRef('decision_counts.shape', '=', 'decision_shapes.shape'),
          ),
        ),
      )
      .execute();
  });
}
