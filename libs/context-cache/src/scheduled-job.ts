import { type JobsOptions, Queue, UnrecoverableError, Worker } from 'bullmq';
import { BullMQOtel } from 'bullmq-otel';
import { closeWorker } from './close-worker.js';
import type { RedisConnection } from './redis-connection.js';
import { QUEUE_PREFIX } from './refresh-queue.js';

export interface ScheduledJobOptions {
  /** The same in every replica; without `:`. */
  readonly name: string;
  /** From `connectRedisForWorker`. */
  readonly redis: RedisConnection;
  readonly everyMs: number;
  /**
   * Whether a run of the schedule is wanted now; always when absent. A replica that starts asks for a run at once,
   * because setting the schedule again puts its first run off.
   */
  due?(): Promise<boolean>;
  /** One run. A rejection counts as a failed run, which is tried again as long as the next one is far away. */
  run(): Promise<void>;
  /** Whether a failed run may be tried again before the next one; always when absent. */
  isWorthRetry?(error: unknown): boolean;
  onError(error: Error): void;
}

const SCHEDULER_ID = 'schedule';
/** How many ended runs are kept to look at. */
const KEPT_RUNS = 20;
const KEPT = { removeOnComplete: { count: KEPT_RUNS }, removeOnFail: { count: KEPT_RUNS } };
/** From the end of a failed run to the next try, in ms; twice as long each time. */
const RETRY_MS = 5000;
/** The name of a run that was asked for, beside the schedule. */
const ASKED_FOR = 'soon';

/** A job that all replicas offer to run and one at a time does, at a fixed interval. The schedule is in Redis. */
export class ScheduledJob {
  private readonly queue: Queue;
  private readonly worker: Worker;
  private readonly onReady = () => void this.schedule();
  private readonly jobOptions: JobsOptions;

  constructor(private readonly options: ScheduledJobOptions) {
    const { name, redis, onError, everyMs } = options;
    this.jobOptions = {
      ...KEPT,
      attempts: 1 + retriesWithin(everyMs / 2),
      backoff: { type: 'exponential', delay: RETRY_MS },
    };
    const telemetry = new BullMQOtel({ tracerName: name });
    this.queue = new Queue(name, { connection: redis, prefix: QUEUE_PREFIX, telemetry });
    this.queue.on('error', onError);
    this.worker = new Worker(
      name,
      async (job) => {
        if (job.name !== ASKED_FOR && (await options.due?.()) === false) return;
        try {
          await options.run();
        } catch (error) {
          if (options.isWorthRetry?.(error) ?? true) throw error;
          throw new UnrecoverableError(error instanceof Error ? error.message : 'the run failed');
        }
      },
      { connection: redis, prefix: QUEUE_PREFIX, concurrency: 1, telemetry },
    );
    this.worker.on('error', onError);
    this.worker.on('failed', (_job, error) => onError(error));
    // A Redis that came back empty has lost the schedule.
    redis.on('ready', this.onReady);
    this.onReady();
  }

  /** Has a run begin now, unless one that was asked for waits already. Throws when Redis fails. */
  async runSoon(): Promise<void> {
    await this.queue.add(ASKED_FOR, {}, { ...this.jobOptions, deduplication: { id: ASKED_FOR } });
  }

  /** Waits for a run in flight, then ends. The given connection belongs to the caller. */
  async close(): Promise<void> {
    this.options.redis.off('ready', this.onReady);
    await closeWorker(this.worker, this.options.redis);
    await this.queue.close();
  }

  private async schedule(): Promise<void> {
    try {
      await this.queue.setGlobalConcurrency(1);
      const template = { name: 'run', opts: this.jobOptions };
      await this.queue.upsertJobScheduler(SCHEDULER_ID, { every: this.options.everyMs }, template);
      if (this.options.due !== undefined) {
        await this.queue.add('first', {}, { ...this.jobOptions, deduplication: { id: 'first' } });
      }
    } catch (error) {
      this.options.onError(error instanceof Error ? error : new Error('the schedule was not set'));
    }
  }
}

/** How many times a failed run may be tried again before so many ms are over. */
function retriesWithin(ms: number): number {
  return Math.max(0, Math.floor(Math.log2(ms / RETRY_MS + 1)));
}
