import { setTimeout as sleep } from 'node:timers/promises';
import { count, type Logger, setGauge } from '@iris/telemetry';
import type { EvidenceSpool } from '../spool/evidence-spool.js';
import type { BatchLimits, Segment, SegmentBatch } from '../spool/segment.js';
import type { DeliveryState, EvidenceQueue } from './evidence-queue.js';

const LIMITS: BatchLimits = { maxRecords: 500, maxBytes: 1024 * 1024 };
/** How long records wait for others before they are sent together, in ms. */
const LINGER_MS = 50;
const IDLE_MS = 1000;
const MIN_POLL_MS = 10;
const MAX_POLL_MS = 250;
/** How often batches that were refused are looked at, in ms. */
const SET_ASIDE_MS = 2000;

/**
 * Ships the spool to the auditor, one batch at a time: the next goes only when the one before is confirmed or refused, so
 * the order of a session's records is kept however many auditors there are. A batch of which Redis knows nothing any
 * more is sent again.
 */
export class EvidenceShipper {
  private readonly stop = new AbortController();
  private wake: () => void = () => {};
  private awake = false;
  private draining = false;
  private checkedAsideAt = 0;
  private readonly running: Promise<void>;

  constructor(
    private readonly spool: EvidenceSpool,
    private readonly queue: Pick<EvidenceQueue, 'send' | 'state' | 'forget'>,
    private readonly logger: Logger,
  ) {
    spool.onAppend = () => {
      this.awake = true;
      this.wake();
    };
    this.running = this.run();
  }

  /** Ships what there is for at most so many ms, then ends. */
  async close(drainMs: number): Promise<void> {
    this.draining = true;
    this.wake();
    const timer = setTimeout(() => this.stop.abort(), drainMs);
    await this.running;
    clearTimeout(timer);
  }

  private async run(): Promise<void> {
    while (!this.stop.signal.aborted) {
      try {
        const worked = await this.step();
        if (!worked && this.draining) return;
        if (!worked) await this.rest();
      } catch (error) {
        this.logger.error({ err: error }, 'the evidence shipper failed unexpectedly');
        await this.pause(IDLE_MS);
      }
    }
  }

  /** @returns whether there was something to ship */
  private async step(): Promise<boolean> {
    await this.lookAtSetAside();
    this.spool.removeDelivered();
    for (const segment of this.spool.segments) {
      const batch = await this.read(segment);
      if (batch === undefined) continue;
      const outcome = await this.deliver(batch);
      if (outcome === 'confirmed') {
        segment.confirm(batch);
        await this.queue.forget(batch.segment, batch).catch(() => undefined);
      } else if (outcome === 'refused') {
        segment.putAside(batch);
        this.logger.error(
          { batch: batch.segment, records: batch.lines.length },
          'evidence was set aside as dead letters',
        );
      }
      if (outcome !== 'stopped') count('iris.evidence.batches', { outcome });
      return outcome !== 'stopped';
    }
    this.measure();
    return false;
  }

  /** @param oldest the batch that waits longest, absent when none waits */
  private measure(oldest?: SegmentBatch): void {
    setGauge('iris.evidence.spool_bytes', this.spool.bytes, {});
    setGauge('iris.evidence.oldest_age', oldest === undefined ? 0 : ageOf(oldest), {});
  }

  private async read(segment: Segment): Promise<SegmentBatch | undefined> {
    if (!segment.pending) return undefined;
    try {
      return await segment.read(LIMITS);
    } catch (error) {
      this.lost(segment, error);
      return undefined;
    }
  }

  /** Another process took the file over, or somebody deleted it. */
  private lost(segment: Segment, error: unknown): void {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    this.spool.forget(segment);
    this.logger.warn({ segment: segment.name }, 'a segment of the evidence spool is gone');
  }

  private async deliver(batch: SegmentBatch): Promise<'confirmed' | 'refused' | 'stopped'> {
    let sent = false;
    let pollMs = MIN_POLL_MS;
    while (!this.stop.signal.aborted) {
      this.measure(batch);
      try {
        if (!sent) await this.queue.send(batch);
        if (!sent) count('iris.evidence.batches', { outcome: 'sent' });
        sent = true;
        await this.pause(pollMs);
        const state = await this.queue.state(batch.segment, batch);
        if (state === 'confirmed' || state === 'refused') return state;
        if (state === 'lost') sent = false;
      } catch {
        // Redis is unavailable: the records are safe here, and the batch has the same id when it is sent again.
        await this.pause(MAX_POLL_MS);
      }
      pollMs = Math.min(pollMs * 1.5, MAX_POLL_MS);
    }
    return 'stopped';
  }

  /** Dead letters may have been driven again, and a Redis that came back empty has forgotten them. */
  private async lookAtSetAside(): Promise<void> {
    const now = Date.now();
    if (now - this.checkedAsideAt < SET_ASIDE_MS) return;
    this.checkedAsideAt = now;
    let ranges = 0;
    for (const segment of this.spool.segments) {
      ranges += segment.setAside.length;
      for (const range of segment.setAside) {
        const state = await this.queue.state(segment.name, range).catch((): DeliveryState => 'waiting');
        if (state === 'confirmed') segment.confirm(range);
        if (state !== 'lost') continue;
        const batch = await segment.read(LIMITS, range).catch((error: unknown) => this.lost(segment, error));
        if (batch !== undefined) await this.queue.send(batch).catch(() => undefined);
      }
    }
    setGauge('iris.evidence.set_aside', ranges, {});
  }

  private async rest(): Promise<void> {
    if (!this.awake && !this.draining) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, IDLE_MS);
        this.wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    this.awake = false;
    if (!this.draining) await this.pause(LINGER_MS);
  }

  private async pause(ms: number): Promise<void> {
    await sleep(ms, undefined, { signal: this.stop.signal }).catch(() => undefined);
  }
}

/** Age of the first record of a batch, in s; 0 for one that a damaged disk made unreadable. */
function ageOf({ lines: [first = ''] }: SegmentBatch): number {
  try {
    const { time } = JSON.parse(first) as { time?: string };
    return time === undefined ? 0 : Math.max(0, (Date.now() - Date.parse(time)) / 1000);
  } catch {
    return 0;
  }
}
