import type { Json, JsonObject } from '@iris/contracts';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { MAX_CALL_BYTES, MAX_CALL_DEPTH, MAX_CALL_VALUES, policyParams } from './policy-params.js';

const MAX_BYTES = 4096;

function nested(levels: number): Json {
  let value: Json = 'bottom';
  for (let level = 0; level < levels; level += 1) value = { down: value };
  return value;
}

describe('policyParams', () => {
  it('gives what is small as it is', () => {
    const small = (
      fc.dictionary(fc.string({ maxLength: 5 }), fc.jsonValue({ maxDepth: 3 })) as fc.Arbitrary<JsonObject>
    )
      .filter((params) => JSON.stringify(params).length < 200)
      .filter((params) => !JSON.stringify(params).includes('__proto__'));
    fc.assert(
      fc.property(small, (params) => {
        expect(policyParams(params, MAX_BYTES)).toEqual({ status: 'ok', params, truncated: false });
      }),
    );
  });

  it('replaces long texts by their length and digest when there is too much, and keeps the others', () => {
    const params = { sql: 'DROP TABLE x', pad: 'x'.repeat(MAX_BYTES), list: ['y'.repeat(1025), 'z'] };
    const sent = policyParams(params, MAX_BYTES);
    expect(sent).toEqual({
      status: 'ok',
      truncated: true,
      params: {
        sql: 'DROP TABLE x',
        pad: expect.stringMatching(/^\[cut: 4096 characters, sha256 [0-9a-f]{64}\]$/),
        list: [expect.stringMatching(/^\[cut: 1025 characters, sha256 [0-9a-f]{64}\]$/), 'z'],
      },
    });
    const other = policyParams({ ...params, pad: `${'x'.repeat(MAX_BYTES - 1)}y` }, MAX_BYTES);
    expect(other).not.toEqual(sent);
  });

  it.each<[string, JsonObject, 'call_too_large' | 'call_too_complex']>([
    ['one text over the limit', { sql: 'DROP TABLE x', pad: 'x'.repeat(MAX_CALL_BYTES) }, 'call_too_large'],
    ['one key over the limit', { ['k'.repeat(MAX_CALL_BYTES)]: 1 }, 'call_too_large'],
    ['short texts that cannot be cut', { list: Array.from({ length: 20 }, () => 'x'.repeat(1000)) }, 'call_too_large'],
    ['many values', { list: Array.from({ length: MAX_CALL_VALUES + 1 }, () => 1) }, 'call_too_complex'],
    [
      'many keys',
      Object.fromEntries(Array.from({ length: MAX_CALL_VALUES + 1 }, (_, index) => [index, 1])),
      'call_too_complex',
    ],
  ])('refuses %s', (_title, params, status) => {
    expect(policyParams(params, MAX_BYTES)).toEqual({ status });
  });

  it('marks what it cannot send: a key that names the prototype, and deep nesting', () => {
    const proto = policyParams(JSON.parse('{"a":1,"b":{"__proto__":{"admin":true}}}') as JsonObject, MAX_BYTES);
    expect(proto).toEqual({ status: 'ok', truncated: true, params: { a: 1, b: {} } });
    const deep = policyParams({ deep: nested(MAX_CALL_DEPTH + 5) }, MAX_BYTES);
    expect(deep).toMatchObject({ status: 'ok', truncated: true });
    expect(JSON.stringify(deep)).toContain('[cut: deeper than 60 levels]');
    expect(policyParams({ deep: nested(MAX_CALL_DEPTH - 2) }, MAX_BYTES)).toMatchObject({ truncated: false });
  });
});
