import { Redis } from 'ioredis';

/** What a Redis has done so far. */
export interface RedisUse {
  /** Processor time of all its threads, in ms. */
  readonly cpuMs: number;
  readonly commands: number;
  /** Traffic with clients, both directions, in KB. */
  readonly kilobytes: number;
  /** Memory of its data, in KB. */
  readonly memoryKilobytes: number;
}

/** Reads the counters of a Redis. Source: its INFO command. */
export class RedisMeter {
  readonly #redis: Redis;

  constructor(url: string) {
    this.#redis = new Redis(url);
  }

  async read(): Promise<RedisUse> {
    const text = await this.#redis.info();
    const figure = (name: string): number => {
      const value = Number(new RegExp(`^${name}:([0-9.]+)`, 'm').exec(text)?.[1] ?? Number.NaN);
      if (Number.isNaN(value)) throw new Error(`Redis reports no ${name}`);
      return value;
    };
    return {
      cpuMs: (figure('used_cpu_sys') + figure('used_cpu_user')) * 1000,
      commands: figure('total_commands_processed'),
      kilobytes: (figure('total_net_input_bytes') + figure('total_net_output_bytes')) / 1024,
      memoryKilobytes: figure('used_memory') / 1024,
    };
  }

  close(): void {
    this.#redis.disconnect();
  }
}
