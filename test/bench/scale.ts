import { type CostModel, fitCost } from './cost-model.js';
import { CLIENTS, type CostSample, type Measured, ScaleLoad } from './scale-load.js';
import { withScaleMesh } from './scale-mesh.js';
import { measured, median, percentile, round, type Table } from './table.js';

/** Topologies take turns in blocks, so that other work on the machine meets all alike. */
const BLOCKS = Number(process.env.BENCH_BLOCKS ?? 8);
const BLOCK = Number(process.env.BENCH_HOOKS ?? 200);

/**
 * How many hooks gateways and PDPs answer by their number, where the processor time goes, and what a hook costs by its
 * calls and its size.
 */
export async function run(): Promise<Table> {
  return withScaleMesh(async (scale) => {
    const load = new ScaleLoad(scale);
    try {
      await load.warmUp();
      const results = scale.topologies.map((topology) => ({ topology, blocks: [] as Measured[] }));
      for (let block = 0; block < BLOCKS; block += 1) {
        for (const { topology, blocks } of results) blocks.push(await load.measure(topology, BLOCK));
      }
      const samples = await load.samples();
      const rows = results.map(({ topology, blocks }) => row(topology.name, blocks));
      const [single, , , , later] = results.map(({ blocks }) => blocks);
      const figures = { ...fitted(samples), ...(await load.pdpKilobytes()) };
      return {
        title: 'Gateways and PDPs: hooks per second, and processor time in s for 1,000 hooks',
        columns: COLUMNS,
        rows,
        figures,
        measures: [
          measured(
            'gateway CPU, 1 gateway, 1 PDP',
            'ms',
            (single ?? []).map(({ gatewayMs }) => gatewayMs),
          ),
          measured(
            'PDP CPU, 1 gateway, 1 PDP',
            'ms',
            (single ?? []).map(({ pdp }) => pdp.total),
          ),
          measured(
            'PDP CPU with GOGC=400 against 100',
            'x',
            (later ?? []).map(({ pdp }, index) => pdp.total / (single?.[index]?.pdp.total ?? Number.NaN)),
          ),
        ],
        notes: [
          `${BLOCKS} blocks of ${BLOCK} hooks with one call from ${CLIENTS} clients, in turn; medians of the blocks. All processes and the clients share the processors of one machine, so hooks per second do not grow with replicas here; processor time is what a size is computed from.`,
          'Of the PDP: kernel is mostly its sockets; GC is garbage collection while others wait for a core; the rest evaluates policies and converts messages.',
          `Least squares over ${samples.length} kinds of 1 to 50 new calls and 1 to 800 KB: gateway ${formula(figures, 'gatewayMs')} ms, PDP ${formula(figures, 'pdpMs')} ms, Redis ${formula(figures, 'redisMs')} ms and ${formula(figures, 'redisCommands')} commands, KB with Redis ${formula(figures, 'redisKilobytes')}, KB with the PDP ${formula(figures, 'pdpKilobytes')}.`,
          `A cached verdict takes ${round(figures.verdictKilobytes)} KB of Redis.`,
        ],
      };
    } finally {
      await load.close();
    }
  });
}

const COLUMNS = [
  '',
  'hooks/s',
  'p50 ms',
  'p99 ms',
  'gateways',
  'PDPs',
  'of it kernel',
  'of it GC',
  'of it the rest',
  'Redis',
];

function row(name: string, blocks: readonly Measured[]): (string | number)[] {
  const middle = (figure: (one: Measured) => number) => round(median(blocks.map(figure)));
  const times = blocks.flatMap((block) => block.times);
  return [
    name,
    Math.round(median(blocks.map(({ hooksPerSecond }) => hooksPerSecond))),
    round(percentile(times, 50)),
    round(percentile(times, 99)),
    middle(({ gatewayMs }) => gatewayMs),
    middle(({ pdp }) => pdp.total),
    middle(({ pdp }) => pdp.kernel),
    middle(({ pdp }) => pdp.collection),
    middle(({ pdp }) => pdp.total - pdp.kernel - pdp.collection),
    middle(({ redis }) => redis.cpuMs),
  ];
}

/** Fits of the costs by calls and size, by the names that sizes are computed with. */
function fitted(samples: readonly CostSample[]): Record<string, number> & { readonly verdictKilobytes: number } {
  const modelOf = (cost: (sample: CostSample) => number): CostModel =>
    // A cost of nothing has no relative error; Redis counts in steps of its clock.
    fitCost(samples.map((sample) => ({ ...sample, cost: Math.max(0.001, cost(sample)) })));
  const models = {
    gatewayMs: modelOf(({ gatewayMs }) => gatewayMs),
    pdpMs: modelOf(({ pdp }) => pdp.total),
    redisMs: modelOf(({ redis }) => redis.cpuMs),
    redisCommands: modelOf(({ redis }) => redis.commands),
    redisKilobytes: modelOf(({ redis }) => redis.kilobytes),
  };
  const entries = Object.entries(models).flatMap(([name, model]) =>
    Object.entries(model).map(([part, value]) => [`${name}.${part}`, value] as const),
  );
  const grown = samples.map(({ redis, calls }) => redis.memoryKilobytes / calls);
  return { ...Object.fromEntries(entries), verdictKilobytes: Math.max(0, median(grown)) };
}

function formula(figures: Readonly<Record<string, number>>, name: string): string {
  const part = (key: string) => Number((figures[`${name}.${key}`] ?? 0).toPrecision(2));
  return `${part('each')} + ${part('call')} per call + ${part('kilobyte')} per KB`;
}
