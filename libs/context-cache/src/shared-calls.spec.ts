import { setImmediate as nextTurn } from 'node:timers/promises';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { SharedCalls } from './shared-calls.js';

describe('SharedCalls', () => {
  let shared: SharedCalls<string>;
  let started: { readonly signal: AbortSignal; resolve(value: string): void; reject(error: Error): void }[];
  const start = (signal: AbortSignal) => {
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    started.push({ signal, resolve, reject });
    return promise;
  };
  const ask = (key: string, leave?: AbortSignal) => shared.run(key, leave, start);
  beforeEach(() => {
    shared = new SharedCalls();
    started = [];
  });

  it('makes one call of equal concurrent ones, and another one of what is asked afterwards', async () => {
    const answers = Promise.all([ask('a'), ask('a', new AbortController().signal), ask('b')]);
    started[0]?.resolve('of a');
    started[1]?.resolve('of b');
    expect(await answers).toEqual(['of a', 'of a', 'of b']);
    void ask('a');
    expect(started).toHaveLength(3);
  });

  it('passes an error to all who wait, and keeps it for nobody else', async () => {
    const answers = Promise.allSettled([ask('a'), ask('a', new AbortController().signal)]);
    started[0]?.reject(new Error('broken'));
    expect((await answers).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    const again = ask('a');
    started[1]?.resolve('well');
    expect(await again).toBe('well');
  });

  it('continues as long as one waits, and is aborted when nobody does', async () => {
    const [one, other] = [new AbortController(), new AbortController()];
    const answers = [ask('a', one.signal), ask('a', other.signal)];
    const reasons = Promise.all(answers.map((answer) => answer.catch((error: unknown) => error)));
    one.abort(new Error('the first left'));
    expect(started[0]?.signal.aborted).toBe(false);
    other.abort(new Error('the second left'));
    expect(started[0]?.signal.aborted).toBe(true);
    expect(await reasons).toEqual([new Error('the first left'), new Error('the second left')]);
  });

  it('does not join a call that was given up', async () => {
    const gone = new AbortController();
    const left = ask('a', gone.signal).catch((error: unknown) => error);
    gone.abort(new Error('left'));
    const answer = ask('a');
    expect(started).toHaveLength(2);
    // The one that was given up ends later and takes nothing along.
    started[0]?.reject(new Error('aborted'));
    await nextTurn();
    const third = ask('a');
    expect(started).toHaveLength(2);
    started[1]?.resolve('facts');
    expect(await Promise.all([answer, third])).toEqual(['facts', 'facts']);
    expect(await left).toEqual(new Error('left'));
  });

  it('makes no call for one who has left already', async () => {
    await expect(ask('a', AbortSignal.abort(new Error('left')))).rejects.toThrow('left');
    expect(started).toHaveLength(0);
  });

  it('is not aborted when one waits without a signal', () => {
    const gone = new AbortController();
    void ask('a');
    ask('a', gone.signal).catch(() => undefined);
    gone.abort();
    expect(started[0]?.signal.aborted).toBe(false);
  });

  it('resolves when all calls have ended, whatever their outcome', async () => {
    const answers = Promise.allSettled([ask('a'), ask('b')]);
    let settled = false;
    const waiting = shared.settled().then(() => {
      settled = true;
    });
    started[0]?.reject(new Error('broken'));
    await nextTurn();
    expect(settled).toBe(false);
    started[1]?.resolve('well');
    await waiting;
    await answers;
  });
});
