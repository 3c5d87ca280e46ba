import type { SourceId } from '@iris/contracts';
import { keyDigest } from './entry.js';
import type { RedisConnection } from './redis-connection.js';
import { RedisGuard } from './redis-guard.js';

/** For how long an event is known again, in ms: as long as any vendor keeps delivering one. */
const REMEMBERED_MS = 48 * 60 * 60 * 1000;

/** Remembers, for all replicas, which events of a vendor were dealt with. All methods throw when Redis fails. */
export class PushMemory {
  private readonly redis: RedisGuard;

  /** @param redis a connection for a decision path */
  constructor(redis: RedisConnection) {
    this.redis = new RedisGuard(redis);
  }

  async knows(source: SourceId, event: string): Promise<boolean> {
    return (await this.redis.run((redis) => redis.exists(eventKey(source, event)))) === 1;
  }

  async remember(source: SourceId, event: string): Promise<void> {
    await this.redis.run((redis) => redis.set(eventKey(source, event), '1', 'PX', REMEMBERED_MS));
  }
}

/** Hashed, because the vendor chooses the id and its length. */
function eventKey(source: SourceId, event: string): string {
  return `iris:push:v1:{${source}:${keyDigest(event)}}`;
}
