import { fitCost } from './cost-model.js';
import { atOnce, HookClient } from './hook-load.js';
import { type PdpUse, pdpUse } from './pdp-use.js';
import { processorMs } from './process-cost.js';
import { RedisMeter, type RedisUse } from './redis-use.js';
import { type Person, peopleOf, preRequest } from './sample-hooks.js';
import type { ScaleMesh, Topology } from './scale-mesh.js';

/** Hooks in flight at once. */
export const CLIENTS = 16;
const WARM_UP = Number(process.env.BENCH_WARM_UP ?? 2000);
const CALLS = [1, 5, 20, 50];
const RESULT_BYTES = [60, 1500, 15_000];
/** Hooks of one kind for the fit, at least; kinds with many calls need fewer. */
const FITTED_HOOKS = 400;
const RELAYED_HOOKS = 20;

/** What some hooks took, per hook: times in ms, traffic in KB. */
export interface Measured {
  readonly times: readonly number[];
  readonly hooksPerSecond: number;
  readonly gatewayMs: number;
  readonly pdp: PdpUse;
  readonly redis: RedisUse;
}

export interface CostSample extends Measured {
  readonly calls: number;
  readonly kilobytes: number;
}

/** Sends hooks to the gateways of a topology, and measures what they cost. */
export class ScaleLoad {
  readonly #people: readonly Person[];
  readonly #clients: readonly HookClient[];
  readonly #redis: RedisMeter;

  constructor(private readonly scale: ScaleMesh) {
    const { mesh } = scale;
    this.#people = peopleOf(mesh.sandbox.admin.company, 20);
    this.#clients = mesh.gateways.map(({ url }) => new HookClient(url, CLIENTS));
    this.#redis = new RedisMeter(mesh.redis?.url ?? '');
  }

  async warmUp(): Promise<void> {
    for (const index of this.#clients.keys()) await atOnce(CLIENTS, WARM_UP, (hook) => this.#send(index, hook));
  }

  async measure({ gateways, pdps }: Topology, hooks: number, calls = 1, resultBytes = 60): Promise<Measured> {
    const pids = gateways.map((index) => this.scale.mesh.gateways[index]?.process.pid ?? 0);
    const before = await this.#read(pids, pdps);
    const start = performance.now();
    const times = await atOnce(CLIENTS, hooks, (hook) =>
      this.#send(gateways[hook % gateways.length] ?? 0, hook, calls, resultBytes),
    );
    const seconds = (performance.now() - start) / 1000;
    const after = await this.#read(pids, pdps);
    const each = (of: (reading: typeof before) => number) => (of(after) - of(before)) / hooks;
    return {
      times,
      hooksPerSecond: hooks / seconds,
      gatewayMs: each(({ gatewayMs }) => gatewayMs),
      pdp: {
        total: each(({ pdp }) => pdp.total),
        kernel: each(({ pdp }) => pdp.kernel),
        collection: each(({ pdp }) => pdp.collection),
      },
      redis: {
        cpuMs: each(({ redis }) => redis.cpuMs),
        commands: each(({ redis }) => redis.commands),
        kilobytes: each(({ redis }) => redis.kilobytes),
        memoryKilobytes: each(({ redis }) => redis.memoryKilobytes),
      },
    };
  }

  /** Costs of hooks with different numbers of calls and different sizes. */
  async samples(): Promise<CostSample[]> {
    const samples: CostSample[] = [];
    for (const calls of CALLS) {
      for (const resultBytes of RESULT_BYTES) {
        const hooks = Math.max(30, Math.round(FITTED_HOOKS / calls));
        const [person] = this.#people;
        const kilobytes = person === undefined ? 0 : preRequest(person, calls, resultBytes).body.length / 1024;
        samples.push({ calls, kilobytes, ...(await this.measure(this.scale.single, hooks, calls, resultBytes)) });
      }
    }
    return samples;
  }

  /** Traffic of a hook with the PDP, both directions, fitted by its calls. */
  async pdpKilobytes(): Promise<Record<string, number>> {
    const { gateway, relay } = this.scale.relayed;
    const points: { calls: number; kilobytes: number; cost: number }[] = [];
    for (const calls of CALLS) {
      for (const resultBytes of RESULT_BYTES) {
        const [person] = this.#people;
        const kilobytes = person === undefined ? 0 : preRequest(person, calls, resultBytes).body.length / 1024;
        const before = relay.bytes();
        await atOnce(4, RELAYED_HOOKS, (hook) => this.#send(gateway, hook, calls, resultBytes));
        points.push({ calls, kilobytes, cost: (relay.bytes() - before) / RELAYED_HOOKS / 1024 });
      }
    }
    const { each, call, kilobyte } = fitCost(points);
    return { 'pdpKilobytes.each': each, 'pdpKilobytes.call': call, 'pdpKilobytes.kilobyte': kilobyte };
  }

  async close(): Promise<void> {
    this.#redis.close();
    for (const client of this.#clients) await client.close();
  }

  #send(gateway: number, hook: number, calls = 1, resultBytes = 60): Promise<number> {
    const person = this.#people[hook % this.#people.length] as Person;
    return (this.#clients[gateway] as HookClient).send(preRequest(person, calls, resultBytes));
  }

  async #read(pids: readonly number[], pdps: Topology['pdps']) {
    const used = await Promise.all(pdps.map(({ process, httpUrl }) => pdpUse({ pid: process.pid, httpUrl })));
    const sum = (of: (one: PdpUse) => number) => used.reduce((total, one) => total + of(one), 0);
    return {
      gatewayMs: (await Promise.all(pids.map(processorMs))).reduce((total, ms) => total + ms, 0),
      pdp: {
        total: sum(({ total }) => total),
        kernel: sum(({ kernel }) => kernel),
        collection: sum(({ collection }) => collection),
      },
      redis: await this.#redis.read(),
    };
  }
}
