import { closeWorker, QUEUE_PREFIX, type RedisConnection, type RedisReport, redisReport } from '@iris/context-cache';
import { DeadLetters, EVIDENCE_QUEUE, EVIDENCE_TRACER, retryDelayMs } from '@iris/evidence';
import { type Logger, setGauge } from '@iris/telemetry';
import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { Worker } from 'bullmq';
import { BullMQOtel } from 'bullmq-otel';
import type { DecisionNotifier } from '../notifications/decision-notifier.js';
import type { EvidenceSink } from '../sinks/evidence-sink.js';
import { ChainWatch } from './chain-watch.js';
import { deliverJob } from './deliver-job.js';

export interface EvidenceWorkerOptions {
  /** From `connectRedisForWorker`. */
  readonly blocking: RedisConnection;
  readonly redis: RedisConnection;
  readonly sinks: readonly EvidenceSink[];
  /** Absent: no notifications of decisions. */
  readonly notifier?: DecisionNotifier;
  readonly concurrency: number;
  /** After so long without a sign of life a batch is given to another auditor, in ms. */
  readonly lockMs: number;
  readonly logger: Logger;
}

/** A batch is never given up because its auditors die. */
const MAX_STALLED = 1_000_000;
const DEAD_LETTERS_MS = 10_000;

/** Takes batches from the queue to the sinks. The order of a session is kept by the gateway, which waits for each batch. */
@Injectable()
export class EvidenceWorker implements OnApplicationShutdown {
  private readonly worker: Worker;
  private readonly deadLetters: DeadLetters;
  private readonly timer: NodeJS.Timeout;

  constructor(private readonly options: EvidenceWorkerOptions) {
    const { blocking, redis, sinks, notifier, concurrency, lockMs, logger } = options;
    const chains = new ChainWatch(redis, logger);
    this.deadLetters = new DeadLetters(redis);
    this.worker = new Worker(EVIDENCE_QUEUE, (job) => deliverJob(job, { sinks, redis, chains, notifier, logger }), {
      connection: blocking,
      prefix: QUEUE_PREFIX,
      concurrency,
      lockDuration: lockMs,
      stalledInterval: lockMs,
      maxStalledCount: MAX_STALLED,
      settings: { backoffStrategy: retryDelayMs },
      telemetry: new BullMQOtel({ tracerName: EVIDENCE_TRACER }),
    });
    this.worker.on('error', (error) => logger.warn({ err: error }, 'evidence queue error'));
    this.worker.on('failed', (job, error) => {
      if (job?.finishedOn !== undefined) logger.error({ batch: job.id }, `a batch is a dead letter: ${error.message}`);
    });
    this.timer = setInterval(() => void this.countDeadLetters(), DEAD_LETTERS_MS).unref();
  }

  /** Whether batches can be taken. */
  get ready(): boolean {
    return this.options.blocking.status === 'ready' && this.worker.isRunning();
  }

  /** How Redis is. */
  get redisReport(): RedisReport {
    return redisReport(this.options.redis);
  }

  /** Ends after the batches in flight. */
  async onApplicationShutdown(): Promise<void> {
    clearInterval(this.timer);
    await closeWorker(this.worker, this.options.blocking);
    await this.options.notifier?.settled();
    await this.deadLetters.close();
    await Promise.allSettled(this.options.sinks.map((sink) => sink.close()));
    this.options.blocking.disconnect();
    this.options.redis.disconnect();
  }

  private async countDeadLetters(): Promise<void> {
    const total = await this.deadLetters.count().catch(() => undefined);
    if (total !== undefined) setGauge('iris.evidence.dead_letters', total, {});
  }
}
