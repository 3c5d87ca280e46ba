import { Queue, UnrecoverableError, Worker } from 'bullmq';
import { BullMQOtel } from 'bullmq-otel';
import type { RedisConnection } from './redis-connection.js';
import { QUEUE_PREFIX } from './refresh-queue.js';

export interface ScheduledJobOptions {
  /** The same in every replica; without `:`. */
  readonly name: string;
  /** From `connectRedisForWorker`. */
  readonly redis: RedisConnection;
  readonly everyMs: number;
  /** One run. A rejection counts as a failed run; the next one comes by the schedule. */
  run(): Promise<void>;
  onError(error: Error): void;
}

const SCHEDULER_ID = 'schedule';
/** How many ended runs are kept to look at. */
const KEPT_RUNS = 20;

/** A job that all replicas offer to run and one at a time does, at a fixed interval. The schedule stands in Redis. */
export class ScheduledJob {
  private readonly queue: Queue;
  private readonly worker: Worker;
  private readonly onReady = () => void this.schedule();

  constructor(private readonly options: ScheduledJobOptions) {
    const { name, redis, onError } = options;
    const telemetry = new BullMQOtel({ tracerName: name });
    this.queue = new Queue(name, { connection: redis, prefix: QUEUE_PREFIX, telemetry });
    this.queue.on('error', onError);
    this.worker = new Worker(
      name,
      async () => {
        try {
          await options.run();
        } catch (error) {
          throw new UnrecoverableError(error instanceof Error ? error.message : 'run failed');
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
    const keep = { count: KEPT_RUNS };
    await this.queue.add('run', {}, { deduplication: { id: 'soon' }, removeOnComplete: keep, removeOnFail: keep });
  }

  /** Waits for a run under way, then ends. The given connection belongs to the caller. */
  async close(): Promise<void> {
    this.options.redis.off('ready', this.onReady);
    await this.worker.close();
    await this.queue.close();
  }

  private async schedule(): Promise<void> {
    const keep = { count: KEPT_RUNS };
    try {
      await this.queue.setGlobalConcurrency(1);
      await this.queue.upsertJobScheduler(
        SCHEDULER_ID,
        { every: this.options.everyMs },
        { name: 'run', opts: { removeOnComplete: keep, removeOnFail: keep } },
      );
    } catch (error) {
      this.options.onError(error instanceof Error ? error : new Error('the schedule was not set'));
    }
  }
}
