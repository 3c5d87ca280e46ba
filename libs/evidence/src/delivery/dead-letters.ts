import type { RedisConnection } from '@iris/context-cache';
import type { Queue } from 'bullmq';
import { confirmDelivery, evidenceJobSchema, openEvidenceQueue } from './evidence-queue.js';

/** A batch that a sink refused for good, or did not take in all attempts. */
export interface DeadLetter {
  readonly id: string;
  readonly records: number;
  /** What the sink said; never its credentials. */
  readonly reason: string;
  /** Epoch ms. */
  readonly failedAt: number;
  readonly attempts: number;
  /** Ids of the records. */
  readonly recordIds: readonly string[];
}

/** The batches that were set aside. Each stays in the spool of its gateway until it is delivered or discarded. */
export class DeadLetters {
  private readonly queue: Queue;

  /** @param redis a connection; it belongs to the caller */
  constructor(private readonly redis: RedisConnection) {
    this.queue = openEvidenceQueue(redis);
  }

  async count(): Promise<number> {
    return this.queue.getFailedCount();
  }

  /** The latest first. */
  async list(limit: number): Promise<DeadLetter[]> {
    const jobs = await this.queue.getFailed(0, limit - 1);
    return jobs.map((job) => {
      const lines = evidenceJobSchema.safeParse(job.data).data?.lines ?? [];
      return {
        id: job.id ?? '',
        records: lines.length,
        reason: job.failedReason ?? '',
        failedAt: job.finishedOn ?? job.timestamp,
        attempts: job.attemptsMade,
        recordIds: lines.flatMap((line) => recordId(line)),
      };
    });
  }

  /** Has one batch, or all, tried again by the sinks that have not taken it. @returns how many */
  async redrive(id?: string): Promise<number> {
    const jobs = id === undefined ? await this.queue.getFailed(0, -1) : [await this.queue.getJob(id)];
    let driven = 0;
    for (const job of jobs) {
      if (job === undefined || (await job.getState()) !== 'failed') continue;
      await job.retry('failed', { resetAttemptsMade: true });
      driven += 1;
    }
    return driven;
  }

  /** Gives a batch up for good: it counts as delivered. @returns whether there was one */
  async discard(id: string): Promise<boolean> {
    const job = await this.queue.getJob(id);
    if (job === undefined || (await job.getState()) !== 'failed') return false;
    await confirmDelivery(this.redis, id);
    await job.remove();
    return true;
  }

  async close(): Promise<void> {
    await this.queue.close().catch(() => undefined);
  }
}

function recordId(line: string): string[] {
  try {
    const { id } = JSON.parse(line);
    return typeof id === 'string' ? [id] : [];
  } catch {
    return [];
  }
}
