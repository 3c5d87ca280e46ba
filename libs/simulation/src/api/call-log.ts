/** One request that reached a simulated API. */
export interface VendorCall {
  readonly vendor: string;
  readonly method: string;
  /** The route's pattern, for example `/api/v1/users/:id`; `unmatched` for a path that the vendor does not have. */
  readonly route: string;
  /** Path and query as sent. */
  readonly url: string;
  /** 0 when the connection ended without an answer. */
  readonly status: number;
  /** Ms since the epoch, by the real clock. */
  readonly startedAt: number;
  readonly durationMs: number;
}

/** Counts by `METHOD route`, and the calls themselves. */
export interface VendorCalls {
  readonly total: number;
  readonly byRoute: Readonly<Record<string, number>>;
  readonly byStatus: Readonly<Record<string, number>>;
  /** The most requests that ran at one time. */
  readonly mostAtOnce: number;
  /** The latest calls, oldest first. Counts continue when the list is full. */
  readonly calls: readonly VendorCall[];
}

const KEPT_CALLS = 10_000;

/** What reached one vendor. */
export class CallLog {
  #total = 0;
  #byRoute: Record<string, number> = {};
  #byStatus: Record<string, number> = {};
  #running = 0;
  #mostAtOnce = 0;
  #calls: VendorCall[] = [];

  get running(): number {
    return this.#running;
  }

  began(): void {
    this.#running++;
    this.#mostAtOnce = Math.max(this.#mostAtOnce, this.#running);
  }

  ended(call: VendorCall): void {
    this.#running--;
    this.#total++;
    const route = `${call.method} ${call.route}`;
    this.#byRoute[route] = (this.#byRoute[route] ?? 0) + 1;
    this.#byStatus[call.status] = (this.#byStatus[call.status] ?? 0) + 1;
    this.#calls.push(call);
    if (this.#calls.length > 2 * KEPT_CALLS) this.#calls = this.#calls.slice(-KEPT_CALLS);
  }

  read(): VendorCalls {
    return {
      total: this.#total,
      byRoute: { ...this.#byRoute },
      byStatus: { ...this.#byStatus },
      mostAtOnce: this.#mostAtOnce,
      calls: this.#calls.slice(-KEPT_CALLS),
    };
  }

  clear(): void {
    this.#total = 0;
    this.#byRoute = {};
    this.#byStatus = {};
    this.#mostAtOnce = this.#running;
    this.#calls = [];
  }
}
