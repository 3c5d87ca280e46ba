import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startMesh } from '../../apps/sandbox/src/mesh/mesh.js';
import { atOnce, HookClient } from './hook-load.js';
import { peopleOf, preRequest } from './sample-hooks.js';
import { round, type Table } from './table.js';

const WARM_UP = 1000;
const HOOKS = 4000;
const CONCURRENCY = 8;
const SHOWN = 30;

/**
 * Where a gateway's processor time and its allocations go while it answers warm hooks with one tool call. The profiles
 * are kept in the folder BENCH_PROFILE_FOLDER, if it is set.
 */
export async function run(): Promise<Table> {
  const kept = process.env.BENCH_PROFILE_FOLDER;
  const folder = kept ?? (await mkdtemp(join(tmpdir(), 'iris-profile-')));
  try {
    await profile(folder);
    const cpu = ownTimes(JSON.parse(await readFile(join(folder, 'cpu.json'), 'utf8')));
    const heap = ownBytes(JSON.parse(await readFile(join(folder, 'heap.json'), 'utf8')));
    return {
      title: 'What a warm pre_request with one tool call costs the gateway, by where it is spent',
      columns: ['where', 'CPU us each', 'allocated KB each'],
      rows: [...cpu]
        .sort(([, a], [, b]) => b - a)
        .slice(0, SHOWN)
        .map(([name, us]) => [name, round(us / HOOKS), round((heap.get(name) ?? 0) / 1024 / HOOKS)]),
      notes: [
        `In all ${round(sum(cpu) / HOOKS)} us and ${round(sum(heap) / 1024 / HOOKS)} KB each, over ${HOOKS} hooks; the profilers themselves cost time.`,
      ],
    };
  } finally {
    if (kept === undefined) await rm(folder, { recursive: true, force: true });
  }
}

async function profile(folder: string): Promise<void> {
  const mesh = await startMesh({
    root: process.cwd(),
    gatewayEnv: { NODE_OPTIONS: '--import ./dist/test/bench/profiled-process.js', BENCH_PROFILE_FOLDER: folder },
  });
  const [gateway] = mesh.gateways;
  if (gateway === undefined) throw new Error('the mesh has a gateway');
  const client = new HookClient(gateway.url, CONCURRENCY);
  try {
    const people = peopleOf(mesh.sandbox.admin.company, 20);
    const send = (index: number) => client.send(preRequest(people[index % people.length] ?? { login: '', nodeId: '' }));
    await atOnce(CONCURRENCY, WARM_UP, send);
    gateway.process.signal('SIGUSR2');
    await sleep(500);
    await atOnce(CONCURRENCY, HOOKS, send);
    gateway.process.signal('SIGUSR2');
    for (let waited = 0; !existsSync(join(folder, 'cpu.json')) && waited < 300; waited += 1) await sleep(100);
    await sleep(500);
  } finally {
    await client.close();
    await mesh.close();
  }
}

interface CallFrame {
  readonly functionName: string;
  readonly url: string;
}

interface CpuProfile {
  readonly nodes: readonly { readonly id: number; readonly callFrame: CallFrame }[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

interface HeapNode {
  readonly callFrame: CallFrame;
  readonly selfSize: number;
  readonly children: readonly HeapNode[];
}

/** Own times in us, by package or file. */
function ownTimes({ nodes, samples, timeDeltas }: CpuProfile): Map<string, number> {
  const names = new Map(nodes.map(({ id, callFrame }) => [id, placeOf(callFrame)]));
  const own = new Map<string, number>();
  samples.forEach((id, index) => {
    const name = names.get(id) ?? '';
    if (name !== '(idle)') own.set(name, (own.get(name) ?? 0) + (timeDeltas[index] ?? 0));
  });
  return own;
}

/** Own allocations in bytes, by package or file. */
function ownBytes({ head }: { readonly head: HeapNode }): Map<string, number> {
  const own = new Map<string, number>();
  const add = ({ callFrame, selfSize, children }: HeapNode) => {
    const name = placeOf(callFrame);
    own.set(name, (own.get(name) ?? 0) + selfSize);
    children.forEach(add);
  };
  add(head);
  return own;
}

function placeOf({ functionName, url }: CallFrame): string {
  if (url === '') return functionName;
  if (url.startsWith('node:')) return url;
  const dependency = /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url);
  return dependency?.[1] ?? url.replace(/.*\/dist\//, '').replace(/\/src\//, '/');
}

function sum(figures: ReadonlyMap<string, number>): number {
  return [...figures.values()].reduce((total, figure) => total + figure, 0);
}
