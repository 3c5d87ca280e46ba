/** Where a caller is in the present window of a limit. */
export interface LimitState {
  readonly limit: number;
  readonly remaining: number;
  /** Ms since the epoch, by the real clock: clients compare it with the Date header. */
  readonly resetAt: number;
  readonly exceeded: boolean;
}

/** So many requests in fixed windows of time, for each bucket. */
export class RateLimiter {
  readonly #windows = new Map<string, { resetAt: number; used: number }>();

  constructor(
    readonly limit: number,
    readonly windowMs: number,
  ) {}

  take(bucket: string, nowMs: number = Date.now()): LimitState {
    let window = this.#windows.get(bucket);
    if (window === undefined || window.resetAt <= nowMs) {
      window = { resetAt: nowMs + this.windowMs, used: 0 };
      this.#windows.set(bucket, window);
    }
    window.used++;
    return {
      limit: this.limit,
      remaining: Math.max(0, this.limit - window.used),
      resetAt: window.resetAt,
      exceeded: window.used > this.limit,
    };
  }

  clear(): void {
    this.#windows.clear();
  }
}
