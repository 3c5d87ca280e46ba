import { QUEUE_PREFIX, type RedisConnection } from '@iris/context-cache';
import { Queue } from 'bullmq';
import { BullMQOtel } from 'bullmq-otel';
import { z } from 'zod';
import type { SegmentBatch, SegmentRange } from '../spool/segment.js';

/** Name of the queue from the gateways to the auditor. */
export const EVIDENCE_QUEUE = 'iris-evidence';
export const EVIDENCE_TRACER = 'iris-evidence';

/** For how long a confirmation is kept for a gateway that is unavailable, in s. Without it the batch is delivered again. */
const CONFIRMATION_SECONDS = 86_400;
/** Longest wait before a batch is tried again, in ms. */
const MAX_RETRY_MS = 30_000;
const FIRST_RETRY_MS = 500;

/** The data of a job: a stretch of one segment. */
export const evidenceJobSchema = z.object({
  segment: z.string(),
  from: z.number().int(),
  to: z.number().int(),
  lines: z.array(z.string()).describe('One record as JSON each, in the order of the decisions.'),
});
export type EvidenceJob = z.infer<typeof evidenceJobSchema>;

/**
 * `confirmed`: every sink has it. `waiting`: in flight. `refused`: set aside as a dead letter. `lost`: Redis knows nothing
 * of it.
 */
export type DeliveryState = 'confirmed' | 'waiting' | 'refused' | 'lost';

/** The id of a stretch, the same each time it is sent, so that Redis holds it once. */
function batchId(segment: string, { from, to }: SegmentRange): string {
  return `${segment}-${from}-${to}`;
}

function confirmationKey(id: string): string {
  return `iris:evidence:v1:confirmed:{${id}}`;
}

/** Confirms that every sink has a batch. Written before the job ends, so that an ended job is never mistaken for a lost one. */
export async function confirmDelivery(redis: RedisConnection, id: string): Promise<void> {
  await redis.set(confirmationKey(id), '1', 'EX', CONFIRMATION_SECONDS);
}

/** Time until the next attempt, in ms. */
export function retryDelayMs(attempt: number): number {
  return Math.min(FIRST_RETRY_MS * 2 ** Math.min(attempt - 1, 16), MAX_RETRY_MS);
}

/** The gateway's end of the queue. All methods throw while Redis is unavailable. */
export class EvidenceQueue {
  private readonly queue: Queue;

  /**
   * @param redis a connection of its own, so that large batches delay no decision
   * @param attempts how often the auditor tries a batch whose sink does not answer
   */
  constructor(
    private readonly redis: RedisConnection,
    private readonly attempts: number,
  ) {
    this.queue = openEvidenceQueue(redis);
  }

  /** Puts a batch into the queue, unless it is there. */
  async send(batch: SegmentBatch): Promise<void> {
    this.requireRedis();
    const { segment, from, to, lines } = batch;
    await this.queue.add('deliver', { segment, from, to, lines: [...lines] } satisfies EvidenceJob, {
      jobId: batchId(segment, batch),
      attempts: this.attempts,
      backoff: { type: 'custom' },
      removeOnComplete: true,
      removeOnFail: false,
    });
  }

  async state(segment: string, range: SegmentRange): Promise<DeliveryState> {
    this.requireRedis();
    const id = batchId(segment, range);
    // First the job, then the confirmation: the job ends after the confirmation was written.
    const state = await this.queue.getJobState(id);
    if ((await this.redis.exists(confirmationKey(id))) === 1) return 'confirmed';
    if (state === 'failed') return 'refused';
    return state === 'unknown' || state === 'completed' ? 'lost' : 'waiting';
  }

  /** Removes a confirmation that was read. */
  async forget(segment: string, range: SegmentRange): Promise<void> {
    await this.redis.unlink(confirmationKey(batchId(segment, range)));
  }

  /** Frees what BullMQ holds. The connection belongs to the caller. */
  async close(): Promise<void> {
    await this.queue.close().catch(() => undefined);
  }

  private requireRedis(): void {
    if (this.redis.status !== 'ready') throw new Error('Redis is not connected');
  }
}

export function openEvidenceQueue(redis: RedisConnection): Queue {
  const queue = new Queue(EVIDENCE_QUEUE, {
    connection: redis,
    prefix: QUEUE_PREFIX,
    // BullMQ's own start would wait for Redis, and its failure would last for ever.
    skipVersionCheck: true,
    skipWaitingForReady: true,
    skipMetasUpdate: true,
    telemetry: new BullMQOtel({ tracerName: EVIDENCE_TRACER }),
  });
  queue.on('error', () => {});
  return queue;
}
