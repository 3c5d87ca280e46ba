import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { JsonObject } from './json.js';
import { valuesIn, withoutNulls } from './json.js';

const objects = fc.dictionary(fc.string(), fc.jsonValue()) as fc.Arbitrary<JsonObject>;

describe('withoutNulls', () => {
  it('leaves out nulls of objects and lists, at any depth', () => {
    expect(withoutNulls({ a: null, b: [null, 1, { c: null, d: '' }], e: { f: null }, g: undefined, h: false })).toEqual(
      {
        b: [1, { d: '' }],
        e: {},
        h: false,
      },
    );
  });

  it('leaves no null, and everything where there was none', () => {
    fc.assert(
      fc.property(objects, (object) => {
        const known = withoutNulls(object);
        let nulls = 0;
        JSON.stringify(known, (_key, value) => {
          if (value === null) nulls += 1;
          return value;
        });
        expect(nulls).toBe(0);
        expect(withoutNulls(known)).toEqual(known);
      }),
    );
  });

  it('keeps a key that would change a prototype as a key', () => {
    const known = withoutNulls(JSON.parse('{"__proto__":{"admin":true},"a":1}'));
    expect(Object.keys(known)).toEqual(['__proto__', 'a']);
    expect('admin' in known).toBe(false);
  });
});

describe('valuesIn', () => {
  it.each([
    [null, 1],
    ['text', 1],
    [[], 1],
    [{ a: [1, 2], b: {} }, 5],
  ])('of %j is %s', (value, count) => {
    expect(valuesIn(value)).toBe(count);
  });
});
