import type { SourceAnswer, SourceId } from '@iris/contracts';
import {
  CLOCK_SKEW_MS,
  decodeEntry,
  type EntryAddress,
  encodeEntry,
  INVALIDATION_CHANNEL,
  sourceOfField,
} from './entry.js';
import { RecentDrops } from './recent-drops.js';
import type { RedisConnection } from './redis-connection.js';
import { RedisGuard } from './redis-guard.js';

/** For how long a drop keeps a slower, older answer out, in ms; longer than any call to a vendor may take. */
const TOMBSTONE_MS = 60_000;

/**
 * Puts an entry unless the field holds something newer: an answer read later, or a drop made after this answer was
 * read. What is newer goes by the times that both speak of, which writers tell by their own clocks. Where the writer's
 * clock or that of the held entry is off, those cannot be compared; then the held one counts as newer if Redis got it
 * after this answer was read, by Redis' clock alone. So no wrong clock lets an old answer in, or keeps later ones out.
 * The hash lives until its latest entry ends.
 * KEYS: hash. ARGV: field, text of a JSON object, time it speaks of, end of life, the writer's time (epoch ms), how far
 * clocks may differ (ms).
 */
const PUT = `
local time = redis.call('TIME')
local now = time[1] * 1000 + time[2] / 1000
local at, writer, skew = tonumber(ARGV[3]), tonumber(ARGV[5]), tonumber(ARGV[6])
local held = redis.call('HGET', KEYS[1], ARGV[1])
local ok, entry = pcall(cjson.decode, held or '')
if ok and type(entry) == 'table' then
  local heldAt, writtenAt = entry.observedAt or entry.droppedAt, entry.writtenAt
  if type(heldAt) == 'number' and type(writtenAt) == 'number' then
    local comparable = math.abs(writer - now) <= skew and heldAt <= now + skew
    if comparable then
      if heldAt > at then return 0 end
    elseif writtenAt > now - math.max(0, writer - at) and writtenAt <= now then
      return 0
    end
  end
end
local text = string.sub(ARGV[2], 1, -2) .. string.format(',"writtenAt":%.3f}', now)
redis.call('HSET', KEYS[1], ARGV[1], text)
local left = redis.call('PEXPIRETIME', KEYS[1])
if left < tonumber(ARGV[4]) then redis.call('PEXPIREAT', KEYS[1], ARGV[4]) end
return 1
`;

/**
 * Writes what sources said. For the enrichers: they own the limits and the credentials. All methods throw when Redis
 * fails, at once while it is unavailable.
 */
export class ContextWriter {
  private readonly redis: RedisGuard;
  private readonly drops = new RecentDrops(async (address, droppedAt) => {
    if (await this.putDrop(address, droppedAt)) await this.invalidate(address.key);
  });

  /**
   * @param redis a connection for a decision path
   * @param now the present, in epoch ms
   */
  constructor(
    redis: RedisConnection,
    private readonly now: () => number = Date.now,
  ) {
    this.redis = new RedisGuard(redis);
    redis.once('end', () => this.drops.stop());
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
   * @returns whether it was written; not so when something newer is there
   */
  async write(address: EntryAddress, answer: SourceAnswer): Promise<boolean> {
    if (answer.status === 'UNAVAILABLE') return false;
    return this.put(address, encodeEntry(answer), answer.observedAt, answer.staleUntil);
  }

  /**
   * Removes an entry, keeps answers that were read before `now` out, and has every replica drop its copy. Repeated for a
   * minute, also when it throws, so that it holds after a failover.
   */
  async drop(address: EntryAddress, now: number): Promise<void> {
    this.drops.add(address, now);
    await this.putDrop(address, now);
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

  private putDrop(address: EntryAddress, droppedAt: number): Promise<boolean> {
    const endsAt = Math.max(droppedAt, this.now()) + TOMBSTONE_MS;
    return this.put(address, JSON.stringify({ droppedAt }), droppedAt, endsAt);
  }

  private async put(address: EntryAddress, text: string, speaksOf: number, endsAt: number): Promise<boolean> {
    const written = await this.redis.run((redis) =>
      redis.eval(PUT, 1, address.key, address.field, text, speaksOf, Math.ceil(endsAt), this.now(), CLOCK_SKEW_MS),
    );
    return written === 1;
  }
}
