import { principalField, principalKey, type RedisConnection, ScheduledJob } from '@iris/context-cache';
import type { SourceId, SourceSettings, Subject } from '@iris/contracts';
import type { BulkItem, Finding, VendorSource } from '../enricher-definition.js';
import type { EnricherObserver } from '../enricher-observer.js';
import type { IdentityMap } from '../identity-map.js';
import { type EntryStore, keepEntry } from '../kept-entry.js';
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
  readonly observer: Pick<EnricherObserver, 'synced' | 'bulkRead'>;
  readonly logger: Logger;
}

/** Faults that may be over soon. Refused credentials are not, and a vendor that asks to wait is left alone. */
const WORTH_A_RETRY: ReadonlySet<VendorErrorKind> = new Set(['unavailable', 'timeout']);
/** How many entries are written at once. */
const BATCH = 100;
/** How often a long read says how far it is, in ms. */
const PROGRESS_MS = 10_000;

/** How much earlier than the last read "since" is, in ms: clocks differ, and vendors' indexes lag behind. */
const OVERLAP_MS = 120_000;

/** When the source was read last, for all replicas. It goes with the entries when Redis comes back empty. */
function progressKey(source: SourceId): string {
  return `iris:bulk:v1:{${source}}`;
}

/** Keeps the cache warm: one replica at a time reads all that the vendor knows. */
export class BulkSync {
  private readonly stopping = new AbortController();
  private readonly job: ScheduledJob;

  constructor(private readonly options: BulkSyncOptions) {
    const { id, redis, intervalMs, observer, logger } = options;
    this.job = new ScheduledJob({
      name: `iris-bulk-${id}`,
      redis,
      everyMs: intervalMs,
      // Replicas that start together ask for the first run each.
      due: async () => {
        const readAt = Number(await redis.hget(progressKey(id), 'readAt'));
        // Another replica, or this one before its last start, may have read.
        if (readAt > 0) observer.bulkRead(readAt);
        return Date.now() - readAt >= intervalMs / 2;
      },
      run: () => this.run(),
      isWorthRetry: (error) => !(error instanceof VendorError) || WORTH_A_RETRY.has(error.kind),
      onError: (error) => logger.warn({ source: id, detail: error.message }, 'the schedule of bulk reads has a fault'),
    });
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
    const call = { signal: this.stopping.signal, now: startedAt };
    const [fullAt, readAt] = (await redis.hmget(progressKey(id), 'fullAt', 'readAt')).map(Number);
    const since = fullAt && startedAt - fullAt < settings.fullBulkSeconds * 1000 ? readAt : undefined;
    const incremental = bulkSince !== undefined && since ? bulkSince(since - OVERLAP_MS, call) : undefined;
    await this.write(incremental ?? bulk(call), startedAt, incremental === undefined ? 'everything' : 'changes');
    const progress = incremental === undefined ? { fullAt: startedAt, readAt: startedAt } : { readAt: startedAt };
    await redis.hset(progressKey(id), progress);
    observer.bulkRead(startedAt);
  }

  private async write(
    items: AsyncIterable<BulkItem>,
    startedAt: number,
    what: 'everything' | 'changes',
  ): Promise<void> {
    const { id, logger } = this.options;
    let written = 0;
    let batch: BulkItem[] = [];
    let saidAt = performance.now();
    const flush = async () => {
      written += await this.writeBatch(batch, startedAt);
      batch = [];
      if (performance.now() - saidAt < PROGRESS_MS) return;
      saidAt = performance.now();
      logger.info({ source: id, subjects: written }, 'the bulk read goes on');
    };
    for await (const item of items) {
      batch.push(item);
      if (batch.length >= BATCH) await flush();
    }
    await flush();
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
  private writeItem({ subject, finding }: BulkItem, observedAt: number): Promise<boolean>[] {
    const { settings, identity } = this.options;
    if (settings.subject === 'node') return [this.writeOne(subject, finding, observedAt)];
    return identity
      .loginsOf(subject.principal)
      .map((login) => this.writeOne({ ...subject, principal: login, loginName: login }, finding, observedAt));
  }

  private async writeOne(subject: Subject, finding: Finding, observedAt: number): Promise<boolean> {
    const { id, settings, source, store } = this.options;
    const { principal } = subject;
    const field = principalField(id, settings.subject, subject);
    if (principal === '' || field === undefined) return false;
    const address = { key: principalKey(principal), field };
    const answer = answerOf(finding, settings, observedAt);
    const held = await store.writer.read(address);
    const written = await keepEntry(store, { id, source, principal }, address, answer);
    // Told only where something changed: a message per subject and run would be most of the traffic.
    const changed = held !== undefined && JSON.stringify(held.attributes) !== JSON.stringify(answer.attributes);
    if (written && changed) await store.writer.invalidate(address.key);
    return written;
  }
}
