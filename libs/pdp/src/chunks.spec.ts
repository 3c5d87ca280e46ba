import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { chunkResources } from './chunks.js';
import type { PdpResource } from './pdp.js';

const resource = (id: number, text = ''): PdpResource => ({ kind: 'k', id: String(id), action: 'a', attr: { text } });

describe('chunkResources', () => {
  it('loses nothing, keeps the order and stays inside the limits', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(400_000), { maxLength: 130 }), (sizes) => {
        const resources = sizes.map((size, index) => resource(index, 'x'.repeat(size)));
        const chunks = [...chunkResources(resources)];
        expect(chunks.flat()).toEqual(resources);
        for (const chunk of chunks) {
          expect(chunk.length).toBeGreaterThan(0);
          expect(chunk.length).toBeLessThanOrEqual(50);
          expect(JSON.stringify(chunk).length).toBeLessThan(4 * 1024 * 1024);
        }
      }),
      { numRuns: 30 },
    );
  });

  it('makes no more calls than the limit on resources demands', () => {
    const resources = Array.from({ length: 101 }, (_, index) => resource(index));
    expect([...chunkResources(resources)].map((chunk) => chunk.length)).toEqual([50, 50, 1]);
  });

  it('gives a resource that is too large a call of its own', () => {
    const large = resource(1, 'x'.repeat(5 * 1024 * 1024));
    expect([...chunkResources([resource(0), large, resource(2)])].map((chunk) => chunk.length)).toEqual([1, 1, 1]);
  });

  it('bounds the values of a call', () => {
    const attr = { list: Array.from({ length: 4000 }, () => ({})) };
    const resources = Array.from({ length: 5 }, (_, index) => ({ ...resource(index), attr }));
    expect([...chunkResources(resources)].map((chunk) => chunk.length)).toEqual([2, 2, 1]);
  });
});
