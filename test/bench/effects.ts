import { startMesh } from '../../apps/sandbox/src/mesh/mesh.js';
import { atOnce, HookClient } from './hook-load.js';
import { processorMs } from './process-cost.js';
import { peopleOf, preRequest, type SampleHook } from './sample-hooks.js';
import { median, round, type Table } from './table.js';

/** The kinds take turns in blocks, so that other work on the machine meets all alike. */
const BLOCKS = Number(process.env.BENCH_BLOCKS ?? 40);
const BLOCK = 50;
const WARM_UP = 400;
const BUSY = 8;

const COMMANDS = {
  'Bash git status': 'git status --short',
  'Bash psql on staging': 'psql -h orders-staging.db.lumen.example -c "select 1"',
} as const;

/** What reading a command, and asking about one effect more, adds to a warm hook with one tool call. */
export async function run(): Promise<Table> {
  const mesh = await startMesh({ root: process.cwd() });
  const [gateway] = mesh.gateways;
  if (gateway === undefined) throw new Error('the mesh has a gateway');
  const client = new HookClient(gateway.url, BUSY);
  try {
    const person = peopleOf(mesh.sandbox.admin.company).find(({ login }) => login === 'ben@lumen.example');
    if (person === undefined) throw new Error('the company has ben');
    const kinds = [
      { name: 'Read', make: () => preRequest(person) },
      ...Object.entries(COMMANDS).map(([name, command]) => ({
        name,
        make: () => asCommand(preRequest(person), command),
      })),
    ].map((kind) => ({ ...kind, times: [] as number[], cpuMs: 0, busy: 0 }));
    for (const { make } of kinds) await atOnce(BUSY, WARM_UP, () => client.send(make()));
    for (let block = 0; block < BLOCKS; block += 1) {
      for (const kind of kinds) {
        if (block % 4 !== 3) kind.times.push(...(await atOnce(1, BLOCK, () => client.send(kind.make()))));
        else {
          const before = await processorMs(gateway.process.pid);
          await atOnce(BUSY, BLOCK * 4, () => client.send(kind.make()));
          kind.cpuMs += (await processorMs(gateway.process.pid)) - before;
          kind.busy += BLOCK * 4;
        }
      }
    }
    const figures = kinds.map(({ name, times, cpuMs, busy }) => ({ name, ms: median(times), cpu: cpuMs / busy }));
    const [read, shell, database] = figures;
    if (read === undefined || shell === undefined || database === undefined) throw new Error('there are three kinds');
    return {
      title: 'What effects add to a warm hook with one tool call',
      columns: ['call', 'p50 ms', 'added ms', 'CPU ms each', 'added CPU ms'],
      rows: figures.map(({ name, ms, cpu }) => [
        name,
        round(ms),
        round(ms - read.ms),
        round(cpu),
        round(cpu - read.cpu),
      ]),
      goals: [
        { what: 'added by a command without effects, p50 ms', measured: shell.ms - read.ms, atMost: 0.2 },
        { what: 'added by a command with one effect, p50 ms', measured: database.ms - read.ms, atMost: 1 },
      ],
      notes: [`Blocks of ${BLOCK} take turns, ${BLOCKS} of each; each fourth ${BUSY} at once, for processor time.`],
    };
  } finally {
    await client.close();
    await mesh.close();
  }
}

/** The same hook with a command in the place of the file that is read. The number keeps each call new. */
function asCommand(hook: SampleHook, command: string): SampleHook {
  const body = hook.body
    .replaceAll('"name":"Read"', '"name":"Bash"')
    .replace(
      /"input":\{"file_path":"([^"]*)","limit":200\}/,
      (_, path: string) => `"input":${JSON.stringify({ command, description: path })}`,
    );
  return { ...hook, body };
}
