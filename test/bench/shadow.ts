import { startMesh } from '../../apps/sandbox/src/mesh/mesh.js';
import { HookClient } from './hook-load.js';
import { processorMs } from './process-cost.js';
import { type Person, peopleOf, preRequest } from './sample-hooks.js';
import { blocksOf, measured, median, percentile, round, type Table } from './table.js';

const PAIRS = Number(process.env.BENCH_PAIRS ?? 1500);
/** Pairs by which noise is estimated. */
const BLOCK = 50;
const WARM_UP = 150;
/** Between two hooks of one gateway, in ms, so that a second opinion is given before the next hook comes. */
const PAUSE_MS = 5;

/** One of the two gateways. */
interface Side {
  readonly client: HookClient;
  readonly pid: number;
  readonly times: number[];
  cpuMs: number;
}

/** Reply times of a gateway that asks a second version of the policies after each reply, beside one that does not. */
export async function run(): Promise<Table> {
  const mesh = await startMesh({
    root: process.cwd(),
    gateways: 2,
    gatewayEnv: (index): Record<string, string> => (index === 1 ? { IRIS_SHADOW_POLICY_VERSION: 'observe' } : {}),
  });
  try {
    const people = peopleOf(mesh.sandbox.admin.company, 20);
    const [off, on] = mesh.gateways.map(
      ({ url, process }): Side => ({ client: new HookClient(url, 1), pid: process.pid, times: [], cpuMs: 0 }),
    );
    if (off === undefined || on === undefined) throw new Error('the mesh has two gateways');
    for (let index = 0; index < WARM_UP + PAIRS; index += 1) {
      if (index === WARM_UP) for (const each of [off, on]) each.cpuMs = await processorMs(each.pid);
      const person = people[index % people.length] as Person;
      // Which one comes first changes, so that neither always finds the other's work in flight.
      for (const each of index % 2 === 0 ? [off, on] : [on, off]) {
        const ms = await each.client.send(preRequest(person));
        if (index >= WARM_UP) each.times.push(ms);
        await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
      }
    }
    for (const each of [off, on]) {
      each.cpuMs = ((await processorMs(each.pid)) - each.cpuMs) / PAIRS;
      await each.client.close();
    }
    const line = (name: string, figure: (each: Side) => number) => [
      name,
      round(figure(off)),
      round(figure(on)),
      round(figure(on) / figure(off)),
    ];
    const p = (percent: number) => (each: Side) => percentile(each.times, percent);
    return {
      title: 'Reply to a pre_request with one tool call, without and with shadow evaluation',
      columns: ['what', 'without', 'with', 'x'],
      rows: [
        line('p50 ms', p(50)),
        line('p90 ms', p(90)),
        line('p99 ms', p(99)),
        line('CPU ms each', ({ cpuMs }) => cpuMs),
      ],
      goals: [{ what: 'p50 with shadow evaluation against without', measured: p(50)(on) / p(50)(off), atMost: 1.05 }],
      measures: [
        measured(
          'p50 with shadow evaluation against without',
          'x',
          blocksOf(on.times, BLOCK).map(
            (block, index) => median(block) / median(blocksOf(off.times, BLOCK)[index] ?? []),
          ),
        ),
      ],
      notes: [`${PAIRS} pairs of hooks, one to each gateway in turn, ${PAUSE_MS} ms apart.`],
    };
  } finally {
    await mesh.close();
  }
}
