import {
  bulkProgressKey,
  principalField,
  principalKey,
  type RedisConnection,
  ScheduledJob,
  usability,
} from '@iris/context-cache';
import type { SourceId, SourceSettings } from '@iris/contracts';
import type { BulkItem, BulkOutcome, BulkRead, VendorSource } from '../enricher-definition.js';
import type { EnricherObserver } from '../enricher-observer.js';
import type { IdentityMap } from '../identity-map.js';
import { type EntryStore, keepEntry } from '../kept-entry.js';
import { LeftOutRows } from '../left-out-rows.js';
import type { Logger } from '../logger.js';
import { answerOf } from '../source-answer.js';
import { VendorError, type VendorErrorKind } from '../vendor-error.js';

export interface BulkSyncOptions {
  readonly id: SourceId;
  readonly settings: SourceSettings;
  readonly bulk: NonNullable<VendorSource['bulk']>;
  readonly bulkSince?: VendorSource['bulkSince'];
  readonly source: Pick<VendorSource, 'recordsOf'>;
  readonly identity: IdentityMap;
  readonly store: EntryStore;
  /** From `connectRedisForWorker`. */
  readonly redis: RedisConnection;
  readonly intervalMs: number;
  readonly observer: Pick<EnricherObserver, 'synced' | 'bulkRead' | 'leftOut'>;
  readonly logger: Logger;
}

/** Errors that may be over soon. Not refused credentials, nor a vendor that asks to wait. */
const WORTH_A_RETRY: ReadonlySet<VendorErrorKind> = new Set(['unavailable', 'timeout']);
/** How many entries are written at once. */
const BATCH = 100;
/** Interval of progress logs of a long read, in ms. */
const PROGRESS_MS = 10_000;

/** How much earlier than the last read "since" is, in ms: clocks differ, and vendors' indexes lag behind. */
const OVERLAP_MS = 120_000;

/** Keeps the cache warm: one replica at a time reads all that the vendor knows. */
export class BulkSync {
  private readonly stopping = new AbortController();
  private readonly job: ScheduledJob;
  private leftOut = new LeftOutRows();

  constructor(private readonly options: BulkSyncOptions) {
    const { id, redis, intervalMs, observer, logger } = options;
    this.job = new ScheduledJob({
      name: `iris-bulk-${id}`,
      redis,
      everyMs: intervalMs,
      // Replicas that start together ask for the first run each.
      due: async () => {
        const readAt = Number(await redis.hget(bulkProgressKey(id), 'readAt'));
        // Another replica, or this one before its last start, may have read.
        if (readAt > 0) observer.bulkRead(readAt);
        return Date.now() - readAt >= intervalMs / 2;
      },
      run: () => this.run(),
      isWorthRetry: (error) => !(error instanceof VendorError) || WORTH_A_RETRY.has(error.kind),
      onError: (error) => logger.warn({ source: id, detail: error.message }, 'bulk read schedule error'),
    });
  }

  /** The rows that the last read of this replica left out. */
  get leftOutRows(): number {
    return this.leftOut.total;
  }

  /** Has a run begin now, unless one waits already. Throws when Redis fails. */
  async runSoon(): Promise<void> {
    await this.job.runSoon();
  }

  async close(): Promise<void> {
    this.stopping.abort(new VendorError('cancelled', 'the enricher stops'));
    await this.job.close();
  }

  /** One read: of what has changed when the last whole one is not long ago, else of everything. */
  private async run(): Promise<void> {
    const { id, redis, settings, bulk, bulkSince, observer } = this.options;
    const startedAt = Date.now();
    const leftOut = new LeftOutRows();
    const call = {
      signal: this.stopping.signal,
      now: startedAt,
      leftOut: (list: string, row?: unknown) => leftOut.add(list, row),
    };
    const [fullAt, readAt] = (await redis.hmget(bulkProgressKey(id), 'fullAt', 'readAt')).map(Number);
    const since = fullAt && startedAt - fullAt < settings.fullBulkSeconds * 1000 ? readAt : undefined;
    const incremental = bulkSince !== undefined && since ? bulkSince(since - OVERLAP_MS, call) : undefined;
    try {
      await this.write(incremental ?? bulk(call), startedAt, incremental === undefined ? 'everything' : 'changes');
    } finally {
      this.report(leftOut);
    }
    const progress = { readAt: startedAt, rowsLeftOut: leftOut.total };
    await redis.hset(bulkProgressKey(id), incremental === undefined ? { ...progress, fullAt: startedAt } : progress);
    observer.bulkRead(startedAt);
  }

  private report(leftOut: LeftOutRows): void {
    const { id, observer, logger } = this.options;
    this.leftOut = leftOut;
    if (leftOut.total === 0) return;
    observer.leftOut(leftOut.total);
    for (const [list, { rows, ids }] of leftOut.lists) {
      logger.warn({ source: id, list, rows, ids }, 'rows of the vendor are not understood and are left out');
    }
  }

  private async write(items: BulkRead, startedAt: number, what: 'everything' | 'changes'): Promise<void> {
    const { id, logger, settings, store } = this.options;
    // Only a whole read lists everybody; it is as old as its beginning.
    const known = what === 'everything' ? store.known?.begin(id) : undefined;
    let written = 0;
    let batch: BulkItem[] = [];
    let saidAt = performance.now();
    const flush = async () => {
      written += await this.writeBatch(batch, startedAt);
      await known?.add(batch.map(({ subject }) => subject.principal));
      batch = [];
      if (performance.now() - saidAt < PROGRESS_MS) return;
      saidAt = performance.now();
      logger.info({ source: id, subjects: written }, 'bulk read in progress');
    };
    const outcome = await eachItem(items, async (item) => {
      batch.push(item);
      if (batch.length >= BATCH) await flush();
    });
    await flush();
    if (outcome?.complete) await known?.finish(startedAt, startedAt + settings.notFoundSeconds * 1000);
    logger.info({ source: id, what, subjects: written, ms: Date.now() - startedAt }, 'the bulk read is done');
  }

  /** How many entries were written. */
  private async writeBatch(batch: readonly BulkItem[], observedAt: number): Promise<number> {
    const results = await Promise.all(batch.flatMap((item) => this.writeItem(item, observedAt)));
    const written = results.filter(Boolean).length;
    if (written > 0) this.options.observer.synced(written);
    return written;
  }

  /** An item is written for every login that means its subject. */
  private writeItem(item: BulkItem, observedAt: number): Promise<boolean>[] {
    const { settings, identity } = this.options;
    const { subject } = item;
    if (settings.subject === 'node') return [this.writeOne(item, observedAt)];
    return identity
      .loginsOf(subject.principal)
      .map((login) =>
        this.writeOne({ ...item, subject: { ...subject, principal: login, loginName: login } }, observedAt),
      );
  }

  private async writeOne({ subject, result, partial }: BulkItem, observedAt: number): Promise<boolean> {
    const { id, settings, source, store } = this.options;
    const { principal } = subject;
    const field = principalField(id, settings.subject, subject);
    if (principal === '' || field === undefined) return false;
    const address = { key: principalKey(principal), field };
    const answer = answerOf(result, settings, observedAt);
    const held = await store.writer.read(address);
    if (partial && held !== undefined && usability(held, Date.now()) === 'fresh') return false;
    const written = await keepEntry(store, { id, source, principal }, address, answer);
    // Told only where something changed: a message per subject and run would be most of the traffic.
    const changed = held !== undefined && JSON.stringify(held.attributes) !== JSON.stringify(answer.attributes);
    if (written && changed) await store.writer.invalidate(address.key);
    return written;
  }
}

/** Hands on each item and gives what the read returns at its end, which `for await` discards. */
async function eachItem(items: BulkRead, take: (item: BulkItem) => Promise<void>): Promise<BulkOutcome | undefined> {
  try {
    for (;;) {
      const step = await items.next();
      if (step.done) return step.value ?? undefined;
      await take(step.value);
    }
  } finally {
    await items.return(undefined);
  }
}
