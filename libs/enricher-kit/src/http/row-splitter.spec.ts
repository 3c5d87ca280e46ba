import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { RowSplitter } from './row-splitter.js';

interface Split {
  readonly rows: unknown[];
  readonly rest: unknown;
}

/** Splits a text that arrives in chunks of so many bytes. */
function split(text: string, chunkBytes: number, list = 'rows'): Split {
  const rows: unknown[] = [];
  const splitter = new RowSplitter(list, (row) => rows.push(row));
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += chunkBytes) splitter.write(bytes.subarray(at, at + chunkBytes));
  return { rows, rest: splitter.end() };
}

/** What a call returns, or that it throws a SyntaxError. */
function outcome<T>(call: () => T): T | 'refused' {
  try {
    return call();
  } catch (error) {
    if (error instanceof SyntaxError) return 'refused';
    throw error;
  }
}

/** The same by `JSON.parse` of the whole text. */
function whole(text: string): Split {
  const value = JSON.parse(text) as unknown;
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  const list = isObject && Object.hasOwn(value, 'rows') ? (value as { rows: unknown }).rows : undefined;
  return Array.isArray(list) ? { rows: list, rest: { ...(value as object), rows: [] } } : { rows: [], rest: value };
}

const spaced = fc.constantFrom(undefined, 1, '\t\n');
const chunks = fc.integer({ min: 1, max: 40 });

describe('rows of a list in a JSON text', () => {
  it.each([
    ['{"rows":[1,"a,]}\\"",{"rows":[2]},[],null]}', [1, 'a,]}"', { rows: [2] }, [], null], { rows: [] }],
    ['{"count":2,"rows":[{"a":1}],"next":{"rows":[3]}}', [{ a: 1 }], { count: 2, rows: [], next: { rows: [3] } }],
    ['{ "rows" : [ ] }', [], { rows: [] }],
    ['{"r\\u006fws":[1]}', [1], { rows: [] }],
    ['{"error":"rows","other":[1]}', [], { error: 'rows', other: [1] }],
    ['{"rows":{"a":[1]}}', [], { rows: { a: [1] } }],
    ['[{"rows":[1]}]', [], [{ rows: [1] }]],
    ['"rows"', [], 'rows'],
  ])('are split in %s', (text, rows, rest) => {
    for (const chunkBytes of [1, 3, 1000]) expect(split(text, chunkBytes)).toEqual({ rows, rest });
  });

  it('are those that JSON.parse finds, in any chunks', () => {
    fc.assert(
      fc.property(
        fc.array(fc.jsonValue()),
        fc.dictionary(fc.string(), fc.jsonValue()),
        fc.dictionary(fc.string(), fc.jsonValue()),
        spaced,
        chunks,
        (rows, before, after, space, chunkBytes) => {
          const text = JSON.stringify({ ...before, rows, ...after }, null, space);
          expect(split(text, chunkBytes)).toEqual(whole(text));
        },
      ),
    );
  });

  it('are refused in every text that JSON.parse refuses, and in no other', () => {
    fc.assert(
      fc.property(
        fc.array(fc.jsonValue(), { maxLength: 4 }),
        fc.nat(),
        fc.constantFrom('', ',', '[', ']', '{', '}', '"', ':', '\\', '0', ' '),
        fc.integer({ min: 0, max: 2 }),
        chunks,
        (rows, place, inserted, removed, chunkBytes) => {
          const text = JSON.stringify({ first: 1, rows, last: 'x' });
          const at = place % text.length;
          const changed = text.slice(0, at) + inserted + text.slice(at + removed);
          expect(outcome(() => split(changed, chunkBytes))).toEqual(outcome(() => whole(changed)));
        },
      ),
      { numRuns: 2000 },
    );
  });

  it('are refused when the list comes twice: either could be the one that counts', () => {
    expect(outcome(() => split('{"rows":[1],"rows":[2]}', 5))).toBe('refused');
  });
});
