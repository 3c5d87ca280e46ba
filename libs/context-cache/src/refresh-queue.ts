import type { ResourceRef, SourceId, Subject } from '@iris/contracts';
import { type Job, Queue, UnrecoverableError, Worker } from 'bullmq';
import { BullMQOtel } from 'bullmq-otel';
import { closeWorker } from './close-worker.js';
import { canonicalPrincipal, keyDigest } from './entry.js';
import type { RedisConnection } from './redis-connection.js';

/** What is to be read again. */
export interface RefreshRequest {
  readonly source: SourceId;
  readonly subject: Subject;
  /** Set when the facts are about a resource. */
  readonly resource?: ResourceRef;
  /** When it was asked for, in epoch ms: an entry read later than this needs no refresh. */
  readonly askedAt: number;
}

/** Outcome of a request: `dropped` when Redis is unavailable. */
export type RefreshAsked = 'asked' | 'dropped';

/** All of BullMQ's keys of one prefix in braces stay on one slot of a Redis Cluster. */
export const QUEUE_PREFIX = '{iris}';
const TRACER_NAME = 'iris-refresh';
/**
 * For how long a request keeps equal ones out at most, in ms: a job that Redis lost, with its key left behind, is asked
 * for again then. The worker removes the key when the job ends.
 */
const DEDUPLICATION_MS = 10_000;
/** How many failed jobs are kept to look at. */
const KEPT_FAILED_JOBS = 100;

function queueName(source: SourceId): string {
  return `iris-refresh-${source}`;
}

/** A digest: BullMQ reads the separator `:` in ids in its own way, and the id becomes part of a key. */
function deduplicationId(request: RefreshRequest): string {
  const { source, subject, resource } = request;
  const about =
    resource === undefined
      ? ['s', canonicalPrincipal(subject.principal), subject.nodeId ?? '']
      : ['r', resource.kind, resource.id];
  return keyDigest(JSON.stringify([source, ...about]));
}

/** Asks the enrichers to read an entry again. Never throws and never waits for a Redis that is unavailable. */
export class RefreshQueue {
  private readonly queues = new Map<SourceId, Queue>();
  private droppedCount = 0;

  /**
   * @param redis a connection for a decision path
   * @param deduplicationMs for how long a request keeps equal ones out at most
   */
  constructor(
    private readonly redis: RedisConnection,
    private readonly deduplicationMs = DEDUPLICATION_MS,
  ) {}

  /** How many requests were dropped because Redis was unavailable. */
  get dropped(): number {
    return this.droppedCount;
  }

  /**
   * Asks once per source and subject (or resource) until the job is done; more requests meanwhile change nothing, but
   * for one each `deduplicationMs`.
   */
  async ask(source: SourceId, subject: Subject, resource?: ResourceRef): Promise<RefreshAsked> {
    if (this.redis.status === 'ready') {
      const request: RefreshRequest = { source, subject, resource, askedAt: Date.now() };
      try {
        const deduplication = { id: deduplicationId(request), ttl: this.deduplicationMs };
        await this.queue(source).add('refresh', request, { deduplication });
        return 'asked';
      } catch {
        // Counted below: the entry stays usable until it ends, and the next hook asks again.
      }
    }
    this.droppedCount += 1;
    return 'dropped';
  }

  /** Frees what BullMQ holds. The connection belongs to the caller. */
  async close(): Promise<void> {
    await Promise.allSettled([...this.queues.values()].map((queue) => queue.close()));
  }

  private queue(source: SourceId): Queue {
    const known = this.queues.get(source);
    if (known !== undefined) return known;
    const queue = new Queue(queueName(source), {
      connection: this.redis,
      prefix: QUEUE_PREFIX,
      // BullMQ's own start would wait for Redis, and its failure would last for ever.
      skipVersionCheck: true,
      skipWaitingForReady: true,
      skipMetasUpdate: true,
      telemetry: new BullMQOtel({ tracerName: TRACER_NAME }),
      defaultJobOptions: { attempts: 1, removeOnComplete: true, removeOnFail: { count: KEPT_FAILED_JOBS } },
    });
    queue.on('error', () => {});
    this.queues.set(source, queue);
    return queue;
  }
}

export interface RefreshWorkerOptions {
  /** From `connectRedisForWorker`. */
  readonly redis: RedisConnection;
  readonly source: SourceId;
  /** How many refreshes run at once. */
  readonly concurrency: number;
  /** Called for each request; a rejection is counted as a failed job and not tried again. */
  refresh(request: RefreshRequest): Promise<void>;
  /** Called for errors of the connection or of BullMQ. */
  onError(error: Error): void;
}

/** Runs the refreshes of one source. */
export class RefreshWorker {
  private readonly worker: Worker;

  constructor(private readonly options: RefreshWorkerOptions) {
    this.worker = new Worker(
      queueName(options.source),
      async (job: Job<RefreshRequest>) => {
        try {
          await options.refresh(job.data);
        } catch (error) {
          throw new UnrecoverableError(error instanceof Error ? error.message : 'refresh failed');
        } finally {
          // With a time to live BullMQ leaves the key for its rest.
          await job.removeDeduplicationKey().catch(() => false);
        }
      },
      {
        connection: options.redis,
        prefix: QUEUE_PREFIX,
        concurrency: options.concurrency,
        telemetry: new BullMQOtel({ tracerName: TRACER_NAME }),
      },
    );
    this.worker.on('error', (error) => options.onError(error));
    // BullMQ reports a failed job by an event too; the refresh has said so itself.
    this.worker.on('failed', () => {});
  }

  /** Waits for the refreshes in flight, then ends. The given connection belongs to the caller. */
  async close(): Promise<void> {
    await closeWorker(this.worker, this.options.redis);
  }
}
