import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SourceSettings } from '@iris/contracts';
import type { Mesh } from '../../apps/sandbox/src/mesh/mesh.js';
import { VENDOR_NAMES } from '../../apps/sandbox/src/vendor-name.js';
import { HookClient } from './hook-load.js';
import type { PeerAnswer, PeerOrder } from './peer-process.js';
import type { SampleHook } from './sample-hooks.js';

/** The middlewares that Iris is compared with. */
export const PEERS = ['sequential', 'parallel', 'recording'] as const;
export type PeerName = (typeof PEERS)[number];

export type System = 'iris' | PeerName;
export const SYSTEMS: readonly System[] = ['iris', ...PEERS];

/** Reply times in ms. */
export type Times = Record<System, number[]>;
export type PeerSources = Readonly<Partial<Record<string, SourceSettings>>>;
export type Clients = Readonly<Record<System, HookClient>>;

interface Peer {
  readonly url: string;
  calls(): Promise<Readonly<Record<string, number>>>;
  close(): void;
}

export type Peers = Readonly<Record<PeerName, Peer>>;

/** Starts the middlewares against the PDP and the vendors of a mesh, uses them, and ends them. */
export async function withPeers<T>(mesh: Mesh, sources: PeerSources, use: (peers: Peers) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'iris-peers-'));
  const freshSeconds = Object.fromEntries(VENDOR_NAMES.map((vendor) => [vendor, sources[vendor]?.freshSeconds ?? 0]));
  const { urls, credentials } = mesh.sandbox;
  const order = { target: mesh.pdp.target, urls, credentials, freshSeconds };
  const started: Peer[] = [];
  const start = async (extra: Pick<PeerOrder, 'vendors' | 'recordTo'>): Promise<Peer> => {
    const peer = await startPeer({ ...order, ...extra });
    started.push(peer);
    return peer;
  };
  try {
    return await use({
      sequential: await start({ vendors: 'in_turn' }),
      parallel: await start({ vendors: 'at_once' }),
      recording: await start({ vendors: 'at_once', recordTo: join(folder, 'decisions.jsonl') }),
    });
  } finally {
    for (const peer of started) peer.close();
    await rm(folder, { recursive: true, force: true });
  }
}

async function startPeer(order: PeerOrder): Promise<Peer> {
  const child: ChildProcess = fork('dist/test/bench/peer-process.js', { stdio: ['ignore', 'pipe', 'inherit', 'ipc'] });
  // Log lines are read, as a node's agent reads them.
  child.stdout?.resume();
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

/** Calls to vendors so far, by middleware and vendor. */
export async function callsOfPeers(peers: Peers): Promise<Record<PeerName, Readonly<Record<string, number>>>> {
  const entries = await Promise.all(PEERS.map(async (name) => [name, await peers[name].calls()] as const));
  return Object.fromEntries(entries) as Record<PeerName, Readonly<Record<string, number>>>;
}

export function clientsOf(mesh: Mesh, peers: Peers): Clients {
  const peerClients = PEERS.map((name) => [name, new HookClient(peers[name].url, 64)]);
  return { iris: new HookClient(mesh.gateways[0]?.url ?? '', 64), ...Object.fromEntries(peerClients) } as Clients;
}

export async function closeAll(clients: Clients): Promise<void> {
  await Promise.all(SYSTEMS.map((system) => clients[system].close()));
}

let turns = 0;

/** The same hook to each, one after another, so that none takes the processor of another; each comes first in turn. */
export async function inTurn(clients: Clients, hook: SampleHook): Promise<Record<System, number>> {
  turns += 1;
  const times = emptyOf(0);
  for (let index = 0; index < SYSTEMS.length; index += 1) {
    const system = SYSTEMS[(turns + index) % SYSTEMS.length] as System;
    times[system] = await clients[system].send(hook);
  }
  return times;
}

export function emptyTimes(): Times {
  return Object.fromEntries(SYSTEMS.map((system) => [system, []])) as unknown as Times;
}

function emptyOf(value: number): Record<System, number> {
  return Object.fromEntries(SYSTEMS.map((system) => [system, value])) as Record<System, number>;
}

export function add(times: Times, one: Record<System, number>): void {
  for (const system of SYSTEMS) times[system].push(one[system]);
}
