import {
  type ContextWriter,
  principalField,
  principalKey,
  type RedisConnection,
  ScheduledJob,
} from '@iris/context-cache';
import type { SourceId, SourceSettings } from '@iris/contracts';
import type { BulkItem, VendorSource } from '../enricher-definition.js';
import type { EnricherObserver } from '../enricher-observer.js';
import type { Logger } from '../logger.js';
import { answerOf } from '../source-answer.js';
import { VendorError } from '../vendor-error.js';

export interface BulkSyncOptions {
  readonly id: SourceId;
  readonly settings: SourceSettings;
  readonly bulk: NonNullable<VendorSource['bulk']>;
  readonly writer: ContextWriter;
  /** From `connectRedisForWorker`. */
  readonly redis: RedisConnection;
  readonly intervalMs: number;
  readonly observer: Pick<EnricherObserver, 'synced'>;
  readonly logger: Logger;
}

/** How many entries are written at once. */
const BATCH = 100;
/** How often a long read says how far it is, in subjects. */
const PROGRESS_EVERY = 1000;

/** Keeps the cache warm: one replica at a time reads all that the vendor knows. */
export class BulkSync {
  private readonly stopping = new AbortController();
  private readonly job: ScheduledJob;

  constructor(private readonly options: BulkSyncOptions) {
    const { id, redis, intervalMs, logger } = options;
    this.job = new ScheduledJob({
      name: `iris-bulk-${id}`,
      redis,
      everyMs: intervalMs,
      run: () => this.run(),
      onError: (error) => logger.warn({ source: id, detail: error.message }, 'the schedule of bulk reads has a fault'),
    });
  }

  async close(): Promise<void> {
    this.stopping.abort(new VendorError('cancelled', 'the enricher stops'));
    await this.job.close();
  }

  /** One whole read. */
  private async run(): Promise<void> {
    const { id, bulk, logger } = this.options;
    const startedAt = Date.now();
    let written = 0;
    let batch: BulkItem[] = [];
    const flush = async () => {
      const before = written;
      written += await this.write(batch, startedAt);
      batch = [];
      const passed = Math.floor(written / PROGRESS_EVERY) > Math.floor(before / PROGRESS_EVERY);
      if (passed) logger.info({ source: id, subjects: written }, 'the bulk read goes on');
    };
    for await (const item of bulk({ signal: this.stopping.signal, now: startedAt })) {
      batch.push(item);
      if (batch.length >= BATCH) await flush();
    }
    await flush();
    logger.info({ source: id, subjects: written, ms: Date.now() - startedAt }, 'the bulk read is done');
  }

  /** How many entries were written. */
  private async write(batch: readonly BulkItem[], observedAt: number): Promise<number> {
    const results = await Promise.all(batch.map((item) => this.writeOne(item, observedAt)));
    const written = results.filter(Boolean).length;
    if (written > 0) this.options.observer.synced(written);
    return written;
  }

  private async writeOne({ subject, finding }: BulkItem, observedAt: number): Promise<boolean> {
    const { id, settings, writer } = this.options;
    const field = principalField(id, settings.subject, subject);
    if (subject.principal === '' || field === undefined) return false;
    const address = { key: principalKey(subject.principal), field };
    const answer = answerOf(finding, settings, observedAt);
    const held = await writer.read(address);
    const written = await writer.write(address, answer);
    // Told only where something changed: a message per subject and run would be most of the traffic.
    const changed = held !== undefined && JSON.stringify(held.attributes) !== JSON.stringify(answer.attributes);
    if (written && changed) await writer.invalidate(address.key);
    return written;
  }
}
