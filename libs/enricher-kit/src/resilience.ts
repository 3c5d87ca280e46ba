import type { SourceSettings } from '@iris/contracts';
import {
  BrokenCircuitError,
  BulkheadRejectedError,
  bulkhead,
  CircuitState,
  ConsecutiveBreaker,
  circuitBreaker,
  DelegateBackoff,
  ExponentialBackoff,
  handleWhen,
  retry,
} from 'cockatiel';
import { abortable } from './abortable.js';
import type { CircuitPosition, EnricherObserver } from './enricher-observer.js';
import { toVendorError, VendorError, type VendorErrorKind } from './vendor-error.js';
import { VendorPause } from './vendor-pause.js';

/** How many times a failed call is made again. Only reads pass here, so all of them may be. */
const MAX_RETRIES = 2;
/** Waits before a retry when the vendor names none, in ms; the real wait is between zero and this. */
const RETRY_BASE_MS = 200;
const RETRY_MAX_MS = 2000;
/** Added to the wait that a vendor asks for, so that replicas do not come back in step, in ms. */
const RETRY_JITTER_MS = 100;
/** Calls that may wait, per call that may run. */
const QUEUED_PER_SLOT = 10;
/** The circuit opens after so many failures in a row... */
const BREAK_AFTER_FAILURES = 5;
/** ...for so long at first, and longer while the trial calls fail too, in ms. */
const HALF_OPEN_FIRST_MS = 1000;
const HALF_OPEN_MAX_MS = 30_000;

/**
 * What speaks against the vendor. Not so: `cancelled` and `overloaded`, which are our own doing, and `circuit_open`.
 * An answer that the subject is not found or ambiguous is a result, not an error, and proves the vendor well.
 */
const COUNTS_AS_FAILURE: ReadonlySet<VendorErrorKind> = new Set([
  'unauthorized',
  'rate_limited',
  'unavailable',
  'timeout',
  'bad_response',
]);

/** What may be better a moment later. Wrong credentials, a wrong answer and a used up time limit are not. */
const WORTH_A_RETRY: ReadonlySet<VendorErrorKind> = new Set(['rate_limited', 'unavailable']);

const POSITIONS: Readonly<Record<CircuitState, CircuitPosition>> = {
  [CircuitState.Closed]: 'closed',
  [CircuitState.HalfOpen]: 'half_open',
  [CircuitState.Open]: 'open',
  [CircuitState.Isolated]: 'open',
};

export interface ResilienceOptions {
  readonly settings: Pick<SourceSettings, 'timeoutMs' | 'concurrency'>;
  readonly observer: Pick<EnricherObserver, 'retried' | 'circuitMoved'>;
}

/**
 * The one place that decides how a vendor is called: within the source's time limit, as many at once as it allows,
 * again where that can help, and not at all while the vendor is down or asks to wait.
 */
export class Resilience {
  private breaker = this.newBreaker();
  /** By the monotonic clock, in ms: a wall clock that is set back must not prolong a pause by hours. */
  private openedAt = 0;
  private readonly bulkhead;
  private readonly pause = new VendorPause();

  constructor(private readonly options: ResilienceOptions) {
    const { concurrency } = options.settings;
    this.bulkhead = bulkhead(concurrency, concurrency * QUEUED_PER_SLOT);
  }

  get circuit(): CircuitPosition {
    return POSITIONS[this.breaker.state];
  }

  /**
   * Makes a call. The time limit of the source is for all of it: waiting for a slot, every try and the pauses between.
   *
   * @param call must end when its signal is aborted; one that does not keeps its slot until it ends
   * @param signal aborted when nobody waits any more
   * @throws VendorError
   */
  async run<T>(call: (signal: AbortSignal) => Promise<T>, signal: AbortSignal): Promise<T> {
    const { timeoutMs } = this.options.settings;
    const limit = new AbortController();
    const endsAt = performance.now() + timeoutMs;
    const timer = setTimeout(() => limit.abort(new VendorError('timeout', `no answer in ${timeoutMs} ms`)), timeoutMs);
    const limits = AbortSignal.any([signal, limit.signal]);
    let started = false;
    const tracked = (limited: AbortSignal) => {
      started = true;
      return call(limited);
    };
    try {
      return await abortable(this.retried(tracked, endsAt, limits), limits);
    } catch (error) {
      throw blamed(error, started);
    } finally {
      clearTimeout(timer);
    }
  }

  private newBreaker() {
    const breaker = circuitBreaker(
      handleWhen((error) => COUNTS_AS_FAILURE.has(toVendorError(error).kind)),
      {
        breaker: new ConsecutiveBreaker(BREAK_AFTER_FAILURES),
        halfOpenAfter: new ExponentialBackoff({ initialDelay: HALF_OPEN_FIRST_MS, maxDelay: HALF_OPEN_MAX_MS }),
      },
    );
    breaker.onStateChange((state) => {
      if (state === CircuitState.Open) this.openedAt = performance.now();
      this.options.observer.circuitMoved(POSITIONS[state]);
    });
    return breaker;
  }

  /** The breaker goes by the wall clock, and one that is set back holds it open; then another one takes its place. */
  private renewOverdueBreaker(): void {
    const overdue = performance.now() - this.openedAt > 2 * HALF_OPEN_MAX_MS;
    if (this.breaker.state !== CircuitState.Open || !overdue) return;
    this.breaker = this.newBreaker();
    this.options.observer.circuitMoved('closed');
  }

  private retried<T>(call: (signal: AbortSignal) => Promise<T>, endsAt: number, signal: AbortSignal): Promise<T> {
    let retries = 0;
    let waitMs = 0;
    const isWorthIt = (thrown: Error) => {
      const error = toVendorError(thrown);
      if (!WORTH_A_RETRY.has(error.kind)) return false;
      waitMs = waitBefore(error, retries);
      return performance.now() + waitMs < endsAt;
    };
    const policy = retry(handleWhen(isWorthIt), {
      maxAttempts: MAX_RETRIES,
      backoff: new DelegateBackoff(() => waitMs),
    });
    policy.onRetry((event) => {
      retries += 1;
      if ('error' in event) this.options.observer.retried(toVendorError(event.error).kind);
    });
    return policy.execute(() => this.attempt(call, signal), signal);
  }

  /** A slot comes first, because what waited for one must see that the vendor failed or asked to wait meanwhile. */
  private async attempt<T>(call: (signal: AbortSignal) => Promise<T>, signal: AbortSignal): Promise<T> {
    // The retry's pause does not end with the signal.
    if (signal.aborted) throw toVendorError(signal.reason);
    let started = false;
    const running = this.bulkhead.execute(async () => {
      let ended: Promise<unknown> = Promise.resolve();
      const made = () => {
        started = true;
        const answer = call(signal);
        ended = answer.catch(() => {});
        return abortable(answer, signal);
      };
      try {
        return await this.pause.run(() => this.unlessBroken(made), signal);
      } finally {
        await ended;
      }
    }, signal);
    try {
      return await abortable(running, signal);
    } catch (thrown) {
      if (thrown instanceof BulkheadRejectedError) throw new VendorError('overloaded', 'too many calls wait');
      throw blamed(thrown, started);
    }
  }

  private async unlessBroken<T>(call: () => Promise<T>): Promise<T> {
    this.renewOverdueBreaker();
    try {
      return await this.breaker.execute(call);
    } catch (thrown) {
      if (!(thrown instanceof BrokenCircuitError)) throw toVendorError(thrown);
      throw new VendorError('circuit_open', 'the vendor failed repeatedly and is not asked');
    }
  }
}

/** A call that waited for its slot until the time limit was never made: that does not speak against the vendor. */
function blamed(thrown: unknown, started: boolean): VendorError {
  const error = toVendorError(thrown);
  if (error.kind !== 'timeout' || started) return error;
  return new VendorError('overloaded', 'no slot became free in time');
}

function waitBefore(error: VendorError, retries: number): number {
  if (error.retryAfterMs !== undefined) return error.retryAfterMs + 1 + Math.random() * RETRY_JITTER_MS;
  return Math.random() * Math.min(RETRY_BASE_MS * 2 ** retries, RETRY_MAX_MS);
}
