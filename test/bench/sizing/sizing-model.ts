import { costOf, type MeasuredCosts } from './cost-per-hook.js';

/** What is asked of a deployment. */
export interface Workload {
  /** Agents at work. */
  readonly agents: number;
  /** Hooks of one agent in a minute, over the busiest hour. */
  readonly hooksPerMinute: number;
  /** Hours of a day at that pace. */
  readonly activeHours: number;
  /** Highest rate of hooks within the hour against its mean. */
  readonly peak: number;
  /** New calls and size of a hook, on average. */
  readonly calls: number;
  readonly kilobytes: number;
  readonly agentsPerPerson: number;
}

/** How a deployment is cut into processes. */
export interface Deployment {
  /** Share of a core or PDP that the peak may use; the rest is for bursts and for the loss of a replica. */
  readonly utilisation: number;
  /** Cores of one PDP. A gateway has one: its event loop. */
  readonly pdpCores: number;
  /** How long Redis keeps a verdict, in s. */
  readonly verdictSeconds: number;
  /** How often all people are read in bulk, in s, and how long a fact that is looked up stays fresh, in s. */
  readonly bulkSeconds: number;
  readonly lookupSeconds: number;
}

/** What a workload needs at its peak. */
export interface Size {
  readonly hooksPerSecond: number;
  readonly people: number;
  readonly gateways: number;
  readonly gatewayCores: number;
  readonly pdps: number;
  readonly pdpCores: number;
  readonly redisCommandsPerSecond: number;
  /** Redis runs commands on one core; more than its share needs a cluster. */
  readonly redisCores: number;
  readonly redisMegabytes: number;
  readonly enricherCores: number;
  /** Replicas of each enricher. */
  readonly enrichers: number;
  /** Mbit/s of hooks into the gateways, and of what gateways exchange with Redis and PDPs. */
  readonly hookMegabits: number;
  readonly redisMegabits: number;
  readonly pdpMegabits: number;
}

const MS_PER_SECOND = 1000;
/** One replica may fail or be replaced while the others take the peak. */
const MIN_REPLICAS = 2;
const KILOBYTES_PER_MEGABYTE = 1024;
const VENDORS = 5;

/**
 * Sizes a deployment for the peak of a workload from measured costs:
 *
 *     hooks/s  = agents * hooksPerMinute / 60 * peak
 *     gateways = max(2, ceil(hooks/s * gateway ms of a hook / 1000 / utilisation))
 *     PDPs     = max(2, ceil(hooks/s * PDP ms of a hook / 1000 / utilisation / cores of a PDP))
 *     Redis MB = people * KB of a person + new calls of a verdict's TTL, or of a day's active hours, * KB of a verdict
 *     Mbit/s   = hooks/s * KB * 8 / 1000
 */
export function sizeOf(workload: Workload, deployment: Deployment, costs: MeasuredCosts): Size {
  const { agents, hooksPerMinute, activeHours, peak, calls, kilobytes, agentsPerPerson } = workload;
  const { utilisation, pdpCores, verdictSeconds, bulkSeconds, lookupSeconds } = deployment;
  const mean = (agents * hooksPerMinute) / 60;
  const hooksPerSecond = mean * peak;
  const people = Math.ceil(agents / agentsPerPerson);
  const cores = (cost: MeasuredCosts['gatewayMs']) => (hooksPerSecond * costOf(cost, calls, kilobytes)) / MS_PER_SECOND;
  const megabits = (cost: MeasuredCosts['gatewayMs']) => toMegabits(hooksPerSecond * costOf(cost, calls, kilobytes));
  const replicas = (need: number, each: number) => Math.max(MIN_REPLICAS, Math.ceil(need / utilisation / each));
  const gatewayCores = cores(costs.gatewayMs);
  const pdpNeed = cores(costs.pdpMs);
  const bulkCores = (people * costs.bulkMsPerPerson) / bulkSeconds / MS_PER_SECOND;
  const lookupCores = (people * costs.lookupMs) / lookupSeconds / MS_PER_SECOND;
  const enricherCores = bulkCores + lookupCores;
  const verdicts = mean * calls * Math.min(verdictSeconds, activeHours * 3600);
  return {
    hooksPerSecond,
    people,
    gateways: replicas(gatewayCores, 1),
    gatewayCores,
    pdps: replicas(pdpNeed, pdpCores),
    pdpCores: pdpNeed,
    redisCommandsPerSecond: hooksPerSecond * costOf(costs.redisCommands, calls, kilobytes),
    redisCores: cores(costs.redisMs),
    redisMegabytes: (people * costs.personKilobytes + verdicts * costs.verdictKilobytes) / KILOBYTES_PER_MEGABYTE,
    enricherCores,
    enrichers: replicas(enricherCores / VENDORS, 1),
    hookMegabits: toMegabits(hooksPerSecond * kilobytes),
    redisMegabits: megabits(costs.redisKilobytes),
    pdpMegabits: megabits(costs.pdpKilobytes),
  };
}

function toMegabits(kilobytesPerSecond: number): number {
  return (kilobytesPerSecond * 1024 * 8) / 1e6;
}
