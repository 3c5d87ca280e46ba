import { startMesh } from '../../apps/sandbox/src/mesh/mesh.js';
import { HookClient } from './hook-load.js';
import { History, peopleOf } from './sample-hooks.js';
import { measured, median, round, type Table } from './table.js';

const CALLS = 200;
const SESSIONS = 15;

/** A long history that an agent sends again with one call more: which checks the PDP makes, and how long it takes. */
export async function run(): Promise<Table> {
  const mesh = await startMesh({ root: process.cwd() });
  try {
    const [person] = peopleOf(mesh.sandbox.admin.company, 1);
    const [gateway] = mesh.gateways;
    if (person === undefined || gateway === undefined) throw new Error('the mesh has a gateway and people');
    const client = new HookClient(gateway.url, 1);
    const first = { times: [] as number[], checks: [] as number[] };
    const next = { times: [] as number[], checks: [] as number[] };
    const send = async (into: typeof first, history: History) => {
      const before = await checksOf(mesh.pdp.httpUrl);
      into.times.push(await client.send(history.hook()));
      into.checks.push((await checksOf(mesh.pdp.httpUrl)) - before);
    };
    for (let session = 0; session < SESSIONS; session += 1) {
      const history = new History(person, CALLS);
      await send(first, history);
      history.add(1);
      await send(next, history);
    }
    await client.close();
    // The first session also asks about the declared tools.
    const steady = <T>(list: readonly T[]) => list.slice(1);
    return {
      title: `A history of ${CALLS} calls, and the same with one more`,
      columns: ['turn', 'calls in it', 'checks by the PDP', 'median ms', 'x of the first'],
      rows: [
        ['first', CALLS, median(steady(first.checks)), round(median(steady(first.times))), 1],
        [
          'next',
          CALLS + 1,
          median(steady(next.checks)),
          round(median(steady(next.times))),
          round(median(steady(next.times)) / median(steady(first.times))),
        ],
      ],
      goals: [{ what: 'checks for the next turn', measured: median(steady(next.checks)), atMost: 1, atLeast: 1 }],
      measures: [
        measured(
          'next turn against the first',
          'x',
          steady(next.times).map((ms, index) => ms / (steady(first.times)[index] ?? Number.NaN)),
        ),
        {
          name: 'checks for the next turn',
          unit: 'count',
          better: 'less',
          blocks: [],
          value: median(steady(next.checks)),
        },
      ],
      notes: [
        `${SESSIONS} sessions; checks by the PDP's own count of checked resources, cerbos_dev_engine_check_batch_size.`,
      ],
    };
  } finally {
    await mesh.close();
  }
}

/** How many resources the PDP has checked so far, by its metrics. */
async function checksOf(pdpUrl: string): Promise<number> {
  const text = await (await fetch(`${pdpUrl}/_cerbos/metrics`)).text();
  const sums = [...text.matchAll(/^cerbos_dev_engine_check_batch_size_sum(?:\{[^}]*\})? (\S+)$/gm)];
  if (sums.length === 0) throw new Error('the PDP does not tell how many checks it made');
  return sums.reduce((sum, [, value]) => sum + Number(value), 0);
}
