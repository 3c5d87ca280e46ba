import { abortable } from './abortable.js';
import { toVendorError, VendorError } from './vendor-error.js';

/** Longest time for which a vendor's request to wait is followed, in ms. */
const MAX_PAUSE_MS = 300_000;

/**
 * Leaves a vendor alone for as long as it asked to. Then one call goes first, and those that wait follow when it went
 * well: all at once they would use up what the vendor has just begun to allow again.
 */
export class VendorPause {
  /** By the monotonic clock, in ms: a wall clock that is set back must not prolong it. -Infinity: no pause. */
  private endsAt = Number.NEGATIVE_INFINITY;
  /** The call that goes first, as long as it runs. It never rejects. */
  private trial: Promise<void> | undefined;

  /**
   * @param signal ends the wait for the call that goes first
   * @throws VendorError `rate_limited` while the pause lasts; what `call` throws; the signal's reason
   */
  async run<T>(call: () => Promise<T>, signal: AbortSignal): Promise<T> {
    while (this.trial !== undefined) await abortable(this.trial, signal);
    const leftMs = this.endsAt - performance.now();
    if (leftMs > 0) throw new VendorError('rate_limited', 'the vendor asked to wait', { retryAfterMs: leftMs });
    const isTrial = this.endsAt > Number.NEGATIVE_INFINITY;
    const running = this.watched(call);
    if (isTrial) this.trial = running.then(this.trialEnded, this.trialEnded);
    return running;
  }

  private readonly trialEnded = (): void => {
    this.trial = undefined;
  };

  private async watched<T>(call: () => Promise<T>): Promise<T> {
    try {
      const result = await call();
      // A call from before the pause proves nothing about its end.
      if (performance.now() >= this.endsAt) this.endsAt = Number.NEGATIVE_INFINITY;
      return result;
    } catch (thrown) {
      const { kind, retryAfterMs } = toVendorError(thrown);
      if (kind === 'rate_limited' && retryAfterMs !== undefined) {
        this.endsAt = Math.max(this.endsAt, performance.now() + Math.min(retryAfterMs, MAX_PAUSE_MS));
      }
      throw thrown;
    }
  }
}
