import { type Kysely, sql } from 'kysely';
import { type Migration, Migrator } from 'kysely/migration';
import { createAccessTable } from '../access-entries.js';

const TABLE = 'decision_log_migrations';
const LOCK_TABLE = 'decision_log_migration_lock';

/** In the order of their names; one that was released is never changed. There is no way back. */
const MIGRATIONS: Readonly<Record<string, Migration>> = {
  '0001_decisions': { up: createTables },
  '0002_access_entries': { up: createAccessTable },
};

async function createTables(db: Kysely<unknown>): Promise<void> {
  await sql`CREATE SEQUENCE decision_seq`.execute(db);
  await sql`
    CREATE TABLE decision_shapes (
      shape integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      digest uuid NOT NULL UNIQUE,
      entry_point text NOT NULL,
      event text NOT NULL,
      phase text NOT NULL,
      caller text NOT NULL,
      force text NOT NULL,
      effect text NOT NULL,
      reason text NOT NULL,
      reply text NOT NULL,
      would_have text,
      category text,
      server text,
      tool text,
      rules text[] NOT NULL,
      sources text[] NOT NULL
    )`.execute(db);
  // The collation C is the same on every host, so an index survives a move to another version of the C library.
  await sql`
    CREATE TABLE decisions (
      time timestamptz NOT NULL,
      id text COLLATE "C" NOT NULL,
      seq bigint NOT NULL DEFAULT nextval('decision_seq'),
      arrived timestamptz NOT NULL DEFAULT clock_timestamp(),
      shape integer NOT NULL,
      total_ms real NOT NULL,
      erased boolean NOT NULL,
      person text NOT NULL,
      person_key text COLLATE "C" NOT NULL,
      session text COLLATE "C",
      trace_id text,
      decision_key text,
      record jsonb NOT NULL,
      PRIMARY KEY (id, time)
    ) PARTITION BY RANGE (time)`.execute(db);
  // Bounded texts are kept in the row and the record beside it, so that lists and counts read few pages.
  for (const column of ['id', 'person', 'person_key', 'session', 'trace_id', 'decision_key']) {
    await sql`ALTER TABLE decisions ALTER COLUMN ${sql.ref(column)} SET STORAGE PLAIN`.execute(db);
  }
  await sql`CREATE INDEX decisions_time ON decisions (time, id) INCLUDE (shape)`.execute(db);
  await sql`CREATE INDEX decisions_shape ON decisions (shape, time, id)`.execute(db);
  await sql`CREATE INDEX decisions_person ON decisions (person_key, time, id) INCLUDE (shape)`.execute(db);
  await sql`CREATE INDEX decisions_session ON decisions (session, time, id) WHERE session IS NOT NULL`.execute(db);
  await sql`CREATE INDEX decisions_seq ON decisions (seq)`.execute(db);
  await sql`
    CREATE TABLE decision_counts (
      width integer NOT NULL,
      slot timestamptz NOT NULL,
      shape integer NOT NULL,
      n integer NOT NULL,
      PRIMARY KEY (width, slot, shape)
    )`.execute(db);
}

function migratorOf(db: Kysely<never>): Migrator {
  return new Migrator({
    db: db as unknown as Kysely<unknown>,
    provider: { getMigrations: async () => ({ ...MIGRATIONS }) },
    migrationTableName: TABLE,
    migrationLockTableName: LOCK_TABLE,
  });
}

/**
 * Brings the tables to this release. Several processes may do so at once.
 *
 * @returns names of the migrations that were made
 * @throws Error of the driver, or when the database is of a later release
 */
export async function migrate(db: Kysely<never>): Promise<string[]> {
  const { error, results = [] } = await migratorOf(db).migrateToLatest();
  if (error !== undefined) throw error;
  return results.map(({ migrationName }) => migrationName);
}

/** Name of the last migration of the database; `none` without one. */
export async function lastMigration(db: Kysely<never>): Promise<string> {
  const migrations = await migratorOf(db).getMigrations();
  return migrations.findLast(({ executedAt }) => executedAt !== undefined)?.name ?? 'none';
}
