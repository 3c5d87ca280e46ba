import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Json, JsonObject } from '@iris/contracts';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { parse } from 'yaml';
import { Masker } from './masker.js';

interface Case {
  readonly name: string;
  readonly params: JsonObject;
  readonly gone?: readonly string[];
  readonly kept?: readonly string[];
  readonly unchanged?: true;
}

const folder = join(import.meta.dirname, '../../../../test/cases/masking');
const cases = readdirSync(folder)
  .sort()
  .flatMap((file) => (parse(readFileSync(join(folder, file), 'utf8')) as Case[]).map((entry) => ({ file, ...entry })));
const secrets = cases.flatMap(({ gone }) => gone ?? []);
const masker = new Masker();

/** Keys and texts, with JSON inside texts unfolded, so that no escape hides a secret from the search. */
function allTexts(value: Json): string {
  if (typeof value === 'string') {
    try {
      const inner: Json = JSON.parse(value);
      return typeof inner === 'object' && inner !== null ? `${value}\n${allTexts(inner)}` : value;
    } catch {
      return value;
    }
  }
  if (typeof value !== 'object' || value === null) return String(value);
  return Object.entries(value)
    .map(([key, inner]) => `${key}\n${allTexts(inner)}`)
    .join('\n');
}

describe('the corpus of secrets', () => {
  it.each(cases)('$file: $name', ({ params, gone = [], kept = [], unchanged }) => {
    const { value, changed } = masker.parameters(params);
    const left = allTexts(value);
    expect(gone.filter((secret) => left.includes(secret))).toEqual([]);
    expect(kept.filter((text) => !left.includes(text))).toEqual([]);
    expect(changed).toBe(unchanged !== true);
    if (unchanged) expect(value).toEqual(params);
  });
});

/** The same keys (up to masked ones), the same lengths of lists. */
function sameShape(before: Json, after: Json): boolean {
  if (Array.isArray(before)) {
    return (
      Array.isArray(after) && before.length === after.length && before.every((e, i) => sameShape(e, after[i] ?? null))
    );
  }
  if (typeof before === 'object' && before !== null) {
    if (typeof after !== 'object' || after === null || Array.isArray(after)) return false;
    const values = Object.values(after);
    const entries = Object.values(before);
    return entries.length === values.length && entries.every((e, i) => sameShape(e, values[i] ?? null));
  }
  return typeof after !== 'object' || after === null;
}

const anyJson = fc.jsonValue({ maxDepth: 5 }) as fc.Arbitrary<Json>;
const anyObject = fc.dictionary(fc.string(), anyJson) as fc.Arbitrary<JsonObject>;
/** Secrets that are known by their own look, so they must vanish from any place. */
const recognisable = cases
  .filter(({ file, gone }) => file.startsWith('personal-numbers') && gone !== undefined)
  .flatMap(({ gone }) => gone ?? [])
  .concat(secrets.filter((secret) => /^(ghp_|glpat-|AKIA|sk-|xoxb-|tskey-|dapi|glsa_|npm_)/.test(secret)));

describe('masking', () => {
  it('never throws, keeps the shape, and does not touch its input', () => {
    fc.assert(
      fc.property(anyObject, (params) => {
        const before = structuredClone(params);
        const { value, changed } = masker.parameters(params);
        expect(params).toEqual(before);
        expect(sameShape(params, value)).toBe(true);
        if (!changed) expect(value).toEqual(params);
      }),
    );
  });

  it('changes nothing when it is applied again', () => {
    fc.assert(
      fc.property(fc.constantFrom(...cases), ({ params }) => {
        const once = masker.parameters(params).value;
        expect(masker.parameters(once).value).toEqual(once);
      }),
    );
  });

  it('lets no secret of the corpus survive at any place: value, key, list, text around it, JSON in texts', () => {
    const place = fc.tuple(
      fc.constantFrom(...recognisable),
      fc.constantFrom<(secret: string) => Json>(
        (secret) => secret,
        (secret) => ({ [secret]: 1 }),
        (secret) => [null, secret],
        (secret) => `before ${secret} after`,
        (secret) => `"${secret}"`,
        (secret) => JSON.stringify({ note: secret, list: [secret] }),
        (secret) => JSON.stringify({ note: JSON.stringify([secret]) }),
        (secret) => `run ${JSON.stringify({ note: secret })}`,
        (secret) => `a=1\n${secret}\nb=2`,
      ),
      anyObject,
      fc.string({ maxLength: 8 }),
    );
    fc.assert(
      fc.property(place, ([secret, put, around, key]) => {
        const params = { ...around, [`k${key}`]: put(secret), deep: [{ deeper: put(secret) }] };
        expect(allTexts(masker.parameters(params).value)).not.toContain(secret);
        expect(allTexts(masker.attributes(params).value)).not.toContain(secret);
      }),
    );
  });

  it('keeps keys that name a prototype', () => {
    const params = JSON.parse('{"__proto__":{"password":"proto-secret"},"constructor":1}') as JsonObject;
    expect(JSON.stringify(masker.parameters(params).value)).toBe(
      '{"__proto__":{"password":"[masked: key]"},"constructor":1}',
    );
  });

  it('replaces long texts by their size and hash, equal for equal texts', () => {
    const long = 'x'.repeat(5000);
    const { value } = masker.parameters({ a: long, b: long, c: `${long}y` });
    expect(value.a).toMatch(/^\[masked: 5000 characters, hmac-sha256 [0-9a-f]{64}\]$/);
    expect(value.b).toBe(value.a);
    expect(value.c).not.toBe(value.a);
    expect(new Masker().parameters({ a: long }).value.a).not.toBe(value.a);
    expect(new Masker({ hashKey: 'k' }).hash(long)).toBe(new Masker({ hashKey: 'k' }).hash(long));
  });

  it('replaces parameters over the size limit, deep ones and wide ones', () => {
    const small = new Masker({ maxBytes: 100 });
    expect(Object.keys(small.parameters({ text: 'a b '.repeat(100) }).value)).toEqual(['[masked]']);
    expect(Object.keys(masker.parameters({ wide: Array.from({ length: 30_000 }, () => 1) }).value)).toEqual([
      '[masked]',
    ]);
    const keys = Object.fromEntries(Array.from({ length: 300_000 }, (_, index) => [`key${index}`, 1]));
    expect(Object.keys(masker.parameters(keys).value)).toEqual(['[masked]']);
    let deep: Json = 'bottom';
    for (let level = 0; level < 150; level += 1) deep = { down: deep };
    expect(JSON.stringify(masker.parameters({ deep }).value)).toContain('[masked: depth]');
  });

  it('keeps as many keys as there were when all of them are one secret each', () => {
    const keys = Array.from({ length: 1500 }, (_, index) => `sk-aaaaaaaaaaaa${1_000_000 + index}`);
    const params = Object.fromEntries([...keys, '[masked: token] (3)'].map((key) => [key, 1]));
    const masked = Object.keys(masker.parameters(params).value);
    expect(masked).toHaveLength(1501);
    expect(masked.slice(0, 3)).toEqual(['[masked: token]', '[masked: token] (2)', '[masked: token] (3)']);
    expect(masked.join('')).not.toContain('sk-');
  });

  it('takes further rules', () => {
    const own = new Masker({ keys: ['^project_code$'], patterns: { badge: 'B-\\d{4}' } });
    expect(own.parameters({ PROJECT_CODE: 'falcon', text: 'badge B-1234.' }).value).toEqual({
      PROJECT_CODE: '[masked: key]',
      text: 'badge [masked: badge].',
    });
    expect(() => new Masker({ keys: ['('] })).toThrow('masking: "(" is no regular expression');
  });

  it('masks attributes by their texts alone, so that ids stay', () => {
    const attr = { sessionId: 'session-1', url: 'https://u:secret-1@host/', tool: { name: 'token_count' } };
    expect(masker.attributes(attr).value).toEqual({ ...attr, url: 'https://[masked: url credentials]@host/' });
  });
});
