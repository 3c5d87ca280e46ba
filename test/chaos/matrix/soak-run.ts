import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { eventually } from '@iris/context-cache/testing';
import type { FaultInput } from '@iris/simulation';
import { expect } from '@jest/globals';
import { Redis } from 'ioredis';
import { VENDOR_NAMES } from '../../../apps/sandbox/src/vendor-name.js';
import type { ChaosMesh } from './chaos-mesh.js';
import { NEVER_PASSES } from './mixed-hooks.js';
import { writeSoak } from './soak-table.js';
import { SteadyLoad } from './steady-load.js';

/** Time between two hooks, in ms. */
export const EVERY_MS = 100;
/** How often everything is measured, in ms. */
const SAMPLE_MS = 2000;

/** What may have grown at most between the first and the last quarter of the run. */
const BOUNDS: Readonly<Record<string, { readonly share: number; readonly plus: number }>> = {
  'resident MiB': { share: 0.25, plus: 64 },
  'open files and sockets': { share: 0.1, plus: 20 },
  threads: { share: 0, plus: 8 },
  // Each of the five schedules keeps its last 20 runs that ended well and its last 20 that failed.
  'keys of queues and jobs': { share: 0, plus: 300 },
};
/** Keys that end by themselves, per hook about a stranger: facts, records of them, verdicts of the session. */
const KEYS_PER_HOOK = 8;
/** Keys that stay: when each source was read last. */
const KEPT_KEYS = VENDOR_NAMES.map((vendor) => `iris:bulk:v1:{${vendor}}`);

const FAULTS: readonly FaultInput[] = [
  { mode: 'error' },
  { mode: 'hang' },
  { mode: 'reset' },
  { mode: 'rate_limited', headers: 'none' },
  { mode: 'truncated' },
  { mode: 'down' },
];

/** The faults in turn, each vendor's another one in each round; each gives what ends it. */
const TURNS: readonly ((chaos: ChaosMesh, round: number) => Promise<() => unknown>)[] = [
  ...VENDOR_NAMES.map((vendor, index) => async (chaos: ChaosMesh, round: number) => {
    const fault = FAULTS[(index + round) % FAULTS.length];
    if (fault !== undefined) await chaos.mesh.sandbox.admin.setFaults(vendor, fault);
    return () => chaos.mesh.sandbox.admin.setFaults(vendor);
  }),
  async (chaos) => {
    await chaos.toRedis.set({ kind: 'cut' });
    return () => chaos.toRedis.set({ kind: 'pass' });
  },
  async (chaos) => {
    await chaos.toPdp.set({ kind: 'refuse' });
    return () => chaos.toPdp.set({ kind: 'pass' });
  },
  async (chaos) => {
    await chaos.toRedis.set({ kind: 'slow', ms: 200 });
    return () => chaos.toRedis.set({ kind: 'pass' });
  },
];

/** A measure of a process, or of Redis, over the run. */
type Series = Map<string, number[]>;

function measureProcesses(chaos: ChaosMesh, series: Series): void {
  const { mesh, auditor } = chaos;
  const processes: [string, number][] = [
    ...mesh.gateways.map(({ process }, index): [string, number] => [`gateway-${index}`, process.pid]),
    ...mesh.enrichers.map(({ vendor, process }): [string, number] => [`enricher-${vendor}`, process.pid]),
    ['auditor', auditor.pid],
  ];
  for (const [name, pid] of processes) {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    add(series, `${name}: resident MiB`, Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024);
    add(series, `${name}: threads`, Number(/Threads:\s+(\d+)/.exec(status)?.[1]));
    add(series, `${name}: open files and sockets`, readdirSync(`/proc/${pid}/fd`).length);
  }
}

async function measureRedis(redis: Redis, series: Series): Promise<void> {
  add(series, 'Redis: keys of queues and jobs', (await redis.keys('{iris}*')).length);
}

/** Keys outside the queues that have no end. */
async function endlessKeys(redis: Redis): Promise<string[]> {
  const keys = (await redis.keys('*')).filter((key) => !key.startsWith('{iris}'));
  const ends = await Promise.all(keys.map((key) => redis.pttl(key)));
  return keys.filter((_, index) => ends[index] === -1);
}

function add(series: Series, name: string, value: number): void {
  series.set(name, [...(series.get(name) ?? []), value]);
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
}

export interface SoakOptions {
  readonly minutes: number;
  /** Each fault lasts so long, and is followed by as long a time of health, in ms. */
  readonly turnMs: number;
}

/** Load with faults in turn, after which nothing has grown by more than its bound and nothing is missing. */
export async function soak(chaos: ChaosMesh, { minutes, turnMs }: SoakOptions): Promise<void> {
  const redis = new Redis(chaos.redis.url, { retryStrategy: () => 100, maxRetriesPerRequest: null });
  redis.on('error', () => {});
  try {
    await soakWith(chaos, redis, { minutes, turnMs });
  } finally {
    redis.disconnect();
  }
}

async function soakWith(chaos: ChaosMesh, redis: Redis, { minutes, turnMs }: SoakOptions): Promise<void> {
  const load = new SteadyLoad(chaos.hooks, chaos.mesh.gateways, EVERY_MS);
  const series: Series = new Map();
  const keysBefore = await redis.dbsize();
  const endsAt = performance.now() + minutes * 60_000;
  let measuring = true;
  const measured = (async () => {
    while (measuring) {
      measureProcesses(chaos, series);
      await sleep(SAMPLE_MS);
    }
  })();
  for (let turn = 0; performance.now() < endsAt; turn += 1) {
    const heal = await TURNS[turn % TURNS.length]?.(chaos, Math.floor(turn / TURNS.length));
    await sleep(turnMs);
    await heal?.();
    await sleep(turnMs);
    await measureRedis(redis, series);
  }
  await load.stop();
  measuring = false;
  await measured;

  const answered = load.hooks.filter(({ fault }) => fault === undefined);
  const missing = () => answered.filter(({ requestId }) => chaos.evidence.of(requestId) === undefined);
  await eventually(async () => expect(missing()).toEqual([]));

  const rows = [...series].map(([name, values]) => {
    const quarter = Math.max(1, Math.floor(values.length / 4));
    const [first, last] = [mean(values.slice(quarter, 2 * quarter)), mean(values.slice(-quarter))];
    const bound = BOUNDS[name.split(': ')[1] ?? ''] ?? { share: 0, plus: 0 };
    return { name, first, last, limit: first * (1 + bound.share) + bound.plus };
  });
  const keys = await redis.dbsize();
  const limit = keysBefore + KEYS_PER_HOOK * load.hooks.length + 500;
  rows.push({ name: 'Redis: keys in all', first: 0, last: keys, limit });
  writeSoak(minutes, load.hooks.length, rows);

  expect(load.hooks.filter(({ fault }) => fault !== undefined)).toEqual([]);
  expect(load.hooks.filter(({ kind, fate }) => NEVER_PASSES.has(kind) && fate === 'passed')).toEqual([]);
  expect((await endlessKeys(redis)).filter((key) => !KEPT_KEYS.includes(key))).toEqual([]);
  expect(rows.filter(({ last, limit: most }) => last > most)).toEqual([]);
}
