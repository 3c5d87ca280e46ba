import { type Kysely, sql } from 'kysely';
import type { LogTables } from './schema/tables.js';
import { bounded, personKey } from './writing/log-row.js';

/** One look of a person at data of the log. */
export interface AccessEntry {
  readonly time: Date;
  /** Login of who looked. */
  readonly actor: string;
  readonly role: string;
  /** Operation that answered. */
  readonly action: string;
  /** Whose data was answered. */
  readonly subject?: string;
  /** Id of the record that was answered. */
  readonly record?: string;
}

export interface AccessFilter {
  readonly subject?: string;
  /** From 1 to 500. */
  readonly limit: number;
}

/** What stands for an erased person. */
const ERASED = '[erased]';

export async function writeAccess(db: Kysely<LogTables>, entry: AccessEntry): Promise<void> {
  await db
    .insertInto('access_entries')
    .values({
      time: entry.time,
      actor: bounded(entry.actor),
      role: entry.role,
      action: entry.action,
      subject: entry.subject === undefined ? null : bounded(entry.subject),
      subject_key: entry.subject === undefined ? null : personKey(entry.subject),
      record: entry.record === undefined ? null : bounded(entry.record),
    })
    .execute();
}

/** The newest first. */
export async function readAccesses(db: Kysely<LogTables>, { subject, limit }: AccessFilter): Promise<AccessEntry[]> {
  let query = db.selectFrom('access_entries').selectAll().orderBy('time', 'desc').limit(limit);
  if (subject !== undefined) query = query.where('subject_key', '=', personKey(subject));
  return (await query.execute()).map(({ time, actor, role, action, subject: whose, record }) => ({
    ...{ time, actor, role, action },
    subject: whose ?? undefined,
    record: record ?? undefined,
  }));
}

export async function dropAccesses(db: Kysely<LogTables>, before: Date): Promise<void> {
  await db.deleteFrom('access_entries').where('time', '<', before).execute();
}

/** Who looked stays known, whom they looked at does not. */
export async function eraseAccesses(db: Kysely<LogTables>, person: string): Promise<void> {
  await db
    .updateTable('access_entries')
    .set({ subject: ERASED, subject_key: null })
    .where('subject_key', '=', personKey(person))
    .execute();
}

export async function createAccessTable(db: Kysely<unknown>): Promise<void> {
  await sql`
    CREATE TABLE access_entries (
      time timestamptz NOT NULL,
      actor text NOT NULL,
      role text NOT NULL,
      action text NOT NULL,
      subject text,
      subject_key text COLLATE "C",
      record text
    )`.execute(db);
  await sql`CREATE INDEX access_entries_time ON access_entries (time)`.execute(db);
  await sql`CREATE INDEX access_entries_subject ON access_entries (subject_key, time) WHERE subject_key IS NOT NULL`.execute(
    db,
  );
}
