import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startMesh } from '../../apps/sandbox/src/mesh/mesh.js';
import { atOnce, HookClient } from './hook-load.js';
import { peopleOf, preRequest } from './sample-hooks.js';
import { round, type Table } from './table.js';

const HOOKS = 6000;
const CONCURRENCY = 8;
const SHOWN = 30;

/** Where a gateway's processor time and its allocations go while it answers warm hooks with one tool call. */
export async function run(): Promise<Table> {
  const folder = process.env.BENCH_PROFILE_FOLDER ?? (await mkdtemp(join(tmpdir(), 'iris-profile-')));
  try {
    const mesh = await startMesh({
      root: process.cwd(),
      gatewayEnv: {
        NODE_OPTIONS: `--cpu-prof --cpu-prof-dir=${folder} --cpu-prof-interval=500 --heap-prof --heap-prof-dir=${folder} --heap-prof-interval=65536`,
      },
    });
    try {
      const client = new HookClient(mesh.gateways[0]?.url ?? '', CONCURRENCY);
      const people = peopleOf(mesh.sandbox.admin.company, 20);
      await atOnce(CONCURRENCY, HOOKS, (index) =>
        client.send(preRequest(people[index % people.length] ?? { login: '', nodeId: '' })),
      );
      await client.close();
    } finally {
      await mesh.close();
    }
    const files = await readdir(folder);
    const cpu = files.find((name) => name.endsWith('.cpuprofile'));
    if (cpu === undefined) throw new Error('the gateway left no profile');
    const profile: CpuProfile = JSON.parse(await readFile(join(folder, cpu), 'utf8'));
    const own = ownTimes(profile);
    return {
      title: 'Processor time of a gateway by what it runs, with its start',
      columns: ['what', 'us for each hook'],
      rows: [...own]
        .sort(([, a], [, b]) => b - a)
        .slice(0, SHOWN)
        .map(([name, us]) => [name, round(us / HOOKS)]),
      notes: [`${HOOKS} hooks; the profiler itself costs time`],
    };
  } finally {
    if (process.env.BENCH_PROFILE_FOLDER === undefined) await rm(folder, { recursive: true, force: true });
  }
}

interface CpuProfile {
  readonly nodes: readonly { id: number; callFrame: { functionName: string; url: string; lineNumber: number } }[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

/** Own times in us by package or file. */
function ownTimes({ nodes, samples, timeDeltas }: CpuProfile): Map<string, number> {
  const names = new Map(nodes.map(({ id, callFrame }) => [id, placeOf(callFrame)]));
  const own = new Map<string, number>();
  samples.forEach((id, index) => {
    const name = names.get(id) ?? '';
    if (name !== '(idle)') own.set(name, (own.get(name) ?? 0) + (timeDeltas[index] ?? 0));
  });
  return own;
}

function placeOf({ functionName, url }: CpuProfile['nodes'][number]['callFrame']): string {
  if (url === '') return functionName;
  if (url.startsWith('node:')) return url;
  const dependency = /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url);
  return dependency?.[1] ?? url.replace(/.*\/dist\//, '');
}
