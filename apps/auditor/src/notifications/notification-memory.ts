import { createHash } from 'node:crypto';
import type { RedisConnection } from '@iris/context-cache';

/** Hash tag, so that all keys are in one slot of a Redis Cluster. */
const PREFIX = 'iris:{notify}:';
const MINUTE_MS = 60_000;
const COUNTS_SECONDS = 2 * 3600;
const HOUR_SECONDS = 3600;
/** Names that are remembered for each trigger; beyond them nothing counts as new. */
const MAX_NAMES = 10_000;

/** Denials of the last minutes. */
export interface DenialRate {
  /** In the last 5 minutes. */
  readonly recent: number;
  /** Average of 5 minutes over the 55 minutes before. */
  readonly usual: number;
}

/** What has been notified, in Redis, so that several auditors notify once. */
export class NotificationMemory {
  constructor(private readonly redis: RedisConnection) {}

  /** Remembers a name. @returns whether it was new */
  async isNew(trigger: string, name: string): Promise<boolean> {
    const key = `${PREFIX}seen:${trigger}`;
    const digest = digestOf(name);
    if ((await this.redis.sismember(key, digest)) === 1) return false;
    if ((await this.redis.scard(key)) >= MAX_NAMES) return false;
    return (await this.redis.sadd(key, digest)) === 1;
  }

  /** Undoes `isNew`, for a notification that could not be sent. */
  async forget(trigger: string, name: string): Promise<void> {
    await this.redis.srem(`${PREFIX}seen:${trigger}`, digestOf(name));
  }

  /** @param time when the call was denied, in epoch ms */
  async countDenials(time: number, denials: number): Promise<void> {
    const key = minuteKey(Math.floor(time / MINUTE_MS));
    await this.redis.multi().incrby(key, denials).expire(key, COUNTS_SECONDS).exec();
  }

  async denialRate(now: number): Promise<DenialRate> {
    const minute = Math.floor(now / MINUTE_MS);
    const keys = Array.from({ length: 60 }, (_, age) => minuteKey(minute - age));
    const counts = (await this.redis.mget(keys)).map(Number);
    const sum = (part: readonly number[]) => part.reduce((total, count) => total + count, 0);
    return { recent: sum(counts.slice(0, 5)), usual: sum(counts.slice(5)) / 11 };
  }

  /** Takes the right to notify of a spike. @returns false while another notification of one is younger than an hour */
  async claimSpike(): Promise<boolean> {
    return (await this.redis.set(`${PREFIX}spike`, '1', 'EX', HOUR_SECONDS, 'NX')) === 'OK';
  }

  async releaseSpike(): Promise<void> {
    await this.redis.del(`${PREFIX}spike`);
  }

  /** Takes one message of the hour's allowance. @returns false when it is used up */
  async claimMessage(maxPerHour: number): Promise<boolean> {
    const key = `${PREFIX}sent:${Math.floor(Date.now() / (HOUR_SECONDS * 1000))}`;
    const results = await this.redis.multi().incr(key).expire(key, HOUR_SECONDS).exec();
    return Number(results?.[0]?.[1]) <= maxPerHour;
  }

  async countSuppressed(): Promise<void> {
    await this.redis.incr(`${PREFIX}suppressed`);
  }

  /** How many were suppressed since this was asked last. */
  async takeSuppressed(): Promise<number> {
    return Number(await this.redis.getdel(`${PREFIX}suppressed`));
  }
}

function minuteKey(minute: number): string {
  return `${PREFIX}denials:${minute}`;
}

/** Names come from models: only their digest is a member. */
function digestOf(name: string): string {
  return createHash('sha256').update(name).digest('base64url').slice(0, 22);
}
