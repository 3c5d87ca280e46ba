import { abortable } from './abortable.js';
import { abortError, VendorError } from './vendor-error.js';

interface SharedCall<T> {
  readonly result: Promise<T>;
  readonly controller: AbortController;
  /** How many still want the result. Who asked without a signal never leaves. */
  waiters: number;
}

/** Makes one call of concurrent equal ones in this process. The call is aborted when all who asked have left. */
export class SharedCalls<T> {
  private readonly underWay = new Map<string, SharedCall<T>>();

  /**
   * @param key equal for calls with equal results
   * @param leave aborted when this caller does not want the result any more; absent: the caller always wants it
   */
  async run(key: string, leave: AbortSignal | undefined, start: (signal: AbortSignal) => Promise<T>): Promise<T> {
    if (leave?.aborted) throw abortError(leave);
    const call = this.underWay.get(key) ?? this.begin(key, start);
    call.waiters += 1;
    const onLeave = () => {
      call.waiters -= 1;
      if (call.waiters > 0) return;
      // Who comes now must not join a call that is being given up.
      if (this.underWay.get(key) === call) this.underWay.delete(key);
      call.controller.abort(new VendorError('cancelled', 'nobody waits for the answer'));
    };
    leave?.addEventListener('abort', onLeave, { once: true });
    try {
      return await abortable(call.result, leave);
    } finally {
      leave?.removeEventListener('abort', onLeave);
    }
  }

  /** Waits until no call is under way. */
  async settled(): Promise<void> {
    await Promise.allSettled([...this.underWay.values()].map((call) => call.result));
  }

  private begin(key: string, start: (signal: AbortSignal) => Promise<T>): SharedCall<T> {
    const controller = new AbortController();
    const result = start(controller.signal).finally(() => {
      if (this.underWay.get(key) === call) this.underWay.delete(key);
    });
    const call: SharedCall<T> = { result, controller, waiters: 0 };
    this.underWay.set(key, call);
    return call;
  }
}
