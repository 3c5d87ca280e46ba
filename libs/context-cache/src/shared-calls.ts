interface SharedCall<T> {
  readonly result: Promise<T>;
  readonly controller: AbortController;
  /** How many still want the result. Who asked without a signal never leaves. */
  waiters: number;
}

/** Makes one call of concurrent equal ones in this process. The call is aborted when all who asked have left. */
export class SharedCalls<T> {
  private readonly calls = new Map<string, SharedCall<T>>();

  /**
   * @param key equal for calls with equal results
   * @param leave aborted when this caller does not want the result any more; absent: the caller always wants it
   * @param start begins the call; its signal is aborted when nobody waits
   * @throws what the call throws; the reason of `leave` once it is aborted
   */
  async run(key: string, leave: AbortSignal | undefined, start: (signal: AbortSignal) => Promise<T>): Promise<T> {
    leave?.throwIfAborted();
    const call = this.calls.get(key) ?? this.begin(key, start);
    call.waiters += 1;
    if (leave === undefined) return call.result;
    const left = Promise.withResolvers<never>();
    const onLeave = () => {
      left.reject(leave.reason);
      call.waiters -= 1;
      if (call.waiters > 0) return;
      // Who comes now must not join a call that is being given up.
      this.end(key, call);
      call.controller.abort();
    };
    leave.addEventListener('abort', onLeave, { once: true });
    try {
      return await Promise.race([call.result, left.promise]);
    } finally {
      leave.removeEventListener('abort', onLeave);
    }
  }

  /** Waits until no call is in flight. */
  async settled(): Promise<void> {
    await Promise.allSettled([...this.calls.values()].map(({ result }) => result));
  }

  private begin(key: string, start: (signal: AbortSignal) => Promise<T>): SharedCall<T> {
    const controller = new AbortController();
    const result = start(controller.signal).finally(() => this.end(key, call));
    // All who wait may leave before it fails; it then fails unseen.
    result.catch(() => undefined);
    const call: SharedCall<T> = { result, controller, waiters: 0 };
    this.calls.set(key, call);
    return call;
  }

  private end(key: string, call: SharedCall<T>): void {
    if (this.calls.get(key) === call) this.calls.delete(key);
  }
}
