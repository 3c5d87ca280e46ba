import { describe, expect, it } from '@jest/globals';
import { measured, type Table } from '../table.js';
import { compareRuns, isWorse } from './compare.js';
import { comparisonText } from './comparison-text.js';
import { errorOfMedian, neighbourCorrelation } from './noise.js';
import type { BenchRun } from './run-file.js';

/** Normally distributed figures by a seed (Box and Muller). */
function normal(seed: number, mean: number, deviation: number, count: number): number[] {
  let state = seed;
  const uniform = () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return (state + 1) / 4_294_967_297;
  };
  return Array.from(
    { length: count },
    () => mean + deviation * Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform()),
  );
}

function runOf(table: Partial<Table>, machine: Partial<BenchRun['machine']> = {}): BenchRun {
  return {
    schema: 'iris.bench.v1',
    startedAt: '2026-11-01T00:00:00.000Z',
    commit: { id: 'abc', hasChanges: false },
    machine: { cpu: 'a', cores: 2, memoryMegabytes: 8000, kernel: 'Linux 6', ...machine },
    versions: { node: 'v24', iris: '1', pdp: '1', redis: '1' },
    benchmarks: {
      floor: { seconds: 1, load: 0, table: { title: '', columns: [], rows: [], ...table } as never },
    },
  };
}

const runWith = (blocks: readonly number[], better: 'less' | 'more' = 'less') =>
  runOf({ measures: [measured('p50', 'ms', blocks, better)] });

const changeOf = (before: BenchRun, after: BenchRun) => compareRuns(before, after).differences[0]?.change;

describe('noise', () => {
  it('is the standard error of a median, by the figures of a normal distribution', () => {
    const blocks = normal(1, 10, 1, 4001);
    // sqrt(pi / 2) * deviation / sqrt(n)
    expect(errorOfMedian(blocks)).toBeCloseTo(1.2533 / Math.sqrt(4001), 2);
  });

  it('ignores single outliers', () => {
    const blocks = normal(2, 10, 1, 40);
    const moved = [...blocks.slice(0, 38), 500, 900];
    expect((errorOfMedian(moved) ?? 0) / (errorOfMedian(blocks) ?? 1)).toBeLessThan(2);
  });

  it('counts neighbours that resemble each other once', () => {
    const drift = Array.from({ length: 40 }, (_, index) => 10 + index / 10);
    const mixed = drift.map((_, index) => drift[(index * 17) % 40] ?? 0);
    expect(neighbourCorrelation(drift)).toBeGreaterThan(0.8);
    expect(errorOfMedian(drift) ?? 0).toBeGreaterThan(2 * (errorOfMedian(mixed) ?? 0));
  });

  it('is not estimated from fewer than five blocks', () => {
    expect(errorOfMedian([1, 2, 3, 4])).toBeUndefined();
    expect(changeOf(runWith([1, 2, 3, 4]), runWith([8, 9, 9, 9]))).toBe('not comparable');
  });
});

describe('comparison of two runs', () => {
  it('finds hardly any difference where there is none', () => {
    const moved = Array.from({ length: 300 }, (_, seed) =>
      changeOf(runWith(normal(seed + 1, 10, 1, 30)), runWith(normal(seed + 7001, 10, 1, 30))),
    ).filter((change) => change !== 'noise');
    expect(moved.length).toBeLessThanOrEqual(9);
  });

  it('finds a difference of two deviations in each of the runs', () => {
    const changes = Array.from({ length: 100 }, (_, seed) =>
      changeOf(runWith(normal(seed + 1, 10, 1, 30)), runWith(normal(seed + 7001, 12, 1, 30))),
    );
    expect(new Set(changes)).toEqual(new Set(['worse']));
  });

  it.each([
    ['less is better', 'less', 'worse'],
    ['more is better', 'more', 'better'],
  ] as const)('takes the direction from the measure: %s', (_title, better, expected) => {
    expect(changeOf(runWith([1, 1, 1, 1, 1], better), runWith([2, 2, 2, 2, 2], better))).toBe(expected);
  });

  it('compares only ratios and counts of different machines', () => {
    const measures = [
      measured('time', 'ms', [1, 1, 1, 1, 1]),
      measured('ratio', 'x', [1, 1, 1, 1, 1]),
      { name: 'calls', unit: 'count', better: 'less', blocks: [], value: 3 } as const,
    ];
    const after = [
      measured('time', 'ms', [2, 2, 2, 2, 2]),
      measured('ratio', 'x', [0.5, 0.5, 0.5, 0.5, 0.5]),
      { name: 'calls', unit: 'count', better: 'less', blocks: [], value: 4 } as const,
    ];
    const comparison = compareRuns(runOf({ measures }), runOf({ measures: after }, { cpu: 'b' }));
    expect(comparison.differences.map(({ change }) => change)).toEqual(['not comparable', 'better', 'worse']);
    expect(comparisonText(comparison)).toContain('The machines differ in cpu: a, b');
  });

  it('reports measures that one run lacks, and goals that changed', () => {
    const before = runOf({
      measures: [measured('p50', 'ms', [1, 1, 1, 1, 1])],
      goals: [{ what: 'p50', measured: 1, atMost: 1.5 }],
    });
    const after = runOf({ measures: [], goals: [{ what: 'p50', measured: 2, atMost: 1.5 }] });
    const comparison = compareRuns(before, after);
    expect(comparison.onlyOnce).toEqual(['floor: p50: only in the first']);
    expect(comparison.goals).toEqual([{ benchmark: 'floor', what: 'p50', before: 'met', after: 'missed' }]);
    expect(isWorse(comparison)).toBe(true);
    expect(isWorse(compareRuns(before, before))).toBe(false);
  });
});
