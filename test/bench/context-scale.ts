import { setTimeout as sleep } from 'node:timers/promises';
import { loadSourceRegistry } from '@iris/config';
import { freePort } from '@iris/context-cache/testing';
import { isJsonObject, type JsonObject } from '@iris/contracts';
import { readEvidence } from '@iris/evidence';
import { Redis } from 'ioredis';
import { type Mesh, startMesh } from '../../apps/sandbox/src/mesh/mesh.js';
import { VENDOR_NAMES, type VendorName } from '../../apps/sandbox/src/vendor-name.js';
import { atOnce, HookClient } from './hook-load.js';
import { processorMs, residentMegabytes } from './process-cost.js';
import { afterResponse, type Person, peopleOf } from './sample-hooks.js';
import { round, sumOfCounts, type Table } from './table.js';
import { zipf } from './zipf.js';

const PEOPLE = Number(process.env.BENCH_PEOPLE ?? 50_000);
/** Hooks by Zipf's law, beside one about each person. */
const SAMPLED = Number(process.env.BENCH_HOOKS ?? 5000);
/** Then each of so many people is decided on once: more than a gateway caches. */
const ONCE_EACH = Number(process.env.BENCH_ONCE_EACH ?? 15_000);
const CONCURRENCY = 8;
const BULK_TIMEOUT_MS = 400_000;
const HOUR_SECONDS = 3600;
const LOOKED_AT = 20_000;

interface Limit {
  readonly requests: number;
  readonly seconds: number;
  /** Whether each endpoint has it, or all of them together. */
  readonly of: 'each' | 'all';
}

/** Requests that each vendor allows, as the simulated APIs enforce them. */
const LIMITS: Readonly<Partial<Record<VendorName, Limit>>> = {
  okta: { requests: 600, seconds: 60, of: 'each' },
  workday: { requests: 10, seconds: 1, of: 'all' },
  servicenow: { requests: 20_000, seconds: 3600, of: 'all' },
  pagerduty: { requests: 960, seconds: 60, of: 'all' },
};

/** A large company: what the vendors are asked, what Redis and a gateway hold, and how often a decision finds its facts. */
export async function run(): Promise<Table> {
  const reads = new Set<string>();
  const { sources } = loadSourceRegistry('deploy/helm/iris/files/sources.yaml');
  const readInBulk = VENDOR_NAMES.filter((vendor) => (sources[vendor]?.bulkSeconds ?? 0) > 0);
  const metricsPort = await freePort();
  const mesh = await startMesh({
    root: process.cwd(),
    sandbox: { people: PEOPLE },
    asInImage: true,
    gatewayEnv: {
      OTEL_METRICS_EXPORTER: 'prometheus',
      OTEL_EXPORTER_PROMETHEUS_HOST: '127.0.0.1',
      OTEL_EXPORTER_PROMETHEUS_PORT: String(metricsPort),
    },
    onLine: (process, line) => {
      if (line.includes('the bulk read is done')) reads.add(process);
    },
  });
  const redis = new Redis(mesh.redis?.url ?? '');
  try {
    const start = performance.now();
    while (reads.size < readInBulk.length && performance.now() - start < BULK_TIMEOUT_MS) await sleep(500);
    const bulkSeconds = (performance.now() - start) / 1000;
    const bulk = callsOf(mesh);
    const redisMegabytes = Number(/used_memory:(\d+)/.exec(await redis.info('memory'))?.[1]) / 1024 / 1024;
    const gateway = mesh.gateways[0];
    if (gateway === undefined) throw new Error('the mesh has a gateway');
    const idle = await memoryOf(mesh);
    const bulkMs = await enricherMs(mesh);

    const people = peopleOf(mesh.sandbox.admin.company)
      .filter(({ nodeId }) => nodeId !== '')
      .slice(0, ONCE_EACH);
    const client = new HookClient(gateway.url, CONCURRENCY);
    const draw = zipf(people.length);
    const drawn = Array.from({ length: SAMPLED }, () => people[draw()] as Person);
    const tailscaleBefore = await tailscaleMs(mesh);
    const sampledSeconds = await load(client, drawn);
    const sampled = callsOf(mesh);
    const everybodySeconds = await load(client, people);
    const all = callsOf(mesh);
    await client.close();
    const loaded = await memoryOf(mesh);
    const lookupMs = (await tailscaleMs(mesh)) - tailscaleBefore;
    const states = await statesIn(gateway.evidenceDirectory);
    const origins = await originsOf(`http://127.0.0.1:${metricsPort}/metrics`);

    const rows = VENDOR_NAMES.flatMap((vendor) => {
      const limit = LIMITS[vendor];
      const allowed =
        limit === undefined ? 'not published' : Math.round((limit.requests / limit.seconds) * HOUR_SECONDS);
      const line = (name: string, first: number, second: number, total: number, most: number | string) => [
        `${vendor} ${name}`,
        first,
        second - first,
        total - second,
        Math.round(((total - first) * HOUR_SECONDS) / (sampledSeconds + everybodySeconds)),
        most,
      ];
      const together = limit?.of === 'all';
      const each = Object.entries(all[vendor] ?? {}).map(([route, total]) =>
        line(route, bulk[vendor]?.[route] ?? 0, sampled[vendor]?.[route] ?? 0, total, together ? '' : allowed),
      );
      const sums = [bulk, sampled, all].map((calls) => sumOfCounts(calls[vendor] ?? {})) as [number, number, number];
      return together ? [...each, line('in all', ...sums, allowed)] : each;
    });
    const hooks = SAMPLED + people.length;
    const seconds = sampledSeconds + everybodySeconds;
    return {
      title: `${PEOPLE} people`,
      columns: [
        'endpoint',
        'first bulk reads',
        `during ${SAMPLED} decisions by Zipf's law`,
        `during one decision on each of ${people.length}`,
        'an hour of these',
        'allowed in an hour',
      ],
      rows,
      figures: {
        personKilobytes: (redisMegabytes * 1024) / PEOPLE,
        bulkMsPerPerson: bulkMs / PEOPLE,
        lookupMs: lookupMs / Math.max(1, origins.source ?? 0),
        gatewayMegabytes: most(loaded, 'gateway'),
        enricherMegabytes: most(loaded, 'enricher'),
      },
      goals: Object.entries(loaded).map(([name, { peak }]) => ({
        what: `resident memory of ${name} at ${PEOPLE} people, MB`,
        measured: peak,
        atMost: 256,
      })),
      notes: [
        `Bulk reads done: ${reads.size} of ${readInBulk.length} sources in ${Math.round(bulkSeconds)} s. Redis then holds ${round(redisMegabytes)} MB, ${round((redisMegabytes * 1024) / PEOPLE)} KB a person.`,
        ...Object.entries(loaded).map(
          ([name, { now, peak }]) =>
            `Memory of ${name}: ${Math.round(idle[name]?.now ?? 0)} MB after the first bulk reads (${Math.round(idle[name]?.peak ?? 0)} at most), ${Math.round(now)} MB after the last hook, ${Math.round(peak)} MB at most.`,
        ),
        `Facts by where they came from: ${JSON.stringify(origins)}; from the cache are ${round(100 * warmShare(origins))} % of those that a source had to tell.`,
        `Facts of the first ${LOOKED_AT} decisions: ${JSON.stringify(states)}.`,
        `${hooks} decisions took ${Math.round(seconds)} s (${Math.round(sampledSeconds)} and ${Math.round(everybodySeconds)}), ${Math.round(hooks / seconds)} a second; 1000000 in an hour are 278 a second. Bulk reads continue at the registry's intervals meanwhile, which does not depend on the pace; lookups and refreshes are about people, not decisions: at most all ${PEOPLE} in each freshSeconds of a source.`,
      ],
    };
  } finally {
    redis.disconnect();
    await mesh.close();
  }
}

/** The highest peak of the apps of a kind, in MB. */
function most(memory: Readonly<Record<string, { readonly peak: number }>>, kind: string): number {
  return Math.max(...Object.entries(memory).map(([name, { peak }]) => (name.startsWith(kind) ? peak : 0)));
}

/** Processor time of all enrichers since their start, in ms. */
async function enricherMs({ enrichers }: Mesh): Promise<number> {
  const times = await Promise.all(enrichers.map(({ process }) => processorMs(process.pid)));
  return times.reduce((sum, ms) => sum + ms, 0);
}

/** Processor time of the enricher without a bulk list API, whose facts are all looked up. */
async function tailscaleMs({ enrichers }: Mesh): Promise<number> {
  const pid = enrichers.find(({ vendor }) => vendor === 'tailscale')?.process.pid;
  return pid === undefined ? 0 : processorMs(pid);
}

/** Resident memory of each app, now and at most, in MB. */
async function memoryOf({ gateways, enrichers }: Mesh): Promise<Record<string, { now: number; peak: number }>> {
  const processes = [...gateways, ...enrichers].map(({ process }) => process);
  return Object.fromEntries(
    await Promise.all(processes.map(async ({ name, pid }) => [name, await residentMegabytes(pid)] as const)),
  );
}

/** Sends a hook about each of the people, in their order; how long that took, in s. */
async function load(client: HookClient, people: readonly Person[]): Promise<number> {
  const start = performance.now();
  await atOnce(CONCURRENCY, people.length, (index) => client.send(afterResponse(people[index] as Person)));
  return (performance.now() - start) / 1000;
}

type Calls = Partial<Record<VendorName, Readonly<Record<string, number>>>>;

function callsOf({ sandbox }: Mesh): Calls {
  return Object.fromEntries(VENDOR_NAMES.map((vendor) => [vendor, sandbox.admin.calls(vendor).byRoute]));
}

/** How many facts were fresh, stale and so on, all sources together. */
async function statesIn(directory: string): Promise<Record<string, number>> {
  const states: Record<string, number> = {};
  let left = LOOKED_AT;
  for await (const { principal } of readEvidence(directory)) {
    const { context } = principal.attr as JsonObject;
    for (const state of Object.values(isJsonObject(context) ? context : {})) {
      const status = isJsonObject(state) ? String(state.status) : 'unknown';
      states[status] = (states[status] ?? 0) + 1;
    }
    left -= 1;
    if (left === 0) break;
  }
  return states;
}

/** How many facts came from where, by the gateway's own count. */
async function originsOf(metricsUrl: string): Promise<Record<string, number>> {
  const origins: Record<string, number> = {};
  const text = await (await fetch(metricsUrl)).text();
  for (const [, labels = '', value] of text.matchAll(/^iris_context_answers_total\{(.*)\} (\S+)/gm)) {
    const origin = /origin="(\w+)"/.exec(labels)?.[1] ?? '';
    origins[origin] = (origins[origin] ?? 0) + Number(value);
  }
  return origins;
}

function warmShare({ l1 = 0, redis = 0, source = 0 }: Record<string, number>): number {
  return (l1 + redis) / (l1 + redis + source);
}
