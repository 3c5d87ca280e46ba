import type { RedisConnection } from '@iris/context-cache';
import { confirmDelivery, evidenceJobSchema } from '@iris/evidence';
import { count, type Logger, recordDuration } from '@iris/telemetry';
import { type Job, UnrecoverableError } from 'bullmq';
import { z } from 'zod';
import { type EvidenceBatch, type EvidenceSink, RefusedError } from '../sinks/evidence-sink.js';
import type { ChainWatch } from './chain-watch.js';

/** What is kept with a job: which sinks have it, so that the next attempt does not deliver to them again. */
const progressSchema = z.object({ delivered: z.array(z.string()) });

export interface DeliveryParts {
  readonly sinks: readonly EvidenceSink[];
  readonly redis: RedisConnection;
  readonly chains: ChainWatch;
  /** Sees batches that are delivered. */
  readonly notifier?: { delivered(lines: readonly string[]): void };
  readonly logger: Logger;
}

/**
 * Delivers a batch to every sink that does not have it, and confirms it when all have.
 *
 * @throws UnrecoverableError when what is missing was refused for good: the job becomes a dead letter; Error when it is
 *   worth another attempt
 */
export async function deliverJob(job: Job, { sinks, redis, chains, notifier, logger }: DeliveryParts): Promise<void> {
  const id = job.id ?? '';
  const data = evidenceJobSchema.safeParse(job.data);
  if (!data.success) throw new UnrecoverableError('the job holds no evidence');
  const batch: EvidenceBatch = { id, lines: readableLines(data.data.lines, logger) };

  await chains.follow(id, batch.lines);
  const delivered = new Set(progressSchema.safeParse(job.progress).data?.delivered);
  const missing = sinks.filter(({ name }) => !delivered.has(name));
  const problems: { readonly sink: string; readonly error: Error }[] = [];
  await Promise.all(
    missing.map(async (sink) => {
      try {
        await timed(sink, batch);
        delivered.add(sink.name);
      } catch (error) {
        problems.push({ sink: sink.name, error: error as Error });
      }
    }),
  );
  if (problems.length === 0) {
    await confirmDelivery(redis, id);
    notifier?.delivered(batch.lines);
    return;
  }

  const text = problems.map(({ sink, error }) => `${sink}: ${error.message}`).join('; ');
  logger.warn({ batch: id, records: batch.lines.length, attempt: job.attemptsMade + 1 }, `not delivered: ${text}`);
  // Without the note the sinks that have it get it once more, which their readers undo by the record's id.
  if (delivered.size > 0) await job.updateProgress({ delivered: [...delivered] }).catch(() => undefined);
  if (problems.every(({ error }) => error instanceof RefusedError)) throw new UnrecoverableError(text);
  throw new Error(text);
}

async function timed(sink: EvidenceSink, batch: EvidenceBatch): Promise<void> {
  const start = performance.now();
  let outcome: 'delivered' | 'failed' = 'failed';
  try {
    await sink.deliver(batch);
    outcome = 'delivered';
  } finally {
    count('iris.evidence.sink.records', { sink: sink.name, outcome }, batch.lines.length);
    recordDuration('iris.evidence.sink.duration', performance.now() - start, { sink: sink.name, outcome });
  }
}

/** A line that a damaged disk made unreadable would make every sink refuse the whole batch. */
function readableLines(lines: readonly string[], logger: Logger): string[] {
  const readable = lines.filter(isJson);
  if (readable.length < lines.length) {
    logger.error({ lines: lines.length - readable.length }, 'lines of a spool are no JSON and are left out');
  }
  return readable;
}

function isJson(line: string): boolean {
  try {
    JSON.parse(line);
    return true;
  } catch {
    return false;
  }
}
