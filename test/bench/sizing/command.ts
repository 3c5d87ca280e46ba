import { type BenchRun, RunFileError } from '../results/run-file.js';
import { round, type Table } from '../table.js';
import { costsOf, type MeasuredCosts } from './cost-per-hook.js';
import { simulatePeak } from './simulate-peak.js';
import { type Deployment, sizeOf, type Workload } from './sizing-model.js';

/** Options of `size` with their defaults: a workload and a deployment. */
export const SIZING_OPTIONS = [
  ['hooks-per-minute', 'hooks of one agent in a minute, over the busiest hour', 8],
  ['active-hours', 'hours of a day at that pace', 8],
  ['peak', 'highest rate of hooks within that hour against its mean', 2],
  ['calls', 'new tool calls of a hook, on average', 1],
  ['kilobytes', 'size of a hook in KB, on average', 100],
  ['agents-per-person', 'agents that one person runs', 2],
  ['utilisation', 'share of a core that the peak may use', 0.5],
  ['pdp-cores', 'cores of one PDP', 2],
  ['verdict-seconds', 'verdicts.lifeSeconds of the gateway', 86_400],
  ['bulk-seconds', 'mean interval of bulk reads of all people', 420],
  ['lookup-seconds', 'freshness of facts without a bulk list API', 300],
] as const;

type Flags = Readonly<Record<string, string | undefined>>;

/** The table of `npm run bench -- size`. @throws RunFileError for an option that is no positive number */
export function sizingOf(flags: Flags, run: BenchRun): Table {
  return sizingTable([positive(flags, 'agents', undefined)], flags, costsOf(run));
}

/** One column for each number of agents. */
export function sizingTable(agents: readonly number[], flags: Flags, costs: MeasuredCosts): Table {
  const option = (name: (typeof SIZING_OPTIONS)[number][0]) =>
    positive(flags, name, SIZING_OPTIONS.find(([flag]) => flag === name)?.[2]);
  const deployment: Deployment = {
    utilisation: Math.min(1, option('utilisation')),
    pdpCores: Math.ceil(option('pdp-cores')),
    verdictSeconds: option('verdict-seconds'),
    bulkSeconds: option('bulk-seconds'),
    lookupSeconds: option('lookup-seconds'),
  };
  const workload: Omit<Workload, 'agents'> = {
    hooksPerMinute: option('hooks-per-minute'),
    activeHours: option('active-hours'),
    peak: option('peak'),
    calls: option('calls'),
    kilobytes: option('kilobytes'),
    agentsPerPerson: option('agents-per-person'),
  };
  const sizes = agents.map((count) => {
    const asked = { ...workload, agents: count };
    const size = sizeOf(asked, deployment, costs);
    return { size, peak: simulatePeak(size, asked, deployment, costs) };
  });
  const line = (name: string, figure: (one: (typeof sizes)[number]) => string | number) => [name, ...sizes.map(figure)];
  const of = (count: number, cores: number) => `${count} (${short(cores)} cores used)`;
  return {
    title: 'Size of a deployment by its agents',
    columns: ['', ...agents.map((count) => `${count} agents`)],
    rows: [
      line('hooks/s at the peak', ({ size }) => short(size.hooksPerSecond)),
      line('gateways, one core each', ({ size }) => of(size.gateways, size.gatewayCores)),
      line(`PDPs, ${deployment.pdpCores} cores each`, ({ size }) => of(size.pdps, size.pdpCores)),
      line('Redis commands/s', ({ size }) => short(size.redisCommandsPerSecond)),
      line('Redis cores used', ({ size }) => short(size.redisCores)),
      line('Redis memory, MB', ({ size }) => short(size.redisMegabytes)),
      line('replicas of each enricher', ({ size }) => of(size.enrichers, size.enricherCores)),
      line('network, hooks, Mbit/s', ({ size }) => short(size.hookMegabits)),
      line('network, gateways and Redis, Mbit/s', ({ size }) => short(size.redisMegabits)),
      line('network, gateways and PDPs, Mbit/s', ({ size }) => short(size.pdpMegabits)),
      line('memory of all gateways, MB', ({ size }) => short(size.gateways * costs.gatewayMegabytes)),
      line('simulated: hooks', ({ peak }) => peak.hooks),
      line('simulated: p50 and p99 in gateway and PDP, ms', ({ peak }) => `${short(peak.p50)}, ${short(peak.p99)}`),
      line('simulated: waiting of these, p99, ms', ({ peak }) => short(peak.waitP99)),
      line(
        'simulated: busiest gateway and PDP',
        ({ peak }) => `${Math.round(100 * peak.gatewayUse)} %, ${Math.round(100 * peak.pdpUse)} %`,
      ),
    ],
    notes: [
      `Workload: ${SIZING_OPTIONS.map(([name, , fallback]) => `${name} ${flags[camel(name)] ?? fallback}`).join(', ')}.`,
      'Sizes are computed from costs that were measured on one machine; no such deployment was run. The simulated rows put a random peak of 10 s, at most 300000 hooks, through queues of that size, with the measured costs as service times.',
      ...sizes
        .filter(({ size }) => size.redisCores > deployment.utilisation)
        .map(
          ({ size }) =>
            `At ${short(size.hooksPerSecond)} hooks/s Redis needs more than its share of one core: use a cluster.`,
        ),
    ],
  };
}

function positive(flags: Flags, name: string, fallback: number | undefined): number {
  const text = flags[camel(name)];
  const value = text === undefined ? fallback : Number(text);
  if (value === undefined || !(value > 0) || !Number.isFinite(value)) {
    throw new RunFileError(`--${name}: ${text ?? 'is missing'}: must be a number above 0`);
  }
  return value;
}

function camel(name: string): string {
  return name.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
}

/** Three digits are as many as the costs have. */
function short(figure: number): number {
  return figure >= 1000 ? Math.round(figure) : round(Number(figure.toPrecision(3)));
}
