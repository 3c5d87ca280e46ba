import type { SourceId } from '@iris/contracts';
import { keyDigest } from './entry.js';
import type { RedisConnection } from './redis-connection.js';
import { RedisGuard } from './redis-guard.js';

/** The set of principals whose entries were made of a vendor's record. */
function recordKey(source: SourceId, record: string): string {
  return `iris:rec:v2:{${source}:${keyDigest(record)}}`;
}

/**
 * Leads from a vendor's record to the principals whose entries were made of it, because a vendor's webhook names its own
 * ids, and the name that it gives beside may be a new one. All methods throw when Redis fails.
 */
export class RecordIndex {
  private readonly redis: RedisGuard;

  /** @param redis a connection for a decision path */
  constructor(redis: RedisConnection) {
    this.redis = new RedisGuard(redis);
  }

  /** @param until epoch ms when the entry ends; the index never forgets earlier */
  async add(source: SourceId, records: readonly string[], principal: string, until: number): Promise<void> {
    await Promise.all(
      records.map((record) =>
        this.redis.runAll((redis) => {
          const key = recordKey(source, record);
          const at = Math.ceil(until);
          return redis.pipeline().sadd(key, principal).pexpireat(key, at, 'NX').pexpireat(key, at, 'GT');
        }),
      ),
    );
  }

  async principals(source: SourceId, record: string): Promise<string[]> {
    return this.redis.run((redis) => redis.smembers(recordKey(source, record)));
  }
}
