import type { ChainableCommander } from 'ioredis';
import { isReadableRedis, type RedisConnection } from './redis-connection.js';

/** After so many failures in a row Redis is not waited for... */
const BREAK_AFTER_FAILURES = 3;
/** ...for so long, in ms. Then one command tries, once in this time. */
const BREAK_MS = 1000;

/**
 * Keeps a silent Redis from costing every caller a command timeout. A circuit breaker of its own, because cockatiel's
 * goes by the wall clock: set back by an hour it would stay open for an hour.
 */
export class RedisGuard {
  private failures = 0;
  /** By the monotonic clock, in ms. */
  private openUntil = Number.NEGATIVE_INFINITY;

  constructor(readonly redis: RedisConnection) {}

  /** Whether the primary is connected, and the next command would be sent. */
  get available(): boolean {
    return isReadableRedis(this.redis) && !(this.isOpen && performance.now() < this.openUntil);
  }

  private get isOpen(): boolean {
    return this.failures >= BREAK_AFTER_FAILURES;
  }

  /** @throws at once while Redis is unavailable; else what the command throws */
  async run<T>(command: (redis: RedisConnection) => Promise<T>): Promise<T> {
    if (!isReadableRedis(this.redis)) throw new Error('no primary of Redis is connected');
    if (this.isOpen) {
      const now = performance.now();
      if (now < this.openUntil) throw new Error('Redis does not answer');
      this.openUntil = now + BREAK_MS;
    }
    try {
      const result = await command(this.redis);
      this.failures = 0;
      return result;
    } catch (error) {
      this.failures += 1;
      if (this.isOpen) this.openUntil = performance.now() + BREAK_MS;
      throw error;
    }
  }

  /**
   * Runs commands that are sent together.
   *
   * @throws as `run`, and when any of the commands fails: a pipeline by itself reports that in its results only
   */
  async runAll(commands: (redis: RedisConnection) => ChainableCommander): Promise<void> {
    await this.run(async (redis) => {
      const results = await commands(redis).exec();
      if (results === null) throw new Error('Redis discarded the transaction');
      for (const [error] of results) if (error !== null) throw error;
    });
  }
}
