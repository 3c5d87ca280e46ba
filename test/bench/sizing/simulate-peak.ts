import { costOf, type MeasuredCosts } from './cost-per-hook.js';
import { EventQueue } from './event-queue.js';
import type { Deployment, Size, Workload } from './sizing-model.js';

/** What a simulated peak shows. */
export interface SimulatedPeak {
  readonly hooks: number;
  /** From the arrival of a hook to its reply, processor time and waiting, in ms. */
  readonly p50: number;
  readonly p99: number;
  /** Waiting alone. */
  readonly waitP99: number;
  /** Share of its core that the busiest gateway uses, and of its cores the busiest PDP. */
  readonly gatewayUse: number;
  readonly pdpUse: number;
}

/** What a gateway does before it asks the PDP, as a share of its processor time for the hook. */
const BEFORE_CHECK = 0.5;
const MAX_HOOKS = 300_000;

/**
 * Simulates the peak of a workload on a deployment of the computed size, from measured costs: hooks arrive at random
 * (Poisson), go to gateways at random, and each costs by its new calls (geometric) and its size (exponential), with the
 * workload's means. A gateway is one queue for one core; a PDP is one queue for its cores, and gateways ask PDPs in
 * turn. Network and Redis add no time. By a seed: every run is the same.
 */
export function simulatePeak(
  size: Size,
  workload: Workload,
  deployment: Deployment,
  costs: MeasuredCosts,
  { seconds = 10, seed = 1 } = {},
): SimulatedPeak {
  const random = generator(seed);
  const gateways = new Array<number>(size.gateways).fill(0);
  const gatewayBusy = new Array<number>(size.gateways).fill(0);
  const pdps = Array.from({ length: size.pdps }, () => new Array<number>(deployment.pdpCores).fill(0));
  const pdpBusy = new Array<number>(size.pdps).fill(0);
  const events = new EventQueue<Step>();
  const count = Math.min(MAX_HOOKS, Math.round(size.hooksPerSecond * seconds));
  let at = 0;
  for (let index = 0; index < count; index += 1) {
    at += (-Math.log(1 - random()) * 1000) / size.hooksPerSecond;
    const calls = geometric(random, workload.calls);
    const kilobytes = -Math.log(1 - random()) * workload.kilobytes;
    const gatewayMs = costOf(costs.gatewayMs, calls, kilobytes);
    const gateway = Math.floor(random() * size.gateways);
    const pdpMs = costOf(costs.pdpMs, calls, kilobytes);
    events.add(at, { stage: 'in', arrived: at, gateway, pdp: index % size.pdps, gatewayMs, pdpMs });
  }
  const times: number[] = [];
  const waits: number[] = [];
  for (let next = events.next(); next !== undefined; next = events.next()) {
    const { time, item } = next;
    if (item.stage === 'check') {
      const cores = pdps[item.pdp] as number[];
      const core = cores.indexOf(Math.min(...cores));
      cores[core] = Math.max(time, cores[core] ?? 0) + item.pdpMs;
      pdpBusy[item.pdp] = (pdpBusy[item.pdp] ?? 0) + item.pdpMs;
      events.add(cores[core] ?? 0, { ...item, stage: 'out' });
      continue;
    }
    const ms = item.gatewayMs * (item.stage === 'in' ? BEFORE_CHECK : 1 - BEFORE_CHECK);
    const done = Math.max(time, gateways[item.gateway] ?? 0) + ms;
    gateways[item.gateway] = done;
    gatewayBusy[item.gateway] = (gatewayBusy[item.gateway] ?? 0) + ms;
    if (item.stage === 'in') events.add(done, { ...item, stage: 'check' });
    else {
      times.push(done - item.arrived);
      waits.push(done - item.arrived - item.gatewayMs - item.pdpMs);
    }
  }
  const sorted = times.sort((a, b) => a - b);
  const sortedWaits = waits.sort((a, b) => a - b);
  const most = (busy: readonly number[], cores: number) => busy.reduce((max, ms) => Math.max(max, ms), 0) / cores / at;
  return {
    hooks: count,
    p50: rank(sorted, 50),
    p99: rank(sorted, 99),
    waitP99: rank(sortedWaits, 99),
    gatewayUse: most(gatewayBusy, 1),
    pdpUse: most(pdpBusy, deployment.pdpCores),
  };
}

/** A hook on its way: into the gateway, to the PDP, and out of the gateway. Times are in ms. */
interface Step {
  readonly stage: 'in' | 'check' | 'out';
  readonly arrived: number;
  readonly gateway: number;
  readonly pdp: number;
  readonly gatewayMs: number;
  readonly pdpMs: number;
}

function rank(sorted: readonly number[], percent: number): number {
  return sorted[Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1)] ?? 0;
}

/** How many calls a hook has: 0 or more, with this mean. */
function geometric(random: () => number, mean: number): number {
  return mean <= 0 ? 0 : Math.floor(Math.log(1 - random()) / Math.log(mean / (1 + mean)));
}

/** Numbers from 0 up to 1. Source: the linear congruential generator of Numerical Recipes. */
function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 4_294_967_296;
  };
}
