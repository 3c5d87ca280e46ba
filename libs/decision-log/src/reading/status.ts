import { type Kysely, sql } from 'kysely';
import type { LogStatus } from '../decision-log.js';
import { lastMigration } from '../schema/migrations.js';
import { listPartitions } from '../schema/partitions.js';
import type { LogTables } from '../schema/tables.js';

export async function readStatus(db: Kysely<LogTables>): Promise<LogStatus> {
  const partitions = await listPartitions(db);
  const { rows } = await sql<{ oldest: Date | null; newest: Date | null; p50: number | null; max: number | null }>`
    SELECT (SELECT min(time) FROM decisions) AS oldest, (SELECT max(time) FROM decisions) AS newest, lag.p50, lag.max
    FROM (
      SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY late) AS p50, max(late) AS max
      FROM (
        SELECT extract(epoch FROM arrived - time)::float8 AS late FROM decisions ORDER BY seq DESC LIMIT 1000
      ) latest
    ) lag`.execute(db);
  const [{ oldest, newest, p50, max } = { oldest: null, newest: null, p50: null, max: null }] = rows;
  return {
    migration: await lastMigration(db as unknown as Kysely<never>),
    partitions,
    rows: partitions.reduce((sum, { rows: some }) => sum + some, 0),
    bytes: partitions.reduce((sum, { bytes }) => sum + bytes, 0),
    oldest: oldest ?? undefined,
    newest: newest ?? undefined,
    lagSeconds: p50 === null || max === null ? undefined : { p50, max },
  };
}
