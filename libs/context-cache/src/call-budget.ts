import type { RedisConnection } from './redis-connection.js';
import { RedisGuard } from './redis-guard.js';

/** What a vendor said of its rate limit. */
export interface RateWindow {
  /** Calls that one window allows. */
  readonly limit: number;
  /** Calls that are left in it. */
  readonly remaining: number;
  /** Names the window: the vendor's own time of its end. */
  readonly window: number;
  /** Epoch ms of its end by this process's clock. */
  readonly endsAt: number;
}

/**
 * Takes a call from a window, unless that would leave less than a share of its limit.
 * KEYS: hash. ARGV: now (epoch ms), share. Returns how long to wait, in ms.
 */
const TAKE = `
local limit, remaining, endsAt = unpack(redis.call('HMGET', KEYS[1], 'limit', 'remaining', 'endsAt'))
if not endsAt or tonumber(endsAt) <= tonumber(ARGV[1]) then return 0 end
if tonumber(remaining) - 1 < math.ceil(tonumber(limit) * tonumber(ARGV[2])) then
  return math.ceil(tonumber(endsAt) - tonumber(ARGV[1]))
end
redis.call('HINCRBY', KEYS[1], 'remaining', -1)
return 0
`;

/**
 * Keeps what an answer said: of one window the least that is left, of several the last.
 * KEYS: hash. ARGV: limit, remaining, window, endsAt (epoch ms).
 */
const LEARN = `
local window, remaining = unpack(redis.call('HMGET', KEYS[1], 'window', 'remaining'))
if window and tonumber(window) > tonumber(ARGV[3]) then return 0 end
local left = tonumber(ARGV[2])
if window and tonumber(window) == tonumber(ARGV[3]) then left = math.min(left, tonumber(remaining)) end
redis.call('HSET', KEYS[1], 'limit', ARGV[1], 'remaining', left, 'window', ARGV[3], 'endsAt', ARGV[4])
redis.call('PEXPIREAT', KEYS[1], ARGV[4])
return 1
`;

/**
 * Counts the calls that a vendor still allows, for all replicas together: who called last knows the vendor's own count,
 * and what is in flight is counted in Redis. While Redis is unavailable each process goes by the answers that it has seen.
 */
export class CallBudget {
  private readonly own = new Map<string, RateWindow>();
  private redis?: RedisGuard;

  /** @param redis a connection for a decision path */
  shareBy(redis: RedisConnection): void {
    this.redis = new RedisGuard(redis);
  }

  /**
   * Takes one call.
   *
   * @param bucket what the vendor counts together; the same in all replicas
   * @param share how much of the limit, from 0 to 1, is left to others
   * @returns how long to wait before the call may be made, in ms; 0: it is taken. A bucket of which nothing is known
   *   is free
   */
  async take(bucket: string, share: number, now = Date.now()): Promise<number> {
    try {
      const waitMs = await this.redis?.run((redis) => redis.eval(TAKE, 1, budgetKey(bucket), now, share));
      if (typeof waitMs === 'number') return waitMs;
    } catch {
      // Redis is unavailable: the own count decides.
    }
    const known = this.own.get(bucket);
    if (known === undefined || known.endsAt <= now) return 0;
    if (known.remaining - 1 < Math.ceil(known.limit * share)) return Math.ceil(known.endsAt - now);
    this.own.set(bucket, { ...known, remaining: known.remaining - 1 });
    return 0;
  }

  /** Learns from an answer. */
  async learn(bucket: string, seen: RateWindow): Promise<void> {
    const known = this.own.get(bucket);
    const least = known?.window === seen.window ? Math.min(known.remaining, seen.remaining) : seen.remaining;
    if (known === undefined || known.window <= seen.window) this.own.set(bucket, { ...seen, remaining: least });
    const { limit, remaining, window, endsAt } = seen;
    await this.redis
      ?.run((redis) => redis.eval(LEARN, 1, budgetKey(bucket), limit, remaining, window, Math.ceil(endsAt)))
      .catch(() => {});
  }
}

function budgetKey(bucket: string): string {
  return `iris:budget:v1:{${bucket}}`;
}
