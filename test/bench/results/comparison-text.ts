import { asText, round } from '../table.js';
import type { Comparison, Difference } from './compare.js';

/** What moved, for a terminal, and how noise is estimated. */
export function comparisonText({ differences, goals, onlyOnce, machine }: Comparison): string {
  const moved = differences.filter(({ change }) => change === 'better' || change === 'worse');
  const open = differences.filter(({ change }) => change === 'not comparable');
  const within = differences.length - moved.length - open.length;
  const lines = [
    moved.length === 0
      ? 'Nothing moved beyond noise.'
      : asText({
          title: 'Moved beyond noise',
          columns: ['benchmark', 'measure', 'before', 'after', 'change', 'noise', ''],
          rows: moved.map((one) => [...figures(one), one.change]),
        }),
    ...goals.map(
      ({ benchmark, what, before, after }) => `Goal of ${benchmark}: ${what}: ${before} before, ${after} now.`,
    ),
    `${within} of ${differences.length} measures are within noise: three standard errors of the difference of the two medians, each from the median absolute deviation of the blocks of its run, with correlated neighbours counted once.`,
    ...open.map((one) => `Not compared, ${one.because}: ${one.benchmark}: ${one.name}, ${withUnit(one)}.`),
    ...onlyOnce.map((text) => `Not compared, ${text}.`),
    ...machine.map((text) => `The machines differ in ${text}; only ratios and counts are compared.`),
  ];
  return lines.join('\n');
}

function figures({ benchmark, name, unit, before, after, noise }: Difference): string[] {
  return [
    benchmark,
    name,
    `${short(before)} ${unit}`,
    `${short(after)} ${unit}`,
    before === 0 ? '' : `${after > before ? '+' : ''}${round((100 * (after - before)) / Math.abs(before))} %`,
    `${short(noise ?? 0)} ${unit}`,
  ];
}

function withUnit({ before, after, unit }: Difference): string {
  return `${short(before)} to ${short(after)} ${unit}`;
}

function short(figure: number): string {
  return String(Number(figure.toPrecision(3)));
}
