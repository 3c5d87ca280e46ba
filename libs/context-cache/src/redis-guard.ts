import { CircuitState, ConsecutiveBreaker, circuitBreaker, handleAll } from 'cockatiel';
import type { RedisConnection } from './redis-connection.js';

/** After so many failures in a row Redis is not waited for... */
const BREAK_AFTER_FAILURES = 3;
/** ...for so long, in ms. */
const BREAK_MS = 1000;

/** Keeps a silent Redis from costing every caller a command timeout. */
export class RedisGuard {
  private readonly breaker = circuitBreaker(handleAll, {
    breaker: new ConsecutiveBreaker(BREAK_AFTER_FAILURES),
    halfOpenAfter: BREAK_MS,
  });

  constructor(readonly redis: RedisConnection) {}

  /** Whether Redis is connected and answers. */
  get available(): boolean {
    return this.redis.status === 'ready' && this.breaker.state !== CircuitState.Open;
  }

  /** @throws at once while Redis is away; else what the command throws */
  async run<T>(command: (redis: RedisConnection) => Promise<T>): Promise<T> {
    if (this.redis.status !== 'ready') throw new Error('Redis is not connected');
    return this.breaker.execute(() => command(this.redis));
  }
}
