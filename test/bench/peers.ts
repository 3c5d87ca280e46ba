import { loadSourceRegistry } from '@iris/config';
import type { SourceSettings } from '@iris/contracts';
import { VENDOR_NAMES, type VendorName } from '../../apps/sandbox/src/vendor-name.js';
import {
  COLD_PEOPLE,
  coldAndWarm,
  HOOKS_A_SECOND,
  LATENCY_MS,
  MIXED_SECONDS,
  mixedLoad,
  PEOPLE,
  WARM_HOOKS,
  WARM_UP_HOOKS,
} from './peer-loads.js';
import { PEERS, type PeerName, SYSTEMS, type System, type Times } from './peer-systems.js';
import { blocksOf, measured, median, percentile, round, type Table } from './table.js';
import { callsOfMemoryCache, callsOfMesh, callsOfReplicas } from './vendor-call-model.js';

/** Hooks of one block, by which noise is estimated. */
const WARM_BLOCK = 25;
const MIXED_BLOCK = 40;
/** The load that the calls of an hour are computed for. */
const HOUR_DECISIONS = 1_000_000;
const REPLICAS = 3;

/**
 * Iris beside what a team would write in a day: a middleware that asks the vendors one after another (sequential), or all
 * at once (parallel), with a cache in its own memory; and the parallel one that also does what an audit needs (recording):
 * it appends each decision with its facts to a file before the reply, and logs a line. All get the same hooks from the
 * same people.
 */
export async function run(): Promise<Table> {
  const { sources } = loadSourceRegistry('deploy/helm/iris/files/sources.yaml');
  const { cold, warm, callsEach, meshCallsEach } = await coldAndWarm(sources);
  const { mixed, bulkCalls, meshCalls, peerCalls } = await mixedLoad(sources);

  const hour = (vendor: string) => ({
    decisions: HOUR_DECISIONS,
    people: PEOPLE,
    callsEach: callsEach[vendor] ?? 0,
    meshCallsEach: meshCallsEach[vendor] ?? 0,
    callsOfBulk: bulkCalls[vendor] ?? { everything: 0, changes: 0 },
  });
  const inAnHour = VENDOR_NAMES.map((vendor) => {
    const settings = sources[vendor] as SourceSettings;
    return {
      vendor,
      memory: callsOfMemoryCache(hour(vendor), settings.freshSeconds),
      replicas: callsOfReplicas(hour(vendor), settings.freshSeconds, REPLICAS),
      mesh: callsOfMesh(hour(vendor), renewal(vendor, settings)),
    };
  });
  const longer = VENDOR_NAMES.map((vendor) => {
    const settings = renewal(vendor, sources[vendor] as SourceSettings);
    const freshSeconds = Math.max(settings.freshSeconds, settings.renewedSeconds / 0.75);
    return {
      memory: callsOfMemoryCache(hour(vendor), freshSeconds),
      mesh: callsOfMesh(hour(vendor), { ...settings, freshSeconds }),
    };
  });
  const p = (percent: number) => (list: readonly number[]) => percentile(list, percent);
  const ratio = (times: Times, system: System, percent: number) =>
    percentile(times[system], percent) / percentile(times.iris, percent);
  return {
    title: 'Iris beside three middlewares with a memory cache, ms',
    columns: ['load', 'Iris', ...PEERS, ...PEERS.map((name) => `${name}, x`)],
    rows: [
      timesLine('cold, p50', cold, median),
      timesLine('warm, p50', warm, median),
      timesLine('warm, p99', warm, p(99)),
      timesLine('mixed, p50', mixed, median),
      timesLine('mixed, p99', mixed, p(99)),
      [
        'vendor calls in the mixed run',
        meshCalls,
        ...PEERS.map((name) => peerCalls[name]),
        ...PEERS.map((name) => round(peerCalls[name] / Math.max(1, meshCalls))),
      ],
      ...inAnHour.map(({ vendor, ...each }) => callsLine(`${vendor}: calls in an hour, computed`, each)),
      callsLine('all vendors: calls in an hour, computed', sumOf(inAnHour)),
      callsLine(
        'the four with bulk list APIs (not tailscale)',
        sumOf(inAnHour.filter(({ vendor }) => vendor !== 'tailscale')),
      ),
      ...inAnHour
        .filter(({ vendor }) => vendor === 'tailscale')
        .map(({ vendor, mesh, replicas }) =>
          callsLine(`${vendor}: a memory cache in each of ${REPLICAS} replicas`, { mesh, memory: replicas }),
        ),
      callsLine('all, were entries fresh until the next whole bulk read', sumOf(longer)),
    ],
    goals: [
      {
        what: 'cold hook against the slowest vendor',
        measured: median(cold.iris) / Math.max(...Object.values(LATENCY_MS)),
        atMost: 1.1,
      },
      { what: 'warm p50 of the recording middleware against Iris', measured: ratio(warm, 'recording', 50), atLeast: 1 },
      {
        what: 'mixed p99 of the sequential middleware against Iris',
        measured: ratio(mixed, 'sequential', 99),
        atLeast: 4,
      },
      { what: 'mixed p99 of the parallel middleware against Iris', measured: ratio(mixed, 'parallel', 99), atLeast: 2 },
      {
        what: 'vendor calls in an hour, memory cache against Iris',
        measured: sumOf(inAnHour).memory / sumOf(inAnHour).mesh,
        atLeast: 50,
      },
    ],
    measures: [
      ...PEERS.map((name) =>
        measured(`warm p50, ${name} against Iris`, 'x', blockRatios(warm, name, WARM_BLOCK), 'more'),
      ),
      ...PEERS.map((name) => measured(`cold, ${name} against Iris`, 'x', blockRatios(cold, name, 1), 'more')),
      measured('warm p50, Iris', 'ms', blocksOf(warm.iris, WARM_BLOCK).map(median)),
      measured('cold, Iris', 'ms', cold.iris),
      measured('mixed p50, Iris', 'ms', blocksOf(mixed.iris, MIXED_BLOCK).map(median)),
    ],
    notes: [
      `Latencies of the vendors in ms: ${JSON.stringify(LATENCY_MS)}; 0 while Iris reads them in bulk before the mixed run.`,
      `Sequential and parallel send the PDP a smaller check and record nothing. Recording is the parallel one that appends each decision with its facts to a file before the reply, as Iris does, forces the file onto the disk every 200 ms, and logs a line.`,
      `Cold and warm: ${COLD_PEOPLE} people one after another, without bulk reads; ${WARM_UP_HOOKS} hooks to each before ${WARM_HOOKS} warm ones, in turn. Mixed: ${PEOPLE} people by Zipf's law, ${HOOKS_A_SECOND} hooks a second to each for ${MIXED_SECONDS} s, entries ending as the source registry states.`,
      `Calls in an hour: ${HOUR_DECISIONS} decisions on ${PEOPLE} people by Zipf's law. Memory cache, one process: somebody with r decisions a second costs r / (1 + r * freshSeconds) reads a second, each so many calls: ${JSON.stringify(callsEach)}. Iris, so many calls each: ${JSON.stringify(meshCallsEach)}; bulk reads as measured, ${JSON.stringify(bulkCalls)} calls, at the intervals of the registry, and refreshes of active people at three quarters of freshSeconds where no bulk read of everything comes earlier.`,
    ],
  };
}

/** A figure of each system, and that of each middleware against Iris. */
function timesLine(name: string, times: Times, figure: (list: readonly number[]) => number): (string | number)[] {
  return [
    name,
    ...SYSTEMS.map((system) => round(figure(times[system]))),
    ...PEERS.map((peer) => round(figure(times[peer]) / figure(times.iris))),
  ];
}

/** The p50 of a middleware against that of Iris in each block of the same hooks. */
function blockRatios(times: Times, name: PeerName, size: number): number[] {
  const iris = blocksOf(times.iris, size).map(median);
  return blocksOf(times[name], size).map((block, index) => median(block) / (iris[index] ?? Number.NaN));
}

/** Calls in an hour, of a memory cache and of the mesh. */
interface HourlyCalls {
  readonly memory: number;
  readonly mesh: number;
}

function sumOf(calls: readonly HourlyCalls[]): HourlyCalls {
  return calls.reduce((sum, { memory, mesh }) => ({ memory: sum.memory + memory, mesh: sum.mesh + mesh }), {
    memory: 0,
    mesh: 0,
  });
}

/** All middlewares have the same cache. */
function callsLine(name: string, { memory, mesh }: HourlyCalls): (string | number)[] {
  const ratio = round(memory / mesh);
  return [name, Math.round(mesh), ...PEERS.map(() => Math.round(memory)), ...PEERS.map(() => ratio)];
}

/**
 * How often every entry is written again. Only Okta's reads of what has changed leave the others as they are: PagerDuty's
 * are about everybody, by the last list of users, and the other vendors are always read whole.
 */
function renewal(vendor: VendorName, settings: SourceSettings): SourceSettings & { renewedSeconds: number } {
  const { bulkSeconds, fullBulkSeconds } = settings;
  if (vendor === 'okta') return { ...settings, renewedSeconds: Math.max(bulkSeconds, fullBulkSeconds) };
  if (vendor === 'pagerduty') return { ...settings, renewedSeconds: bulkSeconds };
  return { ...settings, fullBulkSeconds: bulkSeconds, renewedSeconds: bulkSeconds };
}
