/** Reserved from the budget for the transfer of the reply, in ms. */
export const REPLY_RESERVE_MS = 25;

/** What is left of the time inside which a hook must be answered. Monotonic, so a clock that jumps does not matter. */
export class Budget {
  private readonly start = performance.now();

  /** @param totalMs the whole time of the hook, in ms */
  constructor(readonly totalMs: number) {}

  /** Ms since the hook arrived. */
  elapsedMs(): number {
    return performance.now() - this.start;
  }

  /** Ms that are left, never below 0. */
  remainingMs(): number {
    return Math.max(0, this.totalMs - this.elapsedMs());
  }

  /** Ms that are left until the given share of the whole budget is used, never below 0. */
  remainingMsOfShare(percent: number): number {
    return Math.max(0, (this.totalMs * percent) / 100 - this.elapsedMs());
  }
}
