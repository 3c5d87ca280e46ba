import { EventEmitter, once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { DecisionLog } from '@iris/decision-log';

/** How often the log is asked for arrivals, in ms, and after an error. */
const POLL_MS = 400;
const RETRY_MS = 2000;

/**
 * Watches the log for arrivals, once for all streams: a stream asks the log by its own cursor only after something
 * arrived. Polls only while somebody waits.
 */
export class Arrivals {
  private readonly emitter = new EventEmitter();
  private waiting = 0;
  private polling: Promise<void> | undefined;
  private cursor: string | undefined;
  private readonly end = new AbortController();

  constructor(
    private readonly log: Pick<DecisionLog, 'since'>,
    private readonly pollMs = POLL_MS,
  ) {
    this.emitter.setMaxListeners(0);
  }

  /** Grows with each arrival. A reader takes it before it asks the log, so that no arrival falls between. */
  version = 0;

  /** Resolves when something arrived since that version, when the log has an error, or when the signal ends it. */
  async wait(since: number, signal: AbortSignal): Promise<void> {
    if (since !== this.version) return;
    this.waiting += 1;
    this.polling ??= this.poll().finally(() => {
      this.polling = undefined;
    });
    try {
      await once(this.emitter, 'arrival', { signal: AbortSignal.any([signal, this.end.signal]) });
    } catch {
      // Ended by a signal.
    } finally {
      this.waiting -= 1;
    }
  }

  close(): void {
    this.end.abort();
  }

  private async poll(): Promise<void> {
    while (this.waiting > 0 && !this.end.signal.aborted) {
      let delay = this.pollMs;
      try {
        const { cursor, decisions } = await this.log.since(this.cursor, undefined, 1000);
        const first = this.cursor === undefined;
        this.cursor = cursor;
        // Between the last poll and this one something may have arrived, so the first one wakes too.
        if (first || decisions.length > 0) this.announce();
      } catch {
        this.cursor = undefined;
        this.announce();
        delay = RETRY_MS;
      }
      await sleep(delay, undefined, { signal: this.end.signal }).catch(() => undefined);
    }
  }

  private announce(): void {
    this.version += 1;
    this.emitter.emit('arrival');
  }
}
