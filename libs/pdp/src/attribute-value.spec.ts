import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { toAttributes, toAttributeValue } from './attribute-value.js';

/** What protobuf's JSON mapping accepts: plain JSON with finite numbers and well-formed texts. */
function isCarriable(value: unknown): boolean {
  if (value === null || typeof value === 'boolean') return true;
  if (typeof value === 'string') return value.isWellFormed();
  if (typeof value === 'number') return Number.isFinite(value);
  if (Array.isArray(value)) return value.every(isCarriable);
  return (
    typeof value === 'object' &&
    Object.getPrototypeOf(value) === Object.prototype &&
    Object.entries(value).every(([key, member]) => key.isWellFormed() && isCarriable(member))
  );
}

describe('toAttributes', () => {
  it('gives what protobuf can carry, whatever it is given', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.anything({ withBigInt: true, withDate: true })), (value) => {
        expect(isCarriable(toAttributes(value))).toBe(true);
      }),
    );
  });

  it('changes nothing of plain JSON', () => {
    const plain = fc
      .jsonValue({ noUnicodeString: true })
      .filter((value) => !JSON.stringify(value).includes('__proto__'));
    fc.assert(
      fc.property(plain, (value) => {
        expect(JSON.stringify(toAttributeValue(value))).toBe(JSON.stringify(value));
      }),
    );
  });

  it.each([
    ['undefined', undefined],
    ['NaN', Number.NaN],
    ['infinity', Number.POSITIVE_INFINITY],
    ['a function', () => 1],
    ['a symbol', Symbol('x')],
    ['a date that is none', new Date(Number.NaN)],
  ])('leaves %s out', (_title, value) => {
    expect(toAttributes({ kept: 1, value })).toEqual({ kept: 1 });
  });

  it('keeps the places in a list', () => {
    expect(toAttributes({ list: [1, undefined, 3] })).toEqual({ list: [1, null, 3] });
  });

  it('takes nothing for a prototype', () => {
    const attributes = toAttributes(JSON.parse('{"__proto__":{"admin":true},"x":{"__proto__":{"admin":true}}}'));
    expect(attributes).toEqual({ x: {} });
    expect((attributes as { admin?: unknown }).admin).toBeUndefined();
  });

  it('ends where nesting gets too deep for the other side', () => {
    let deep: unknown = 'bottom';
    for (let level = 0; level < 10_000; level += 1) deep = { deep };
    expect(JSON.stringify(toAttributes({ deep }))).not.toContain('bottom');
  });
});
