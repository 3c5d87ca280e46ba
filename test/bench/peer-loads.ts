import { setTimeout as sleep } from 'node:timers/promises';
import { type Mesh, startMesh } from '../../apps/sandbox/src/mesh/mesh.js';
import { VENDOR_NAMES, type VendorName } from '../../apps/sandbox/src/vendor-name.js';
import { atOnce } from './hook-load.js';
import {
  add,
  type Clients,
  callsOfPeers,
  clientsOf,
  closeAll,
  emptyTimes,
  inTurn,
  PEERS,
  type PeerName,
  type PeerSources,
  type Peers,
  SYSTEMS,
  type Times,
  withPeers,
} from './peer-systems.js';
import { ordinaryPeopleOf, type Person, preRequest } from './sample-hooks.js';
import { round, sumOfCounts } from './table.js';
import { zipf } from './zipf.js';

export const LATENCY_MS: Readonly<Partial<Record<VendorName, number>>> = {
  okta: 100,
  workday: 300,
  servicenow: 100,
  pagerduty: 100,
  tailscale: 80,
};
export const COLD_PEOPLE = 20;
const WARM_UP_PEOPLE = 25;
/** Before cold hooks: connections and code. Before warm hooks: code that V8 optimises late. */
const COLD_WARM_UP_HOOKS = 200;
export const WARM_UP_HOOKS = Number(process.env.BENCH_WARM_UP ?? 4000);
export const WARM_HOOKS = Number(process.env.BENCH_HOOKS ?? 1000);
export const PEOPLE = Number(process.env.BENCH_PEOPLE ?? 5000);
export const MIXED_SECONDS = Number(process.env.BENCH_SECONDS ?? 75);
export const HOOKS_A_SECOND = 8;
const BULK_TIMEOUT_MS = 240_000;

/** Hooks about people whom nobody has asked about, and the same people again, many times. */
export async function coldAndWarm(sources: PeerSources): Promise<{
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
  try {
    return await withPeers(mesh, sources, async (peers) => {
      const people = ordinaryPeopleOf(mesh.sandbox.admin.company);
      const clients = clientsOf(mesh, peers);
      // Connections, tokens and compiled code are no part of what is compared.
      for (const person of people.slice(0, WARM_UP_PEOPLE)) await inTurn(clients, preRequest(person));
      for (let index = 0; index < COLD_WARM_UP_HOOKS; index += 1)
        await inTurn(clients, preRequest(people[0] as Person));
      const before = await peers.parallel.calls();
      const all = await callsOfEverybody(mesh, peers);
      const cold = emptyTimes();
      const warm = emptyTimes();
      const asked = people.slice(WARM_UP_PEOPLE, WARM_UP_PEOPLE + COLD_PEOPLE);
      for (const person of asked) add(cold, await inTurn(clients, preRequest(person)));
      const after = await peers.parallel.calls();
      const allAfter = await callsOfEverybody(mesh, peers);
      const personOf = (index: number) => asked[index % asked.length] as Person;
      for (const system of SYSTEMS) {
        await atOnce(8, WARM_UP_HOOKS, (index) => clients[system].send(preRequest(personOf(index))));
      }
      for (let index = 0; index < WARM_HOOKS; index += 1) add(warm, await inTurn(clients, preRequest(personOf(index))));
      await closeAll(clients);
      const callsEach = Object.fromEntries(
        VENDOR_NAMES.map((vendor) => [vendor, round(((after[vendor] ?? 0) - (before[vendor] ?? 0)) / asked.length)]),
      );
      const meshCallsEach = Object.fromEntries(
        VENDOR_NAMES.map((vendor) => [vendor, round(((allAfter[vendor] ?? 0) - (all[vendor] ?? 0)) / asked.length)]),
      );
      return { cold, warm, callsEach, meshCallsEach };
    });
  } finally {
    await mesh.close();
  }
}

/** Calls of the mesh alone, by vendor: those that the vendors got, less those of the peers. */
async function callsOfEverybody(mesh: Mesh, peers: Peers): Promise<Record<string, number>> {
  const ofPeers = await callsOfPeers(peers);
  return Object.fromEntries(
    VENDOR_NAMES.map((vendor) => {
      return [vendor, mesh.sandbox.admin.calls(vendor).total - callsTo(vendor, ofPeers)];
    }),
  );
}

/** Calls of all middlewares to a vendor. */
function callsTo(vendor: string, ofPeers: Awaited<ReturnType<typeof callsOfPeers>>): number {
  return PEERS.reduce((sum, name) => sum + (ofPeers[name][vendor] ?? 0), 0);
}

/** Hooks about many people, the same to each system at the same time, while bulk reads continue. */
export async function mixedLoad(sources: PeerSources) {
  const reads: Record<string, number> = {};
  const mesh = await startMesh({
    root: process.cwd(),
    sandbox: { people: PEOPLE, enforceLimits: false },
    onLine: (process, line) => {
      if (line.includes('the bulk read is done')) reads[process] = (reads[process] ?? 0) + 1;
    },
  });
  try {
    return await withPeers(mesh, sources, async (peers) => {
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
      for (let index = 0; index < COLD_WARM_UP_HOOKS; index += 1) await inTurn(clients, preRequest(first as Person));

      const readsBefore = { ...reads };
      const before = Object.fromEntries(VENDOR_NAMES.map((vendor) => [vendor, admin.calls(vendor).total]));
      const peersBefore = await callsOfPeers(peers);
      const mixed = await openLoad(clients, everybody);
      const peersAfter = await callsOfPeers(peers);
      const peerCalls = Object.fromEntries(
        PEERS.map((name) => [name, sumOfCounts(peersAfter[name]) - sumOfCounts(peersBefore[name])]),
      ) as Record<PeerName, number>;
      let meshCalls = sumOfCounts(
        Object.fromEntries(VENDOR_NAMES.map((vendor) => [vendor, bulkCalls[vendor]?.everything ?? 0])),
      );
      for (const vendor of VENDOR_NAMES) {
        const ofPeers = callsTo(vendor, peersAfter) - callsTo(vendor, peersBefore);
        const own = admin.calls(vendor).total - (before[vendor] ?? 0) - ofPeers;
        meshCalls += own;
        // Sources that are read for their changes were read several times; hardly anything else asked them meanwhile.
        const runs = (reads[`enricher-${vendor}`] ?? 0) - (readsBefore[`enricher-${vendor}`] ?? 0);
        const bulk = bulkCalls[vendor];
        if (bulk !== undefined && runs > 0) bulk.changes = round(own / runs);
      }
      await closeAll(clients);
      return { mixed, bulkCalls, meshCalls, peerCalls };
    });
  } finally {
    await mesh.close();
  }
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
