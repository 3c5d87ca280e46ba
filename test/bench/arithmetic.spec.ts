import { describe, expect, it } from '@jest/globals';
import { fitCost } from './cost-model.js';
import { isMet, percentile } from './table.js';
import { callsOfMemoryCache, callsOfMesh, callsOfReplicas } from './vendor-call-model.js';
import { zipf, zipfShares } from './zipf.js';

describe('percentiles', () => {
  it('are figures that were measured, by nearest rank', () => {
    const figures = Array.from({ length: 200 }, (_, index) => 200 - index);
    expect([1, 50, 99, 100].map((percent) => percentile(figures, percent))).toEqual([2, 100, 198, 200]);
    expect(percentile([7], 99)).toBe(7);
    expect(() => percentile([], 50)).toThrow(RangeError);
  });
});

describe('goals', () => {
  it('are met at their bounds', () => {
    expect(isMet({ what: '', measured: 1.5, atMost: 1.5 })).toBe(true);
    expect(isMet({ what: '', measured: 1.51, atMost: 1.5 })).toBe(false);
    expect(isMet({ what: '', measured: 3.9, atLeast: 4 })).toBe(false);
    expect(isMet({ what: '', measured: Number.NaN, atMost: 1 })).toBe(false);
  });
});

describe('the cost model', () => {
  it('finds the costs that the points were made of', () => {
    const points = [1, 5, 20].flatMap((calls) =>
      [1, 10, 100].map((kilobytes) => ({ calls, kilobytes, cost: 2 + 0.5 * calls + 0.01 * kilobytes })),
    );
    const { each, call, kilobyte } = fitCost(points);
    expect([each, call, kilobyte].map((value) => Number(value.toFixed(6)))).toEqual([2, 0.5, 0.01]);
  });

  it('refuses points that do not tell calls and size apart', () => {
    const points = [1, 2, 3].map((calls) => ({ calls, kilobytes: calls, cost: calls }));
    expect(() => fitCost(points)).toThrow(RangeError);
  });
});

describe("people by Zipf's law", () => {
  it('come as often as their shares say, the same in each run', () => {
    const draw = zipf(50, 7);
    const again = zipf(50, 7);
    const counts = new Array<number>(50).fill(0);
    const ranks = Array.from({ length: 40_000 }, draw);
    expect(Array.from({ length: 40_000 }, again)).toEqual(ranks);
    for (const rank of ranks) counts[rank] = (counts[rank] ?? 0) + 1;
    for (const [rank, share] of zipfShares(50).entries()) {
      expect(Math.abs((counts[rank] ?? 0) / 40_000 - share)).toBeLessThan(0.01);
    }
  });
});

describe('calls in an hour', () => {
  const one = {
    decisions: 3600,
    people: 1,
    callsEach: 2,
    meshCallsEach: 2,
    callsOfBulk: { everything: 10, changes: 1 },
  };

  it('of a memory cache are one read for each life and wait', () => {
    // A decision a second and a life of 59 s: a read each minute.
    expect(callsOfMemoryCache(one, 59)).toBeCloseTo(120);
  });

  it('of a memory cache in each of several replicas grow by what they do not share', () => {
    expect(callsOfReplicas(one, 59, 1)).toBeCloseTo(120);
    // Each of two gets a decision every two seconds, so a read each 61 s.
    expect(callsOfReplicas(one, 59, 2)).toBeCloseTo((3600 / 61) * 2 * 2);
  });

  it('of the mesh are its bulk reads where they come before an entry ends', () => {
    const source = { freshSeconds: 1200, bulkSeconds: 60, fullBulkSeconds: 900, renewedSeconds: 900 };
    expect(callsOfMesh(one, source)).toBeCloseTo(4 * 10 + 56 * 1);
  });

  it('of the mesh hold the refreshes of active people where entries end between bulk reads', () => {
    const source = { freshSeconds: 100, bulkSeconds: 900, fullBulkSeconds: 900, renewedSeconds: 900 };
    // Entries are renewed after 75 s by a refresh, in what a bulk read leaves of its 900 s.
    expect(callsOfMesh(one, source)).toBeCloseTo(40 + ((3600 / 76) * 2 * 825) / 900);
  });
});
