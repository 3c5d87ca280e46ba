import { randomUUID } from 'node:crypto';
import type { SourceId } from '@iris/contracts';
import { canonicalPrincipal, keyDigest } from './entry.js';
import type { RedisConnection } from './redis-connection.js';
import { RedisGuard } from './redis-guard.js';

/** How many members are added in one command. */
const BATCH = 1000;
/** How long the parts of a list that was never finished are kept, in ms. */
const UNFINISHED_MS = 600_000;
/** Marks a finished list, with the time it was read; it makes an empty list a set that exists. */
const END = 'end';

/** The set of all subjects of a source. Sets of one source share a slot, because one is renamed to the other. */
function knownKey(source: SourceId): string {
  return `iris:known:v1:{${source}}`;
}

/** Digests, not logins: members are compared and never read. */
function member(subject: string): string {
  return keyDigest(canonicalPrincipal(subject)).slice(0, 22);
}

/** When a source was read last in bulk, for all replicas. It goes with the entries when Redis comes back empty. */
export function bulkProgressKey(source: SourceId): string {
  return `iris:bulk:v1:{${source}}`;
}

/** A list of all subjects of a source under construction. */
export interface KnownList {
  /** Canonical addresses by which the vendor is asked. */
  add(subjects: readonly string[]): Promise<void>;
  /**
   * Replaces the list in use.
   *
   * @param readAt epoch ms before the list was read
   * @param until epoch ms after which it is no longer used
   */
  finish(readAt: number, until: number): Promise<void>;
}

/**
 * Whom a vendor has a record of, by its last complete list: it answers "not found" for a subject that is not in it,
 * without a call. A list that was evicted or has expired answers nothing. All methods throw when Redis fails.
 */
export class KnownSubjects {
  private readonly redis: RedisGuard;

  /** @param redis a connection for a decision path */
  constructor(redis: RedisConnection) {
    this.redis = new RedisGuard(redis);
  }

  begin(source: SourceId): KnownList {
    const key = `${knownKey(source)}:${randomUUID()}`;
    const write = (members: readonly string[]) =>
      this.redis.runAll((redis) =>
        redis
          .pipeline()
          .sadd(key, ...members)
          .pexpire(key, UNFINISHED_MS),
      );
    return {
      add: async (subjects) => {
        for (let first = 0; first < subjects.length; first += BATCH) {
          await write(subjects.slice(first, first + BATCH).map(member));
        }
      },
      finish: async (readAt, until) => {
        await write([`${END}:${Math.floor(readAt)}`]);
        await this.redis.runAll((redis) =>
          redis
            .multi()
            .rename(key, knownKey(source))
            .pexpireat(knownKey(source), Math.ceil(until))
            .set(`${knownKey(source)}:readAt`, Math.floor(readAt), 'PXAT', Math.ceil(until)),
        );
      },
    };
  }

  /**
   * When the last complete list was read that does not name the subject, in epoch ms.
   *
   * @returns undefined when the list names the subject, or when there is no list
   */
  async absentSince(source: SourceId, subject: string): Promise<number | undefined> {
    const [readAt, marked, named] = await this.redis.run(async (redis) => {
      const at = await redis.get(`${knownKey(source)}:readAt`);
      if (at === null) return [null, 0, 1] as const;
      const members = await redis.smismember(knownKey(source), `${END}:${at}`, member(subject));
      return [at, members[0], members[1]] as const;
    });
    // The mark is in the set itself: a set that was evicted, or of another read than the time, names nobody.
    return readAt !== null && marked === 1 && named === 0 ? Number(readAt) : undefined;
  }
}
