import type { EvidenceRecord } from '@iris/evidence';
import { Kysely, PostgresDialect, sql } from 'kysely';
import type { Pool, PoolClient } from 'pg';
import {
  type AccessEntry,
  type AccessFilter,
  dropAccesses,
  eraseAccesses,
  readAccesses,
  writeAccess,
} from './access-entries.js';
import { type DecisionLogOptions, openPool } from './connection.js';
import {
  type Arrivals,
  type Bucket,
  type BucketCount,
  type Decision,
  type DecisionFilter,
  type DecisionLog,
  type InsertOutcome,
  type LogStatus,
  type Page,
  type PageRequest,
  type PersonView,
  RecordsRefusedError,
  type RuleHits,
  type TimeWindow,
  type ValueField,
} from './decision-log.js';
import { eraseSome, type PersonErasure } from './erase-person.js';
import { isMissingPartition, logError } from './log-error.js';
import { readCounts, readRules, readValues } from './reading/counts.js';
import { readArrivals, readDecision, readPage, readWindow } from './reading/pages.js';
import { readPerson } from './reading/person.js';
import { readStatus } from './reading/status.js';
import { migrate } from './schema/migrations.js';
import { daysAhead, dropPartitions, partitionSql } from './schema/partitions.js';
import type { LogTables } from './schema/tables.js';
import { copyRows } from './writing/copy-rows.js';
import { LOCK_SQL, merge, prepare, rowsOf } from './writing/write-records.js';

/** Records that are written in one statement. */
const WRITE_ROWS = 500;
/** Records that are copied in one transaction of an import. */
const COPY_ROWS = 5000;

/** What became of the records of an import. */
export interface ImportOutcome extends InsertOutcome {
  /** Records that the log never takes, such as those of a clock that is days ahead. */
  readonly refused: number;
}

/** The decision log in a PostgreSQL of version 15 or later. */
export class PostgresDecisionLog implements DecisionLog {
  private readonly pool: Pool;
  private readonly db: Kysely<LogTables>;
  /** Days whose partition is there; another process may have dropped it. */
  private readonly knownDays = new Set<string>();

  /** Connects at the first query. @throws Error for options that cannot be used */
  constructor(options: DecisionLogOptions) {
    this.pool = openPool(options);
    const { onQuery } = options;
    this.db = new Kysely<LogTables>({
      dialect: new PostgresDialect({ pool: this.pool }),
      ...(onQuery === undefined ? {} : { log: ({ query }) => onQuery(query.sql, query.parameters) }),
    });
  }

  async insert(records: readonly EvidenceRecord[]): Promise<InsertOutcome> {
    let total = { inserted: 0, repeated: 0, erased: 0 };
    if (records.length === 0) return total;
    const rows = rowsOf(records);
    await this.write(async (client) => {
      total = { inserted: 0, repeated: 0, erased: 0 };
      await prepare(client, rows, this.knownDays);
      for (let at = 0; at < rows.length; at += WRITE_ROWS) {
        const { inserted, repeated, erased } = await merge(client, rows.slice(at, at + WRITE_ROWS));
        total.inserted += inserted;
        total.repeated += repeated;
        total.erased += erased;
      }
    });
    return total;
  }

  /**
   * Stores many records by COPY, each once; an import that was interrupted is made again.
   *
   * @param onProgress called with the number of records so far
   */
  async import(records: AsyncIterable<EvidenceRecord>, onProgress?: (done: number) => void): Promise<ImportOutcome> {
    const copies = await this.ask(async () => !(await this.isEmbedded()));
    const total = { inserted: 0, repeated: 0, erased: 0, refused: 0 };
    let done = 0;
    const take = async (chunk: readonly EvidenceRecord[]): Promise<void> => {
      try {
        const { inserted, repeated, erased } = await (copies ? this.copy(chunk) : this.insert(chunk));
        total.inserted += inserted;
        total.repeated += repeated;
        total.erased += erased;
      } catch (error) {
        if (!(error instanceof RecordsRefusedError)) throw error;
        if (chunk.length === 1) total.refused += 1;
        else for (const half of halvesOf(chunk)) await take(half);
      }
    };
    let chunk: EvidenceRecord[] = [];
    for await (const record of records) {
      chunk.push(record);
      if (chunk.length < COPY_ROWS) continue;
      await take(chunk);
      done += chunk.length;
      onProgress?.(done);
      chunk = [];
    }
    if (chunk.length > 0) await take(chunk);
    return total;
  }

  list(filter: DecisionFilter, page: PageRequest = {}): Promise<Page> {
    return this.ask(() => readPage(this.db, filter, 'newest first', page));
  }

  session(id: string, page: PageRequest = {}): Promise<Page> {
    return this.ask(() => readPage(this.db, { session: [id] }, 'oldest first', page));
  }

  counts(filter: DecisionFilter & TimeWindow, bucket: Bucket): Promise<readonly BucketCount[]> {
    return this.ask(() => readCounts(this.db, filter, bucket));
  }

  get(id: string): Promise<Decision | undefined> {
    return this.ask(() => readDecision(this.db, id));
  }

  since(cursor: string | undefined, filter: DecisionFilter = {}, limit?: number): Promise<Arrivals> {
    return this.ask(() => readArrivals(this.db, cursor, filter, limit));
  }

  person(id: string): Promise<PersonView> {
    return this.ask(() => readPerson(this.db, id));
  }

  rules(window: TimeWindow): Promise<readonly RuleHits[]> {
    return this.ask(() => readRules(this.db, window));
  }

  values(
    field: ValueField,
    window: TimeWindow,
  ): Promise<readonly { readonly value: string; readonly count: number }[]> {
    return this.ask(() => readValues(this.db, field, window));
  }

  async *window(filter: DecisionFilter): AsyncGenerator<EvidenceRecord, void, undefined> {
    try {
      yield* readWindow(this.db, filter);
    } catch (error) {
      throw logError(error);
    }
  }

  status(): Promise<LogStatus> {
    return this.ask(() => readStatus(this.db));
  }

  /** Brings the tables to this release and makes the partitions of the next days. @returns names of the migrations */
  async migrate(): Promise<readonly string[]> {
    const names = await this.ask(() => migrate(this.db as unknown as Kysely<never>));
    await this.makePartitions();
    return names;
  }

  /** Makes the partitions of the next days. */
  async makePartitions(now = new Date()): Promise<void> {
    await this.write(async (client) => {
      for (const day of daysAhead(now)) await client.query(partitionSql(day));
    });
  }

  /** Drops the days that ended before a time. @returns the days */
  dropBefore(time: Date): Promise<readonly string[]> {
    return this.ask(async () => {
      const days = await dropPartitions(this.db, time, async (transaction) => {
        await sql.raw(LOCK_SQL).execute(transaction);
      });
      for (const day of days) this.knownDays.delete(day);
      await dropAccesses(this.db, time);
      return days;
    });
  }

  /** Erases the personal fields of a person's records. @returns how many records */
  async erase(person: string, erasure: PersonErasure): Promise<number> {
    await this.ask(() => eraseAccesses(this.db, person));
    let total = 0;
    for (;;) {
      let some = 0;
      await this.write(async (client) => {
        some = await eraseSome(client, person, erasure, this.knownDays);
      });
      if (some === 0) return total;
      total += some;
    }
  }

  /** Records who looked at whose data. */
  recordAccess(entry: AccessEntry): Promise<void> {
    return this.ask(() => writeAccess(this.db, entry));
  }

  /** The newest first. */
  accesses(filter: AccessFilter): Promise<readonly AccessEntry[]> {
    return this.ask(() => readAccesses(this.db, filter));
  }

  async close(): Promise<void> {
    await this.db.destroy();
  }

  /** PGlite takes no COPY over its socket. */
  private async isEmbedded(): Promise<boolean> {
    const { rows } = await sql<{ version: string }>`SELECT version()`.execute(this.db);
    return rows[0]?.version.includes('PGlite') === true;
  }

  private async copy(records: readonly EvidenceRecord[]): Promise<InsertOutcome> {
    const rows = rowsOf(records);
    let outcome: InsertOutcome = { inserted: 0, repeated: 0, erased: 0 };
    await this.write(
      async (client) => {
        await prepare(client, rows, this.knownDays);
        outcome = await merge(client, rows, true);
      },
      (client) => copyRows(client, rows),
    );
    return outcome;
  }

  private async ask<T>(query: () => Promise<T>): Promise<T> {
    try {
      return await query();
    } catch (error) {
      throw logError(error);
    }
  }

  /** One transaction of a writer. @param before is done before other writers have to wait */
  private write(
    work: (client: PoolClient) => Promise<void>,
    before: (client: PoolClient) => Promise<void> = async () => {},
  ): Promise<void> {
    const whole = async (client: PoolClient) => {
      await before(client);
      await client.query(LOCK_SQL);
      await work(client);
    };
    return this.ask(async () => {
      try {
        await this.transact(whole);
      } catch (error) {
        if (!isMissingPartition(error)) throw error;
        // Retention dropped the partition since it was made.
        this.knownDays.clear();
        await this.transact(whole);
      }
    });
  }

  private async transact(work: (client: PoolClient) => Promise<void>): Promise<void> {
    const client = await this.pool.connect();
    let broken: Error | undefined;
    try {
      await client.query('BEGIN');
      await work(client);
      await client.query('COMMIT');
    } catch (error) {
      await client.query('ROLLBACK').catch((fault: Error) => {
        broken = fault;
      });
      throw error;
    } finally {
      client.release(broken);
    }
  }
}

function halvesOf<T>(items: readonly T[]): (readonly T[])[] {
  const middle = Math.ceil(items.length / 2);
  return [items.slice(0, middle), items.slice(middle)];
}
