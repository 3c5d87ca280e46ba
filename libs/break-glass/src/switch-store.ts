import { randomUUID } from 'node:crypto';
import type { SigningKey } from '@iris/evidence';
import { BREAK_GLASS_KEY, parseRecord, type SwitchRecord, signedRecord } from './switch-record.js';

/** What is used of a Redis connection; ioredis' is one. */
export interface SwitchRedis {
  get(key: string): Promise<string | null>;
  set(key: string, value: string, mode: 'PXAT', epochMs: number): Promise<unknown>;
}

/** Enough for a gateway that has not seen the end of a switch to see it, in ms. */
const KEEP_END_MS = 60_000;

/** What is in Redis; a text of another form is nothing. */
export async function readSwitch(redis: Pick<SwitchRedis, 'get'>): Promise<SwitchRecord | undefined> {
  const text = await redis.get(BREAK_GLASS_KEY);
  return text === null ? undefined : parseRecord(text);
}

/** Turns the switch on. @returns the record @throws Error when Redis refuses */
export async function turnOn(
  redis: SwitchRedis,
  key: SigningKey,
  wanted: { readonly forMs: number; readonly reason: string; readonly category?: string },
): Promise<SwitchRecord> {
  const now = Date.now();
  const { forMs, reason, category } = wanted;
  const record = signedRecord(
    {
      id: randomUUID(),
      sequence: sequenceAfter(await readSwitch(redis), now),
      action: 'on',
      issuedAt: now,
      expiresAt: now + forMs,
      ...(category === undefined ? {} : { category }),
      reason,
    },
    key,
  );
  await redis.set(BREAK_GLASS_KEY, JSON.stringify(record), 'PXAT', record.expiresAt);
  return record;
}

/**
 * Ends the switch. The record of the end stays until the switch would have ended by itself, so that an earlier record
 * that somebody writes again is not taken.
 *
 * @returns undefined when none is on
 * @throws Error when Redis refuses
 */
export async function endSwitch(
  redis: SwitchRedis,
  key: SigningKey,
  reason: string,
): Promise<SwitchRecord | undefined> {
  const current = await readSwitch(redis);
  if (current?.action !== 'on') return undefined;
  const now = Date.now();
  const { id, category, expiresAt } = current;
  const record = signedRecord(
    {
      id,
      sequence: sequenceAfter(current, now),
      action: 'end',
      issuedAt: now,
      expiresAt: Math.max(expiresAt, now),
      ...(category === undefined ? {} : { category }),
      reason,
    },
    key,
  );
  await redis.set(BREAK_GLASS_KEY, JSON.stringify(record), 'PXAT', record.expiresAt + KEEP_END_MS);
  return record;
}

function sequenceAfter(current: SwitchRecord | undefined, now: number): number {
  return Math.max(now, (current?.sequence ?? 0) + 1);
}
