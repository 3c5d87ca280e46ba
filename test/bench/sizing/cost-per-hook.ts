import { type BenchRun, RunFileError } from '../results/run-file.js';

/** A cost that grows with the new calls of a hook and with its size: `each + call * calls + kilobyte * kilobytes`. */
export interface LinearCost {
  readonly each: number;
  readonly call: number;
  readonly kilobyte: number;
}

/** Measured costs, from which sizes are computed. Processor times are in ms of one core. */
export interface MeasuredCosts {
  readonly gatewayMs: LinearCost;
  readonly pdpMs: LinearCost;
  readonly redisMs: LinearCost;
  readonly redisCommands: LinearCost;
  /** Traffic of a hook with Redis and with the PDP, both directions, in KB. */
  readonly redisKilobytes: LinearCost;
  readonly pdpKilobytes: LinearCost;
  /** Growth of Redis by one new call: its cached verdict, in KB. */
  readonly verdictKilobytes: number;
  /** Entries of one person from all sources, in KB. */
  readonly personKilobytes: number;
  /** Processor time of all enrichers for one bulk read of one person. */
  readonly bulkMsPerPerson: number;
  /** Processor time of an enricher for one lookup. */
  readonly lookupMs: number;
  /** Highest resident memory of a gateway and of an enricher, in MB. */
  readonly gatewayMegabytes: number;
  readonly enricherMegabytes: number;
}

/** Benchmarks that measure the costs. */
const SOURCES = ['scale', 'context-scale'];

/** The costs that a run has measured. @throws RunFileError naming the benchmark that is missing */
export function costsOf({ benchmarks }: BenchRun): MeasuredCosts {
  const figures: Record<string, number> = {};
  for (const name of SOURCES) {
    const found = benchmarks[name]?.table?.figures;
    if (found === undefined) {
      throw new RunFileError(`the run has no costs of ${name}: npm run bench -- --add-to FILE ${name} adds them`);
    }
    Object.assign(figures, found);
  }
  const figure = (name: string): number => {
    const value = figures[name];
    if (value === undefined) throw new RunFileError(`the run has no figure ${name}: it is of an older version`);
    return value;
  };
  const linear = (name: string): LinearCost => ({
    each: figure(`${name}.each`),
    call: figure(`${name}.call`),
    kilobyte: figure(`${name}.kilobyte`),
  });
  return {
    gatewayMs: linear('gatewayMs'),
    pdpMs: linear('pdpMs'),
    redisMs: linear('redisMs'),
    redisCommands: linear('redisCommands'),
    redisKilobytes: linear('redisKilobytes'),
    pdpKilobytes: linear('pdpKilobytes'),
    verdictKilobytes: figure('verdictKilobytes'),
    personKilobytes: figure('personKilobytes'),
    bulkMsPerPerson: figure('bulkMsPerPerson'),
    lookupMs: figure('lookupMs'),
    gatewayMegabytes: figure('gatewayMegabytes'),
    enricherMegabytes: figure('enricherMegabytes'),
  };
}

/** What a hook of so many new calls and so many KB costs; never below zero, where a fit has a small negative part. */
export function costOf(cost: LinearCost, calls: number, kilobytes: number): number {
  return Math.max(0, cost.each + cost.call * calls + cost.kilobyte * kilobytes);
}
