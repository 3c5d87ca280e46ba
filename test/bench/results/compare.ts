import { type Goal, isMet, type Measure } from '../table.js';
import { errorOfMedian, MIN_BLOCKS } from './noise.js';
import type { BenchRun } from './run-file.js';

/** A difference of so many standard errors is no noise: by chance it comes once in 370 measures. */
const ERRORS = 3;

/** A measure that both runs have. */
export interface Difference {
  readonly benchmark: string;
  readonly name: string;
  readonly unit: Measure['unit'];
  readonly before: number;
  readonly after: number;
  /** Difference that noise explains, in the unit; undefined when the blocks are too few to estimate it. */
  readonly noise: number | undefined;
  readonly change: 'better' | 'worse' | 'noise' | 'not comparable';
  /** Why it is not comparable. */
  readonly because?: string;
}

export interface GoalChange {
  readonly benchmark: string;
  readonly what: string;
  readonly before: 'met' | 'missed';
  readonly after: 'met' | 'missed';
}

export interface Comparison {
  readonly differences: readonly Difference[];
  readonly goals: readonly GoalChange[];
  /** Benchmarks and measures that only one of the runs has. */
  readonly onlyOnce: readonly string[];
  /** What differs between the machines of the two runs. */
  readonly machine: readonly string[];
}

/** Compares each measure that both runs have. Ratios are comparable between machines, other figures are not. */
export function compareRuns(before: BenchRun, after: BenchRun): Comparison {
  const machine = (['cpu', 'cores', 'memoryMegabytes'] as const)
    .filter((key) => before.machine[key] !== after.machine[key])
    .map((key) => `${key}: ${before.machine[key]}, ${after.machine[key]}`);
  const [first, second] = [measuresOf(before), measuresOf(after)];
  const differences = [...first].flatMap(([key, one]) => {
    const other = second.get(key);
    return other === undefined ? [] : [differenceOf(one, other, machine.length > 0)];
  });
  const onlyOnce = [
    ...[...first.keys()].filter((key) => !second.has(key)).map((key) => `${key}: only in the first`),
    ...[...second.keys()].filter((key) => !first.has(key)).map((key) => `${key}: only in the second`),
  ];
  return { differences, goals: goalChanges(before, after), onlyOnce, machine };
}

/** Whether anything got worse beyond noise, or a goal is missed that was met. */
export function isWorse({ differences, goals }: Comparison): boolean {
  return differences.some(({ change }) => change === 'worse') || goals.some(({ after }) => after === 'missed');
}

interface PlacedMeasure {
  readonly benchmark: string;
  readonly measure: Measure;
}

function measuresOf({ benchmarks }: BenchRun): Map<string, PlacedMeasure> {
  const placed = Object.entries(benchmarks).flatMap(([benchmark, { table }]) =>
    (table?.measures ?? []).map((measure) => [`${benchmark}: ${measure.name}`, { benchmark, measure }] as const),
  );
  return new Map(placed);
}

function differenceOf(one: PlacedMeasure, other: PlacedMeasure, otherMachine: boolean): Difference {
  const [{ unit, better, name }, { value: after }] = [one.measure, other.measure];
  const before = one.measure.value;
  const noise = noiseOf(one.measure, other.measure);
  const difference = { benchmark: one.benchmark, name, unit, before, after, noise };
  const because = whyNotComparable(one.measure, other.measure, otherMachine);
  if (because !== undefined) return { ...difference, change: 'not comparable', because };
  if (Math.abs(after - before) <= (noise ?? 0)) return { ...difference, change: 'noise' };
  return { ...difference, change: after < before === (better === 'less') ? 'better' : 'worse' };
}

function whyNotComparable(one: Measure, other: Measure, otherMachine: boolean): string | undefined {
  if (one.unit !== other.unit || one.better !== other.better) return 'the runs measure it in different ways';
  if (otherMachine && (one.unit === 'ms' || one.unit === 'MB')) return 'another machine';
  if (one.unit !== 'count' && noiseOf(one, other) === undefined) return `fewer than ${MIN_BLOCKS} blocks`;
  return undefined;
}

/** Three standard errors of the difference of two medians; 0 for counts, which do not vary. */
function noiseOf(one: Measure, other: Measure): number | undefined {
  if (one.unit === 'count' && one.blocks.length === 0 && other.blocks.length === 0) return 0;
  const errors = [errorOfMedian(one.blocks), errorOfMedian(other.blocks)];
  const [first, second] = errors;
  return first === undefined || second === undefined ? undefined : ERRORS * Math.hypot(first, second);
}

function goalChanges(before: BenchRun, after: BenchRun): GoalChange[] {
  const state = (goal: Goal) => (isMet(goal) ? 'met' : 'missed');
  return Object.entries(before.benchmarks).flatMap(([benchmark, { table }]) =>
    (table?.goals ?? []).flatMap((goal) => {
      const same = after.benchmarks[benchmark]?.table?.goals?.find(({ what }) => what === goal.what);
      if (same === undefined || isMet(same) === isMet(goal)) return [];
      return [{ benchmark, what: goal.what, before: state(goal), after: state(same) } as const];
    }),
  );
}
