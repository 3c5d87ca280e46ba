import { isJsonObject, type Json } from '@iris/contracts';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { MessageScanner } from './message-scanner.js';

/** Cuts bytes at the given places. */
function chunksOf(text: string, cuts: readonly number[]): Uint8Array[] {
  const bytes = Buffer.from(text);
  const places = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].sort((a, b) => a - b);
  return [0, ...places].map((from, index) => bytes.subarray(from, places[index] ?? bytes.length));
}

function scanned(text: string, cuts: readonly number[]) {
  const keys: string[] = [];
  const values: string[] = [];
  const scanner = new MessageScanner(
    (depth, key, parent) => void keys.push(`${depth} ${parent} ${key}`),
    'cacheScope',
    (value, parent) => void values.push(`${parent} ${value}`),
  );
  for (const chunk of chunksOf(text, cuts)) scanner.write(chunk);
  return { keys, values, isComplete: scanner.isComplete };
}

const key = fc.oneof(
  fc.constantFrom('result', 'method', 'tools', 'inputRequests', 'cacheScope', 'id'),
  fc.string({ unit: 'binary', maxLength: 6 }),
);
const message = fc.dictionary(key, fc.oneof(fc.jsonValue({ maxDepth: 3 }), fc.dictionary(key, fc.jsonValue())), {
  noNullPrototype: true,
});
const cuts = fc.array(fc.nat(5000), { maxLength: 8 });

describe('MessageScanner', () => {
  it('reports every key of the first two levels, however the text is cut and written', () => {
    fc.assert(
      fc.property(message, cuts, fc.constantFrom(undefined, 2), fc.boolean(), (value, places, indent, escapes) => {
        const text = JSON.stringify(value, undefined, indent);
        const sent = escapes
          ? text.replace(
              /"result"|"method"|"tools"/g,
              (word) => `"\\u00${word.charCodeAt(1).toString(16)}${word.slice(2)}`,
            )
          : text;
        const { keys, isComplete } = scanned(sent, places);
        for (const [first, inner] of Object.entries(value)) {
          expect(keys).toContain(`1  ${first}`);
          if (isJsonObject(inner as Json)) {
            for (const second of Object.keys(inner as object)) expect(keys).toContain(`2 ${first} ${second}`);
          }
        }
        expect(isComplete).toBe(true);
      }),
    );
  });

  it('reports the value of the watched key', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), cuts, (scope, places) => {
        const text = JSON.stringify({ result: { a: ['cacheScope', scope], cacheScope: scope } });
        expect(scanned(text, places).values).toEqual([`result ${JSON.parse(JSON.stringify(scope))}`]);
      }),
    );
  });

  it('finds every text incomplete that is broken off', () => {
    fc.assert(
      fc.property(message, fc.nat(), (value, at) => {
        const text = JSON.stringify(value);
        const cut = Buffer.from(text).subarray(0, 1 + (at % Math.max(1, Buffer.byteLength(text) - 1)));
        const scanner = new MessageScanner(
          () => undefined,
          'cacheScope',
          () => undefined,
        );
        scanner.write(cut);
        expect(scanner.isComplete).toBe(cut.length === Buffer.byteLength(text));
      }),
    );
  });
});
