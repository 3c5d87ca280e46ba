import { randomUUID } from 'node:crypto';
import type { EntryAddress } from './entry.js';
import { poll } from './poll.js';
import type { RedisConnection } from './redis-connection.js';
import { RedisGuard } from './redis-guard.js';

export interface Flight<T> {
  readonly address: EntryAddress;
  /** Longest life of the lock, in ms: as long as `fetch` may take. Also how long a loser waits. */
  readonly lockMs: number;
  /** Ends a loser's wait. */
  readonly signal: AbortSignal;
  /**
   * Looks for what an earlier flight has left. Sent right behind the lock, so by the same connection it sees all that
   * landed before the lock was set.
   */
  find(): Promise<T | undefined>;
  /** The costly call. It keeps its result where `find` looks before it resolves. */
  fetch(): Promise<T>;
  /** A short text of the error for the replicas that wait; undefined: they are not told and may try themselves. */
  describeFault(error: unknown): string | undefined;
}

/** Another replica's call failed; `fault` is what its `describeFault` said. */
export class SharedFault extends Error {
  override readonly name = 'SharedFault';
  constructor(readonly fault: string) {
    super('another replica made the call and it failed');
  }
}

/** Another replica's call did not end in time. */
export class FlightTimeout extends Error {
  override readonly name = 'FlightTimeout';
  constructor() {
    super('another replica made the call and it did not end in time');
  }
}

/** How often a loser looks, in ms. */
const POLL_MS = 30;
/** For how long an error is shown to the replicas that wait, in ms. */
const FAULT_MS = 500;
const FAULT_PREFIX = 'fault:';

/** Deletes the lock if it is still ours. KEYS: lock. ARGV: token. */
const RELEASE = `
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0
`;
/** Turns the lock, if it is still ours, into an error for those who wait. KEYS: lock. ARGV: token, error, ms. */
const FAIL = `
if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3]) return 1 end
return 0
`;

/** The lock of an entry. */
function lockKey(address: EntryAddress): string {
  return `iris:lock:v1:${address.key}:${address.field}`;
}

/**
 * Makes one call of many replicas' concurrent ones: who sets the lock calls, the others look for the result. A lock
 * that is lost (the holder died, Redis restarted) costs at worst a second call; without Redis everyone calls.
 */
export class DistributedFlights {
  private readonly redis: RedisGuard;

  /** @param redis a connection for a decision path */
  constructor(redis: RedisConnection) {
    this.redis = new RedisGuard(redis);
  }

  /**
   * @throws what `fetch` throws; SharedFault; FlightTimeout; the signal's reason when it ends a wait
   */
  async run<T>(flight: Flight<T>): Promise<T> {
    const token = randomUUID();
    const key = lockKey(flight.address);
    const look = async (): Promise<{ readonly result: T } | undefined> => {
      // Both travel at once: a miss waits for Redis once before the call.
      const [holder, found] = await Promise.all([
        this.acquire(key, token, flight.lockMs).catch(() => undefined),
        flight.find().catch(() => undefined),
      ]);
      if (found !== undefined) {
        if (holder === token) this.release(key, token);
        return { result: found };
      }
      if (holder === undefined) return { result: await flight.fetch() };
      if (holder === token) return { result: await this.fly(flight, key, token) };
      if (holder.startsWith(FAULT_PREFIX)) throw new SharedFault(holder.slice(FAULT_PREFIX.length));
      return undefined;
    };
    const seen = await poll(look, { everyMs: POLL_MS, forMs: flight.lockMs, signal: flight.signal });
    if (seen === undefined) throw new FlightTimeout();
    return seen.result;
  }

  /** The token when the lock is ours, else what is in it. */
  private async acquire(key: string, token: string, lockMs: number): Promise<string> {
    // NX with GET (Redis 7) answers null for a lock just taken.
    const held = await this.redis.run((redis) => redis.set(key, token, 'PX', lockMs, 'NX', 'GET'));
    return held ?? token;
  }

  private async fly<T>(flight: Flight<T>, key: string, token: string): Promise<T> {
    try {
      const result = await flight.fetch();
      this.release(key, token);
      return result;
    } catch (error) {
      const fault = flight.describeFault(error);
      if (fault === undefined) this.release(key, token);
      else this.fail(key, token, fault);
      throw error;
    }
  }

  private fail(key: string, token: string, fault: string): void {
    this.redis.run((redis) => redis.eval(FAIL, 1, key, token, FAULT_PREFIX + fault, FAULT_MS)).catch(() => {});
  }

  /** Not waited for: the lock ends by itself if this fails. */
  private release(key: string, token: string): void {
    this.redis.run((redis) => redis.eval(RELEASE, 1, key, token)).catch(() => {});
  }
}
