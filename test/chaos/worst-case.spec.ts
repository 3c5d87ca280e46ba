import { beforeAll, describe, expect, it, jest } from '@jest/globals';
import { ADVERSE_SHAPES, type AdverseShape } from '../bench/adverse-shapes.js';
import { GENERATED_SHAPES } from '../bench/generated-shapes.js';
import { memoryShare, type WorstCase, withWorstCaseBench } from '../bench/worst-case.js';

/**
 * The short form of `npm run bench -- worst-case`, with limits that hold on a slow machine that does other work. They are
 * far below what a cost that grows with the square of the input would reach.
 */
const MAX_HELD_MS = 500;
const MAX_PDP_CPU_MS = 5000;
const KB = 1024;
const MB = 1024 * KB;
const LARGE = 8 * MB;
const LARGE_AT_ONCE = 8;
/** Just below the limit on a body. */
const LIMIT = 60 * MB;

jest.setTimeout(600_000);

const SHAPES: Readonly<Record<string, AdverseShape>> = { ...ADVERSE_SHAPES, ...GENERATED_SHAPES };
const CASES: readonly (readonly [string, number, number])[] = [
  ...[
    'secret-like keys that count up',
    'many calls and results of one id',
    'many calls, each with its result',
    'many calls of unknown tools',
    'many denied calls, sent again',
    'declared names with many ways to split',
    'short declared names',
    'empty lists, compressed',
    'dashes and dots',
    'a long command',
    'chat calls without ids',
    'listed calls of one name',
    ...Object.keys(GENERATED_SHAPES).slice(0, 4),
  ].flatMap((name) => [100 * KB, MB].map((bytes) => [name, bytes, 1] as const)),
  ...['many objects with one key', 'many calls, each with its result', 'one long string, compressed'].map(
    (name) => [name, LIMIT, 1] as const,
  ),
  ['one long string, compressed', LARGE, LARGE_AT_ONCE],
  ['many calls, each with its result', LARGE, LARGE_AT_ONCE],
];

const measured = new Map<string, WorstCase>();
let areAlive = false;
const titleOf = (name: string, bytes: number, times: number) => `${times} x ${bytes} ${name}`;

beforeAll(
  () =>
    withWorstCaseBench(async (bench) => {
      for (const [name, bytes, times] of CASES) {
        const make = SHAPES[name];
        if (make === undefined) throw new Error(`there is no shape ${name}`);
        const hooks = Array.from({ length: times }, () => make(bytes));
        measured.set(titleOf(name, bytes, times), await bench.measure(name, hooks));
      }
      areAlive = bench.areAlive();
    }),
  600_000,
);

describe('hooks that are made to be costly, beside ordinary ones', () => {
  it.each(CASES)('%s, %d bytes, %d at once', (name, bytes, times) => {
    const one = measured.get(titleOf(name, bytes, times));
    if (one === undefined) throw new Error('it was measured');
    // Every reply is a verdict, with status 200.
    expect(one.reply).toMatch(/^((allow|modify|block [a-z_]+)(, |$))+$/);
    expect(one.innocentSent).toBeGreaterThan(0);
    expect(one).toMatchObject({ innocentFailed: 0 });
    expect(one.heldMs).toBeLessThanOrEqual(MAX_HELD_MS);
    expect(one.pdpCpuMs).toBeLessThanOrEqual(MAX_PDP_CPU_MS);
    expect(memoryShare(one)).toBeLessThanOrEqual(1);
  });

  it('end no process', () => {
    expect(areAlive).toBe(true);
  });
});
