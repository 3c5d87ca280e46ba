import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { CircuitPosition } from './enricher-observer.js';
import { Resilience } from './resilience.js';
import { VendorError, type VendorErrorKind } from './vendor-error.js';

const always = new AbortController().signal;

describe('how a vendor is called', () => {
  let retries: VendorErrorKind[];
  let positions: CircuitPosition[];

  beforeEach(() => {
    jest.useFakeTimers();
    retries = [];
    positions = [];
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  function resilience(settings = { timeoutMs: 10_000, concurrency: 2 }): Resilience {
    return new Resilience({
      settings,
      observer: { retried: (kind) => retries.push(kind), circuitMoved: (position) => positions.push(position) },
    });
  }

  /** Fails with the listed errors, then answers. */
  function failing(...errors: (VendorError | Error)[]) {
    const calls: number[] = [];
    const call = async () => {
      calls.push(Date.now());
      const error = errors.shift();
      if (error !== undefined) throw error;
      return 'facts';
    };
    return { call, calls };
  }

  function kindOf(promise: Promise<unknown>): Promise<string> {
    return promise.then(
      () => 'answered',
      (error: VendorError) => error.kind,
    );
  }

  it('tries again what may be better a moment later', async () => {
    const { call, calls } = failing(new VendorError('unavailable', '1'), new VendorError('unavailable', '2'));
    const answer = resilience().run(call, always);
    await jest.advanceTimersByTimeAsync(9000);
    expect(await answer).toBe('facts');
    expect(calls).toHaveLength(3);
    expect(retries).toEqual(['unavailable', 'unavailable']);
  });

  it('gives up after two retries', async () => {
    const { call, calls } = failing(...Array.from({ length: 9 }, () => new VendorError('unavailable', 'x')));
    const kind = kindOf(resilience().run(call, always));
    await jest.advanceTimersByTimeAsync(9000);
    expect(await kind).toBe('unavailable');
    expect(calls).toHaveLength(3);
  });

  it.each<VendorErrorKind>(['unauthorized', 'bad_response', 'timeout', 'cancelled'])(
    'does not try %s again',
    async (kind) => {
      const { call, calls } = failing(new VendorError(kind, 'x'));
      expect(await kindOf(resilience().run(call, always))).toBe(kind);
      expect(calls).toHaveLength(1);
    },
  );

  it('takes every other error for an answer that cannot be trusted', async () => {
    const { call, calls } = failing(new TypeError('x of undefined'));
    expect(await kindOf(resilience().run(call, always))).toBe('bad_response');
    expect(calls).toHaveLength(1);
  });

  it('waits as long as the vendor asks to, when that fits the time limit', async () => {
    const { call, calls } = failing(new VendorError('rate_limited', 'x', { retryAfterMs: 4000 }));
    const answer = resilience().run(call, always);
    await jest.advanceTimersByTimeAsync(4200);
    expect(await answer).toBe('facts');
    expect((calls[1] ?? 0) - (calls[0] ?? 0)).toBeGreaterThanOrEqual(4000);
  });

  it('does not wait longer than its time limit, and leaves the vendor alone until then', async () => {
    const { call, calls } = failing(new VendorError('rate_limited', 'x', { retryAfterMs: 60_000 }));
    const mine = resilience();
    expect(await kindOf(mine.run(call, always))).toBe('rate_limited');
    expect(await kindOf(mine.run(call, always))).toBe('rate_limited');
    expect(calls).toHaveLength(1);
    await jest.advanceTimersByTimeAsync(60_001);
    expect(await mine.run(call, always)).toBe('facts');
  });

  it('sends one call first when a pause is over, and the others once it went well', async () => {
    const mine = resilience({ timeoutMs: 10_000, concurrency: 10 });
    await kindOf(mine.run(failing(new VendorError('rate_limited', 'x', { retryAfterMs: 60_000 })).call, always));
    await jest.advanceTimersByTimeAsync(60_001);
    const first = Promise.withResolvers<string>();
    let calls = 0;
    const call = () => {
      calls += 1;
      return calls === 1 ? first.promise : Promise.resolve('facts');
    };
    const answers = Array.from({ length: 8 }, () => mine.run(call, always));
    await jest.advanceTimersByTimeAsync(1000);
    expect(calls).toBe(1);
    first.resolve('facts');
    expect(await Promise.all(answers)).toEqual(Array(8).fill('facts'));
    expect(calls).toBe(8);
  });

  it('sends one call for each pause that the vendor asks for, however many wait for its end', async () => {
    const mine = resilience({ timeoutMs: 3500, concurrency: 2 });
    const calls: number[] = [];
    const call = async () => {
      calls.push(performance.now());
      await new Promise((resolve) => setTimeout(resolve, 20));
      throw new VendorError('rate_limited', 'x', { retryAfterMs: 1000 });
    };
    const kinds = Array.from({ length: 12 }, () => kindOf(mine.run(call, always)));
    await jest.advanceTimersByTimeAsync(4000);
    expect(new Set(await Promise.all(kinds))).toEqual(new Set(['rate_limited']));
    // Two began at once, before the vendor had said anything; then each of the two rounds of retries has its one.
    expect(calls.length).toBeGreaterThanOrEqual(3);
    expect(calls.length).toBeLessThanOrEqual(5);
  });

  it('lets the next call go first when nobody waits for the one that did', async () => {
    const mine = resilience();
    await kindOf(mine.run(failing(new VendorError('rate_limited', 'x', { retryAfterMs: 60_000 })).call, always));
    await jest.advanceTimersByTimeAsync(60_001);
    const gone = new AbortController();
    const left = kindOf(mine.run(() => Promise.withResolvers<string>().promise, gone.signal));
    const next = mine.run(async () => 'facts', always);
    await jest.advanceTimersByTimeAsync(10);
    gone.abort(new VendorError('cancelled', 'left'));
    expect(await left).toBe('cancelled');
    await jest.advanceTimersByTimeAsync(10);
    expect(await next).toBe('facts');
  });

  it('does not make a call that waited for its slot while the vendor failed', async () => {
    const mine = resilience({ timeoutMs: 10_000, concurrency: 5 });
    const { call, calls } = failing(...Array.from({ length: 40 }, () => new VendorError('bad_response', 'x')));
    const slow = async () => {
      await new Promise((resolve) => setTimeout(resolve, 50));
      return call();
    };
    const kinds = Array.from({ length: 20 }, () => kindOf(mine.run(slow, always)));
    await jest.advanceTimersByTimeAsync(200);
    const refused = (await Promise.all(kinds)).filter((kind) => kind === 'circuit_open');
    expect(calls).toHaveLength(20 - refused.length);
    // Before the fifth has failed, each of the four that failed earlier has given its slot to one more.
    expect(calls.length).toBeLessThanOrEqual(9);
  });

  it('ends a call at the time limit, retries included', async () => {
    const never = Promise.withResolvers<string>();
    const mine = resilience();
    let aborted = false;
    const kind = kindOf(
      mine.run((signal) => {
        signal.addEventListener('abort', () => {
          aborted = true;
        });
        return never.promise;
      }, always),
    );
    await jest.advanceTimersByTimeAsync(10_000);
    expect(await kind).toBe('timeout');
    expect(aborted).toBe(true);
  });

  it('ends a call that nobody waits for', async () => {
    const controller = new AbortController();
    const kind = kindOf(resilience().run(() => Promise.withResolvers<string>().promise, controller.signal));
    controller.abort(new VendorError('cancelled', 'x'));
    expect(await kind).toBe('cancelled');
  });

  it('runs as many calls at once as it may, lets some wait and refuses the rest', async () => {
    const mine = resilience({ timeoutMs: 10_000, concurrency: 2 });
    const gate = Promise.withResolvers<string>();
    let running = 0;
    let most = 0;
    const kinds = Array.from({ length: 30 }, () =>
      kindOf(
        mine.run(async () => {
          running += 1;
          most = Math.max(most, running);
          await gate.promise;
          running -= 1;
        }, always),
      ),
    );
    await jest.advanceTimersByTimeAsync(10);
    expect(running).toBe(2);
    gate.resolve('go');
    const outcomes = await Promise.all(kinds);
    expect(most).toBe(2);
    expect(outcomes.filter((kind) => kind === 'answered')).toHaveLength(22);
    expect(outcomes.filter((kind) => kind === 'overloaded')).toHaveLength(8);
  });

  it('calls the wait for a slot its own error, not the vendor’s', async () => {
    const mine = resilience({ timeoutMs: 1000, concurrency: 1 });
    const stuck = kindOf(mine.run(() => Promise.withResolvers<string>().promise, always));
    const waiting = kindOf(mine.run(async () => 'x', always));
    await jest.advanceTimersByTimeAsync(1000);
    expect(await stuck).toBe('timeout');
    expect(await waiting).toBe('overloaded');
  });

  it('does not ask a vendor that failed five times in a row, tries later, and closes when it is well', async () => {
    const mine = resilience();
    const down = async () => {
      throw new VendorError('bad_response', 'x');
    };
    for (let index = 0; index < 5; index += 1) expect(await kindOf(mine.run(down, always))).toBe('bad_response');
    const { call, calls } = failing();
    expect(await kindOf(mine.run(call, always))).toBe('circuit_open');
    expect(calls).toHaveLength(0);
    expect(mine.circuit).toBe('open');
    await jest.advanceTimersByTimeAsync(30_001);
    expect(await mine.run(call, always)).toBe('facts');
    expect(positions).toEqual(['open', 'half_open', 'closed']);
  });

  it.each<VendorErrorKind>(['cancelled', 'overloaded'])('does not hold %s against the vendor', async (kind) => {
    const mine = resilience();
    for (let index = 0; index < 20; index += 1) {
      expect(await kindOf(mine.run(() => Promise.reject(new VendorError(kind, 'x')), always))).toBe(kind);
    }
    expect(mine.circuit).toBe('closed');
  });

  it('keeps calls per minute low while the vendor is down', async () => {
    const mine = resilience();
    let calls = 0;
    const down = async () => {
      calls += 1;
      throw new VendorError('unavailable', 'x');
    };
    for (let tick = 0; tick < 600; tick += 1) {
      void kindOf(mine.run(down, always));
      await jest.advanceTimersByTimeAsync(100);
    }
    expect(calls).toBeGreaterThanOrEqual(5);
    expect(calls).toBeLessThan(40);
  });
});
