import { describe, expect, it } from '@jest/globals';
import { RunFileError } from '../results/run-file.js';
import { sizingTable } from './command.js';
import { costOf, costsOf, type MeasuredCosts } from './cost-per-hook.js';
import { EventQueue } from './event-queue.js';
import { simulatePeak } from './simulate-peak.js';
import { type Deployment, sizeOf, type Workload } from './sizing-model.js';

const flat = (each: number, call = 0, kilobyte = 0) => ({ each, call, kilobyte });

const COSTS: MeasuredCosts = {
  gatewayMs: flat(2, 0.5, 0.01),
  pdpMs: flat(1, 1),
  redisMs: flat(0.1),
  redisCommands: flat(4, 1),
  redisKilobytes: flat(2),
  pdpKilobytes: flat(1, 1),
  verdictKilobytes: 0.5,
  personKilobytes: 3,
  bulkMsPerPerson: 2,
  lookupMs: 3,
  gatewayMegabytes: 200,
  enricherMegabytes: 150,
};

const WORKLOAD: Workload = {
  agents: 6000,
  hooksPerMinute: 10,
  activeHours: 8,
  peak: 2,
  calls: 1,
  kilobytes: 50,
  agentsPerPerson: 2,
};

const DEPLOYMENT: Deployment = {
  utilisation: 0.5,
  pdpCores: 2,
  verdictSeconds: 3600,
  bulkSeconds: 420,
  lookupSeconds: 300,
};

describe('the size of a deployment', () => {
  const size = sizeOf(WORKLOAD, DEPLOYMENT, COSTS);

  it('follows from the costs of a hook', () => {
    // 6000 agents * 10 / 60 * 2 = 2000 hooks/s; 3 ms in a gateway, 2 ms in the PDP.
    expect(size.hooksPerSecond).toBe(2000);
    expect(size.gatewayCores).toBe(6);
    expect(size.gateways).toBe(12);
    expect(size.pdpCores).toBe(4);
    expect(size.pdps).toBe(4);
    expect(size.redisCommandsPerSecond).toBe(10_000);
    expect(size.redisCores).toBeCloseTo(0.2);
    expect(size.people).toBe(3000);
    // 3000 people * 3 KB, and 1000 calls/s * 3600 s * 0.5 KB.
    expect(size.redisMegabytes).toBeCloseTo((9000 + 1_800_000) / 1024);
    // 2000/s * 50 KB.
    expect(size.hookMegabits).toBeCloseTo((2000 * 50 * 1024 * 8) / 1e6);
    expect(size.enricherCores).toBeCloseTo((3000 * 2) / 420_000 + (3000 * 3) / 300_000);
  });

  it('never goes below two replicas', () => {
    const { gateways, pdps, enrichers } = sizeOf({ ...WORKLOAD, agents: 1 }, DEPLOYMENT, COSTS);
    expect([gateways, pdps, enrichers]).toEqual([2, 2, 2]);
  });

  it('keeps verdicts for the active hours of a day at most', () => {
    const day = sizeOf(WORKLOAD, { ...DEPLOYMENT, verdictSeconds: 86_400 }, COSTS);
    expect(day.redisMegabytes).toBeCloseTo((9000 + 1000 * 8 * 3600 * 0.5) / 1024);
  });

  it('takes no cost below zero from a fit', () => {
    expect(costOf(flat(-1, 0.1), 1, 0)).toBe(0);
  });
});

describe('a simulated peak', () => {
  const size = sizeOf(WORKLOAD, DEPLOYMENT, COSTS);

  it('uses the share of cores that the size was computed for', () => {
    const peak = simulatePeak(size, WORKLOAD, DEPLOYMENT, COSTS, { seconds: 20 });
    expect(peak.hooks).toBe(40_000);
    expect(peak.gatewayUse).toBeGreaterThan(0.45);
    expect(peak.gatewayUse).toBeLessThan(0.6);
    expect(peak.pdpUse).toBeGreaterThan(0.45);
    expect(peak.pdpUse).toBeLessThan(0.6);
    expect(peak.p99).toBeGreaterThan(peak.p50);
  });

  it('waits as the theory of a queue with one server states', () => {
    // M/D/1 at half load: the mean wait is half a service time, so the whole of it waits 0.5 * 10 ms. The PDP costs nothing.
    const costs = { ...COSTS, gatewayMs: flat(10), pdpMs: flat(0) };
    const one = { ...size, hooksPerSecond: 50, gateways: 1, pdps: 1 };
    const peak = simulatePeak(one, { ...WORKLOAD, calls: 0 }, DEPLOYMENT, costs, { seconds: 400 });
    expect(peak.gatewayUse).toBeCloseTo(0.5, 1);
    expect(peak.p50).toBeGreaterThanOrEqual(10);
    expect(peak.p50).toBeLessThan(20);
    expect(peak.waitP99).toBeGreaterThan(20);
    expect(peak.waitP99).toBeLessThan(60);
  });

  it('waits longer on a deployment that is too small', () => {
    const small = simulatePeak({ ...size, gateways: 7 }, WORKLOAD, DEPLOYMENT, COSTS);
    expect(small.waitP99).toBeGreaterThan(2 * simulatePeak(size, WORKLOAD, DEPLOYMENT, COSTS).waitP99);
  });

  it('is the same in each run', () => {
    expect(simulatePeak(size, WORKLOAD, DEPLOYMENT, COSTS)).toEqual(simulatePeak(size, WORKLOAD, DEPLOYMENT, COSTS));
  });
});

describe('events', () => {
  it('come by their time, and in the order of their addition at one time', () => {
    const queue = new EventQueue<number>();
    const times = Array.from({ length: 500 }, (_, index) => (index * 7919) % 97);
    for (const [index, time] of times.entries()) queue.add(time, index);
    const order = times.map(() => queue.next()?.item ?? -1);
    const expected = times.map((time, index) => [time, index] as const).sort(([a, i], [b, j]) => a - b || i - j);
    expect(order).toEqual(expected.map(([, index]) => index));
    expect(queue.next()).toBeUndefined();
  });
});

describe('the table of sizes', () => {
  it('has a column for each number of agents, and names what is simulated', () => {
    const table = sizingTable([1000, 100_000], {}, COSTS);
    expect(table.columns).toEqual(['', '1000 agents', '100000 agents']);
    expect(table.rows.every((row) => row.length === 3)).toBe(true);
    expect(table.notes?.join(' ')).toContain('no such deployment was run');
  });

  it.each(['0', '-1', 'many', ''])('refuses an option of %j', (value) => {
    expect(() => sizingTable([1], { peak: value }, COSTS)).toThrow('--peak');
  });

  it('names the benchmark that a run lacks', () => {
    const run = { benchmarks: {} } as never;
    expect(() => costsOf(run)).toThrow(RunFileError);
    expect(() => costsOf(run)).toThrow('scale');
  });
});
