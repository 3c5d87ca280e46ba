import {
  type DecisionLogOptions,
  openDecisionLog,
  type PostgresDecisionLog,
  RecordsRefusedError,
} from '@iris/decision-log';
import { type EvidenceRecord, evidenceRecordSchema, HEAD_SCHEMA } from '@iris/evidence';
import type { Logger } from '@iris/telemetry';
import { type EvidenceBatch, type EvidenceSink, RefusedError } from './evidence-sink.js';

export interface DecisionLogSinkOptions extends DecisionLogOptions {
  /** How many days are kept; 0 keeps all. */
  readonly keepDays: number;
  readonly logger: Logger;
}

const DAY_MS = 86_400_000;
/** How often partitions are made ahead and old ones dropped, in ms. */
const SWEEP_MS = 3_600_000;

/** Stores decisions in PostgreSQL. A batch is stored whole or not at all, and each record once. */
export class DecisionLogSink implements EvidenceSink {
  readonly name = 'decision_log';
  private readonly log: PostgresDecisionLog;
  private readonly timer: NodeJS.Timeout;

  /** Connects at the first batch. @throws Error for options that cannot be used */
  constructor(private readonly options: DecisionLogSinkOptions) {
    this.log = openDecisionLog({
      ...options,
      name: 'iris-auditor',
      onError: (error) => options.logger.warn({ err: error }, 'a connection to the decision log is lost'),
    });
    this.timer = setInterval(() => void this.sweep(), SWEEP_MS).unref();
    setImmediate(() => void this.sweep());
  }

  async deliver({ lines }: EvidenceBatch): Promise<void> {
    const { records, unreadable } = recordsOf(lines);
    await this.insert(records);
    if (unreadable > 0) throw new RefusedError(`${unreadable} of ${lines.length} lines are no records of this release`);
  }

  async close(): Promise<void> {
    clearInterval(this.timer);
    await this.log.close();
  }

  /** A record that is refused does not keep the others from being stored. */
  private async insert(records: readonly EvidenceRecord[]): Promise<void> {
    try {
      await this.log.insert(records);
    } catch (error) {
      if (!(error instanceof RecordsRefusedError)) throw error;
      if (records.length === 1) throw new RefusedError(error.message);
      const middle = Math.ceil(records.length / 2);
      const outcomes = [];
      for (const half of [records.slice(0, middle), records.slice(middle)]) {
        outcomes.push(await this.insert(half).catch((fault: Error) => fault));
      }
      const faults = outcomes.filter((outcome) => outcome instanceof Error);
      throw faults.find((fault) => !(fault instanceof RefusedError)) ?? faults[0] ?? error;
    }
  }

  /** Best effort: an insert makes the partition that it needs, and the next sweep drops what this one could not. */
  private async sweep(): Promise<void> {
    const { keepDays, logger } = this.options;
    try {
      await this.log.makePartitions();
      if (keepDays === 0) return;
      const days = await this.log.dropBefore(new Date(Date.now() - keepDays * DAY_MS));
      if (days.length > 0) logger.info({ days }, 'days of the decision log are dropped');
    } catch (error) {
      logger.warn({ detail: (error as Error).message }, 'the partitions of the decision log are not kept up');
    }
  }
}

/** The records of a batch; heads of chains are none. */
function recordsOf(lines: readonly string[]): { records: EvidenceRecord[]; unreadable: number } {
  const records: EvidenceRecord[] = [];
  let unreadable = 0;
  for (const line of lines) {
    const value: unknown = JSON.parse(line);
    const record = evidenceRecordSchema.safeParse(value).data;
    if (record !== undefined) records.push(record);
    else if (!isHead(value)) unreadable += 1;
  }
  return { records, unreadable };
}

function isHead(value: unknown): boolean {
  return (value as { schema?: unknown } | null)?.schema === HEAD_SCHEMA;
}
