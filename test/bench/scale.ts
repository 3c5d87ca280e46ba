import { startMesh } from '../../apps/sandbox/src/mesh/mesh.js';
import { type CostSample, fitCost } from './cost-model.js';
import { atOnce, HookClient } from './hook-load.js';
import { processorMs } from './process-cost.js';
import { type Person, peopleOf, preRequest } from './sample-hooks.js';
import { percentile, round, type Table } from './table.js';

const HOOKS = Number(process.env.BENCH_HOOKS ?? 400);
const GATEWAYS = [1, 2, 4];
const CLIENTS = [1, 4, 16, 64];
const CALLS = [1, 5, 20, 50];
const RESULT_BYTES = [60, 1500, 15_000];

/** How many hooks gateways answer by number of processes and clients, and what one costs by its calls and its size. */
export async function run(): Promise<Table> {
  const mesh = await startMesh({
    root: process.cwd(),
    gateways: Math.max(...GATEWAYS),
    gatewayEnv: { IRIS_HOOK_BUDGET_MS: '10000' },
  });
  try {
    const people = peopleOf(mesh.sandbox.admin.company, 20);
    const personOf = (index: number) => people[index % people.length] as Person;
    const clients = mesh.gateways.map(({ url }) => new HookClient(url, Math.max(...CLIENTS)));
    for (const client of clients) await atOnce(8, 300, (index) => client.send(preRequest(personOf(index))));

    const rows: (string | number)[][] = [];
    for (const gateways of GATEWAYS) {
      const used = clients.slice(0, gateways);
      const pids = mesh.gateways.slice(0, gateways).map(({ process }) => process.pid);
      for (const concurrency of CLIENTS) {
        const measured = await measure(pids, mesh.pdp.process.pid, concurrency, HOOKS, (index) =>
          (used[index % gateways] as HookClient).send(preRequest(personOf(index))),
        );
        rows.push([`${gateways} gateways, ${concurrency} clients`, 1, ...figures(measured)]);
      }
    }
    const samples: CostSample[] = [];
    const [client] = clients;
    const pid = mesh.gateways[0]?.process.pid ?? 0;
    for (const calls of CALLS) {
      for (const resultBytes of RESULT_BYTES) {
        const hooks = Math.max(30, Math.round(HOOKS / calls));
        const kilobytes = preRequest(personOf(0), calls, resultBytes).body.length / 1024;
        const measured = await measure([pid], mesh.pdp.process.pid, 4, hooks, (index) =>
          (client as HookClient).send(preRequest(personOf(index), calls, resultBytes)),
        );
        samples.push({ calls, kilobytes, cpuMs: measured.gatewayMs, pdpMs: measured.pdpMs });
        rows.push([`1 gateway, 4 clients, ${round(kilobytes)} KB`, calls, ...figures(measured)]);
      }
    }
    for (const each of clients) await each.close();
    const model = fitCost(samples.map(({ cpuMs, ...rest }) => ({ ...rest, cost: cpuMs })));
    const pdp = fitCost(samples.map(({ pdpMs, ...rest }) => ({ ...rest, cost: pdpMs })));
    return {
      title: 'Gateways, clients, tool calls and size of hooks',
      columns: ['load', 'calls', 'hooks/s', 'p50 ms', 'p99 ms', 'gateway CPU ms each', 'PDP CPU ms each'],
      rows,
      notes: [
        `Least squares over the rows by calls and size: a gateway needs ${round(model.each)} + ${round(model.call)} * calls + ${model.kilobyte.toFixed(4)} * KB ms of CPU for a hook, the PDP ${round(pdp.each)} + ${round(pdp.call)} * calls ms.`,
        'All processes, and the clients, share the processors of one machine.',
      ],
    };
  } finally {
    await mesh.close();
  }
}

interface Measured {
  readonly times: readonly number[];
  readonly seconds: number;
  readonly gatewayMs: number;
  readonly pdpMs: number;
}

async function measure(
  pids: readonly number[],
  pdp: number,
  concurrency: number,
  hooks: number,
  send: (index: number) => Promise<number>,
): Promise<Measured> {
  const used = async () => (await Promise.all(pids.map(processorMs))).reduce((sum, ms) => sum + ms, 0);
  const [gatewayBefore, pdpBefore] = [await used(), await processorMs(pdp)];
  const start = performance.now();
  const times = await atOnce(concurrency, hooks, send);
  const seconds = (performance.now() - start) / 1000;
  return {
    times,
    seconds,
    gatewayMs: ((await used()) - gatewayBefore) / hooks,
    pdpMs: ((await processorMs(pdp)) - pdpBefore) / hooks,
  };
}

function figures({ times, seconds, gatewayMs, pdpMs }: Measured): number[] {
  return [Math.round(times.length / seconds), percentile(times, 50), percentile(times, 99), gatewayMs, pdpMs].map(
    round,
  );
}
