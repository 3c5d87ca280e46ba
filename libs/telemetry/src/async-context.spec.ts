import { EventEmitter } from 'node:events';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { createContextKey, ROOT_CONTEXT } from '@opentelemetry/api';
import { AsyncContext } from './async-context.js';

const KEY = createContextKey('test');
const OWN = ROOT_CONTEXT.setValue(KEY, 'own');
const contexts = new AsyncContext();
const active = () => contexts.active().getValue(KEY);

describe('the context', () => {
  it('is the one of the function that runs, also after it has waited, and of nothing else', async () => {
    const run = async (value: string) => {
      const seen = [active()];
      await nextTurn();
      return [...seen, active()].every((each) => each === value);
    };
    const of = (value: string) => contexts.with(ROOT_CONTEXT.setValue(KEY, value), run, undefined, value);
    expect(await Promise.all([of('a'), of('b')])).toEqual([true, true]);
    expect(contexts.active()).toBe(ROOT_CONTEXT);
  });

  it('goes with a bound function, with its receiver and arguments', () => {
    const named = { name: 'ana', greet: (_word: string): unknown => undefined };
    named.greet = contexts.bind(OWN, function (this: { name: string }, word: string) {
      return [word, this.name, active()];
    });
    expect(named.greet('hello')).toEqual(['hello', 'ana', 'own']);
    expect(active()).toBeUndefined();
  });

  it('of what awaits an event is its own, though the emitter is not bound', async () => {
    const emitter = new EventEmitter();
    expect(contexts.bind(OWN, emitter)).toBe(emitter);
    const waiting = contexts.with(OWN, async () => {
      await new Promise((resolve) => emitter.once('data', resolve));
      return active();
    });
    emitter.emit('data');
    expect(await waiting).toBe('own');
  });
});
