import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { loadSourceRegistry } from '@iris/config';
import type { SourceSettings } from '@iris/contracts';
import { type Mesh, startMesh } from '../../apps/sandbox/src/mesh/mesh.js';
import { VENDOR_NAMES, type VendorName } from '../../apps/sandbox/src/vendor-name.js';
import { HookClient } from './hook-load.js';
import type { PeerAnswer, PeerOrder } from './peer-process.js';
import { ordinaryPeopleOf, type Person, preRequest, type SampleHook } from './sample-hooks.js';
import { median, percentile, round, sumOfCounts, type Table } from './table.js';
import { callsOfMemoryCache, callsOfMesh, callsOfReplicas } from './vendor-call-model.js';
import { zipf } from './zipf.js';

const LATENCY_MS: Readonly<Partial<Record<VendorName, number>>> = {
  okta: 100,
  workday: 300,
  servicenow: 100,
  pagerduty: 100,
  tailscale: 80,
};
const COLD_PEOPLE = 20;
const WARM_UP_PEOPLE = 25;
const WARM_UP_HOOKS = 200;
const PEOPLE = Number(process.env.BENCH_PEOPLE ?? 5000);
const MIXED_SECONDS = Number(process.env.BENCH_SECONDS ?? 75);
const HOOKS_A_SECOND = 8;
const BULK_TIMEOUT_MS = 240_000;
/** The load that the calls of an hour are computed for. */
const HOUR_DECISIONS = 1_000_000;
const REPLICAS = 3;

type System = 'iris' | 'in_turn' | 'at_once';
const SYSTEMS: readonly System[] = ['iris', 'in_turn', 'at_once'];
type Times = Record<System, number[]>;

/**
 * Iris beside what a team would write in a day: a middleware that asks the vendors one after another, or all at once,
 * with a cache in its own memory. All get the same hooks from the same people, at the same time.
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
  const line = (name: string, times: Times, figure: (list: readonly number[]) => number) => [
    name,
    ...SYSTEMS.map((system) => round(figure(times[system]))),
    round(figure(times.in_turn) / figure(times.iris)),
    round(figure(times.at_once) / figure(times.iris)),
  ];
  const p = (percent: number) => (list: readonly number[]) => percentile(list, percent);
  const ratio = (times: Times, system: System, percent: number) =>
    percentile(times[system], percent) / percentile(times.iris, percent);
  return {
    title: 'Iris beside a middleware with a memory cache, ms',
    columns: ['load', 'Iris', 'one after another', 'all at once', 'x', 'x'],
    rows: [
      line('cold, p50', cold, median),
      line('warm, p50', warm, median),
      line('mixed, p50', mixed, median),
      line('mixed, p99', mixed, p(99)),
      [
        'vendor calls in the mixed run',
        meshCalls,
        peerCalls.in_turn,
        peerCalls.at_once,
        round(peerCalls.in_turn / Math.max(1, meshCalls)),
        round(peerCalls.at_once / Math.max(1, meshCalls)),
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
      { what: 'mixed p99 of one after another against Iris', measured: ratio(mixed, 'in_turn', 99), atLeast: 4 },
      { what: 'mixed p99 of all at once against Iris', measured: ratio(mixed, 'at_once', 99), atLeast: 2 },
      {
        what: 'vendor calls in an hour, memory cache against Iris',
        measured: sumOf(inAnHour).memory / sumOf(inAnHour).mesh,
        atLeast: 50,
      },
    ],
    notes: [
      `Latencies of the vendors in ms: ${JSON.stringify(LATENCY_MS)}; 0 while Iris reads them in bulk before the mixed run.`,
      `Cold and warm: ${COLD_PEOPLE} people one after another, without bulk reads. Mixed: ${PEOPLE} people by Zipf's law, ${HOOKS_A_SECOND} hooks a second to each for ${MIXED_SECONDS} s, entries ending as the source registry states.`,
      `Calls in an hour: ${HOUR_DECISIONS} decisions on ${PEOPLE} people by Zipf's law. Memory cache, one process: somebody with r decisions a second costs r / (1 + r * freshSeconds) reads a second, each so many calls: ${JSON.stringify(callsEach)}. Iris, so many calls each: ${JSON.stringify(meshCallsEach)}; bulk reads as measured, ${JSON.stringify(bulkCalls)} calls, at the intervals of the registry, and refreshes of active people at three quarters of freshSeconds where no bulk read of everything comes earlier.`,
    ],
  };
}

async function coldAndWarm(sources: PeerSources): Promise<{
  cold: Times;
  warm: Times;
  callsEach: Record<string, number>;
  meshCallsEach: Record<string, number>;
}> {
  const mesh = await startMesh({
    root: process.cwd(),
    sandbox: { latencyMs: LATENCY_MS, enforceLimits: false, people: 120 },
    commonEnv: { IRIS_BULK_INTERVAL_SECONDS: '0' },
    gatewayEnv: { IRIS_HOOK_BUDGET_MS: '10000' },
  });
  const peers = await startPeers(mesh, sources);
  try {
    const people = ordinaryPeopleOf(mesh.sandbox.admin.company);
    const clients = clientsOf(mesh, peers);
    // Connections, tokens and compiled code are no part of what is compared.
    for (const person of people.slice(0, WARM_UP_PEOPLE)) await inTurn(clients, preRequest(person));
    for (let index = 0; index < WARM_UP_HOOKS; index += 1) await inTurn(clients, preRequest(people[0] as Person));
    const before = await peers.at_once.calls();
    const all = await callsOfEverybody(mesh, peers);
    const cold = emptyTimes();
    const warm = emptyTimes();
    const asked = people.slice(WARM_UP_PEOPLE, WARM_UP_PEOPLE + COLD_PEOPLE);
    for (const person of asked) add(cold, await inTurn(clients, preRequest(person)));
    const after = await peers.at_once.calls();
    const allAfter = await callsOfEverybody(mesh, peers);
    for (const person of asked) add(warm, await inTurn(clients, preRequest(person)));
    await closeAll(clients);
    const callsEach = Object.fromEntries(
      VENDOR_NAMES.map((vendor) => [vendor, round(((after[vendor] ?? 0) - (before[vendor] ?? 0)) / asked.length)]),
    );
    const meshCallsEach = Object.fromEntries(
      VENDOR_NAMES.map((vendor) => [vendor, round(((allAfter[vendor] ?? 0) - (all[vendor] ?? 0)) / asked.length)]),
    );
    return { cold, warm, callsEach, meshCallsEach };
  } finally {
    for (const peer of Object.values(peers)) peer.close();
    await mesh.close();
  }
}

/** Calls of the mesh alone, by vendor: those that the vendors got, less those of the peers. */
async function callsOfEverybody(mesh: Mesh, peers: Peers): Promise<Record<string, number>> {
  const ofPeers = await callsOfPeers(peers);
  return Object.fromEntries(
    VENDOR_NAMES.map((vendor) => {
      const others = (ofPeers.in_turn[vendor] ?? 0) + (ofPeers.at_once[vendor] ?? 0);
      return [vendor, mesh.sandbox.admin.calls(vendor).total - others];
    }),
  );
}

async function mixedLoad(sources: PeerSources) {
  const reads: Record<string, number> = {};
  const mesh = await startMesh({
    root: process.cwd(),
    sandbox: { people: PEOPLE, enforceLimits: false },
    onLine: (process, line) => {
      if (line.includes('the bulk read is done')) reads[process] = (reads[process] ?? 0) + 1;
    },
  });
  const peers = await startPeers(mesh, sources);
  try {
    const { admin } = mesh.sandbox;
    const endsAt = Date.now() + BULK_TIMEOUT_MS;
    const readInBulk = VENDOR_NAMES.filter((vendor) => (sources[vendor]?.bulkSeconds ?? 0) > 0);
    while (Object.keys(reads).length < readInBulk.length && Date.now() < endsAt) await sleep(250);
    const bulkCalls: Record<string, { everything: number; changes: number }> = {};
    for (const vendor of VENDOR_NAMES) bulkCalls[vendor] = { everything: admin.calls(vendor).total, changes: 0 };
    for (const vendor of VENDOR_NAMES) admin.setLatency(vendor, LATENCY_MS[vendor] ?? 0);
    const clients = clientsOf(mesh, peers);
    const everybody = ordinaryPeopleOf(admin.company);
    for (const person of everybody.slice(-WARM_UP_PEOPLE)) await inTurn(clients, preRequest(person));
    const [first] = everybody.slice(-1);
    for (let index = 0; index < WARM_UP_HOOKS; index += 1) await inTurn(clients, preRequest(first as Person));

    const readsBefore = { ...reads };
    const before = Object.fromEntries(VENDOR_NAMES.map((vendor) => [vendor, admin.calls(vendor).total]));
    const peersBefore = await callsOfPeers(peers);
    const mixed = await openLoad(clients, everybody);
    const peersAfter = await callsOfPeers(peers);
    const peerCalls = {
      in_turn: sumOfCounts(peersAfter.in_turn) - sumOfCounts(peersBefore.in_turn),
      at_once: sumOfCounts(peersAfter.at_once) - sumOfCounts(peersBefore.at_once),
    };
    let meshCalls = sumOfCounts(
      Object.fromEntries(VENDOR_NAMES.map((vendor) => [vendor, bulkCalls[vendor]?.everything ?? 0])),
    );
    for (const vendor of VENDOR_NAMES) {
      const ofPeers = [peersAfter, peersBefore].map(
        (calls) => (calls.in_turn[vendor] ?? 0) + (calls.at_once[vendor] ?? 0),
      );
      const own = admin.calls(vendor).total - (before[vendor] ?? 0) - ((ofPeers[0] ?? 0) - (ofPeers[1] ?? 0));
      meshCalls += own;
      // Sources that are read for their changes were read several times; hardly anything else asked them meanwhile.
      const runs = (reads[`enricher-${vendor}`] ?? 0) - (readsBefore[`enricher-${vendor}`] ?? 0);
      const bulk = bulkCalls[vendor];
      if (bulk !== undefined && runs > 0) bulk.changes = round(own / runs);
    }
    await closeAll(clients);
    return { mixed, bulkCalls, meshCalls, peerCalls };
  } finally {
    for (const peer of Object.values(peers)) peer.close();
    await mesh.close();
  }
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

/** Both middlewares have the same cache. */
function callsLine(name: string, { memory, mesh }: HourlyCalls): (string | number)[] {
  const ratio = round(memory / mesh);
  return [name, Math.round(mesh), Math.round(memory), Math.round(memory), ratio, ratio];
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

/** Hooks come at their times, whether those before are answered or not. */
async function openLoad(clients: Clients, people: readonly Person[]): Promise<Times> {
  const draw = zipf(people.length);
  const times = emptyTimes();
  const inFlight: Promise<unknown>[] = [];
  const start = performance.now();
  for (let index = 0; index < MIXED_SECONDS * HOOKS_A_SECOND; index += 1) {
    const dueAt = start + (index * 1000) / HOOKS_A_SECOND;
    await sleep(Math.max(0, dueAt - performance.now()));
    const person = people[draw()];
    if (person === undefined) continue;
    const hook = preRequest(person);
    for (const system of SYSTEMS) inFlight.push(clients[system].send(hook).then((ms) => times[system].push(ms)));
  }
  await Promise.all(inFlight);
  return times;
}

type PeerSources = Readonly<Partial<Record<string, SourceSettings>>>;
type Clients = Readonly<Record<System, HookClient>>;

interface Peer {
  readonly url: string;
  calls(): Promise<Readonly<Record<string, number>>>;
  close(): void;
}

type Peers = Readonly<Record<'in_turn' | 'at_once', Peer>>;

async function startPeers(mesh: Mesh, sources: PeerSources): Promise<Peers> {
  const freshSeconds = Object.fromEntries(VENDOR_NAMES.map((vendor) => [vendor, sources[vendor]?.freshSeconds ?? 0]));
  const { urls, credentials } = mesh.sandbox;
  const start = (vendors: PeerOrder['vendors']) =>
    startPeer({ target: mesh.pdp.target, urls, credentials, vendors, freshSeconds });
  return { in_turn: await start('in_turn'), at_once: await start('at_once') };
}

async function startPeer(order: PeerOrder): Promise<Peer> {
  const child: ChildProcess = fork('dist/test/bench/peer-process.js');
  const ask = async (message: PeerOrder | 'calls'): Promise<PeerAnswer> => {
    const answer = once(child, 'message');
    child.send(message);
    return (await answer)[0] as PeerAnswer;
  };
  const started = await ask(order);
  return {
    url: 'url' in started ? started.url : '',
    calls: async () => {
      const answer = await ask('calls');
      return 'calls' in answer ? answer.calls : {};
    },
    close: () => child.disconnect(),
  };
}

async function callsOfPeers(peers: Peers) {
  return { in_turn: await peers.in_turn.calls(), at_once: await peers.at_once.calls() };
}

function clientsOf(mesh: Mesh, peers: Peers): Clients {
  return {
    iris: new HookClient(mesh.gateways[0]?.url ?? '', 64),
    in_turn: new HookClient(peers.in_turn.url, 64),
    at_once: new HookClient(peers.at_once.url, 64),
  };
}

async function closeAll(clients: Clients): Promise<void> {
  await Promise.all(SYSTEMS.map((system) => clients[system].close()));
}

/** The same hook to each, one after another, so that none takes the processor of another. */
async function inTurn(clients: Clients, hook: SampleHook): Promise<Record<System, number>> {
  return {
    iris: await clients.iris.send(hook),
    in_turn: await clients.in_turn.send(hook),
    at_once: await clients.at_once.send(hook),
  };
}

function emptyTimes(): Times {
  return { iris: [], in_turn: [], at_once: [] };
}

function add(times: Times, one: Record<System, number>): void {
  for (const system of SYSTEMS) times[system].push(one[system]);
}
