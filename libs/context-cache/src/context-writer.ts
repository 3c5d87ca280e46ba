import type { SourceAnswer, SourceId } from '@iris/contracts';
import {
  CLOCK_SKEW_MS,
  decodeEntry,
  type EntryAddress,
  encodeEntry,
  INVALIDATION_CHANNEL,
  sourceOfField,
} from './entry.js';
import type { RedisConnection } from './redis-connection.js';
import { RedisGuard } from './redis-guard.js';

/** For how long a drop keeps a slower, older answer out, in ms; longer than any call to a vendor may take. */
const TOMBSTONE_MS = 60_000;

/**
 * Puts an entry unless the field holds something newer: an answer read later, or a drop made after this answer was
 * read. What is of the future by Redis' clock or by the writer's own keeps nothing out: one of the clocks is wrong, and
 * nobody whose clock is that of the writer would believe the entry. The hash lives until its latest entry ends.
 * KEYS: hash. ARGV: field, text, time it speaks of, end of life, the writer's time (epoch ms), how far clocks may
 * differ (ms).
 */
const PUT = `
local held = redis.call('HGET', KEYS[1], ARGV[1])
if held then
  local ok, entry = pcall(cjson.decode, held)
  if ok and type(entry) == 'table' then
    local at = entry.observedAt or entry.droppedAt
    local time = redis.call('TIME')
    local latest = math.min(time[1] * 1000 + time[2] / 1000, tonumber(ARGV[5])) + tonumber(ARGV[6])
    if type(at) == 'number' and at > tonumber(ARGV[3]) and at <= latest then return 0 end
  end
end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
local left = redis.call('PEXPIRETIME', KEYS[1])
if left < tonumber(ARGV[4]) then redis.call('PEXPIREAT', KEYS[1], ARGV[4]) end
return 1
`;

/**
 * Writes what sources said. For the enrichers: they own the limits and the credentials. All methods throw when Redis
 * fails, at once while it is away.
 */
export class ContextWriter {
  private readonly redis: RedisGuard;

  /**
   * @param redis a connection for a decision path
   * @param now the present, in epoch ms
   */
  constructor(
    redis: RedisConnection,
    private readonly now: () => number = Date.now,
  ) {
    this.redis = new RedisGuard(redis);
  }

  /** Whether Redis is connected and answers. */
  get available(): boolean {
    return this.redis.available;
  }

  /** One entry, usable or not; undefined when there is none. */
  async read(address: EntryAddress): Promise<SourceAnswer | undefined> {
    const text = await this.redis.run((redis) => redis.hget(address.key, address.field));
    return text === null ? undefined : decodeEntry(text);
  }

  /**
   * Keeps an answer until its `staleUntil`. An `UNAVAILABLE` one is never kept.
   *
   * @returns whether it was written; not so when something newer stands there
   */
  async write(address: EntryAddress, answer: SourceAnswer): Promise<boolean> {
    if (answer.status === 'UNAVAILABLE') return false;
    return this.put(address, encodeEntry(answer), answer.observedAt, answer.staleUntil);
  }

  /** Removes an entry, keeps answers that were read before `now` out, and tells every replica. */
  async drop(address: EntryAddress, now: number): Promise<void> {
    await this.put(address, JSON.stringify({ droppedAt: now }), now, now + TOMBSTONE_MS);
    await this.invalidate(address.key);
  }

  /** The fields that a hash has for a source, drops included. */
  async fieldsOf(key: string, source: SourceId): Promise<string[]> {
    const fields = await this.redis.run((redis) => redis.hkeys(key));
    return fields.filter((field) => sourceOfField(field) === source);
  }

  /** Makes every replica drop its own copy of a hash. */
  async invalidate(key: string): Promise<void> {
    await this.redis.run((redis) => redis.publish(INVALIDATION_CHANNEL, key));
  }

  private async put(address: EntryAddress, text: string, speaksOf: number, endsAt: number): Promise<boolean> {
    const written = await this.redis.run((redis) =>
      redis.eval(PUT, 1, address.key, address.field, text, speaksOf, Math.ceil(endsAt), this.now(), CLOCK_SKEW_MS),
    );
    return written === 1;
  }
}
