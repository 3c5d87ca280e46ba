import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { signingKey } from '@iris/evidence';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { adminKeys } from './admin-keys.js';
import { BreakGlass } from './break-glass.js';
import { BREAK_GLASS_KEY, signedRecord } from './switch-record.js';
import { endSwitch, readSwitch, turnOn } from './switch-store.js';

const MINUTE_MS = 60_000;

function keyPair() {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  return {
    signing: signingKey(privateKey.export({ type: 'pkcs8', format: 'pem' }) as string),
    base64: publicKey.export({ type: 'spki', format: 'der' }).toString('base64'),
  };
}

const ada = keyPair();
const keys = adminKeys({ ada: ada.base64 });

/** What Redis does with the two commands that are used. */
class MemoryRedis {
  status = 'ready';
  text: string | null = null;
  fails = false;

  async get(): Promise<string | null> {
    if (this.fails) throw new Error('away');
    return this.text;
  }

  async set(_key: string, value: string): Promise<void> {
    this.text = value;
  }
}

let directory: string;
let redis: MemoryRedis;
let events: string[];
let gateways: BreakGlass[] = [];

beforeEach(() => {
  jest.useFakeTimers({ now: Date.UTC(2026, 10, 5, 10), advanceTimers: false });
  directory = mkdtempSync(join(tmpdir(), 'iris-break-glass-'));
  redis = new MemoryRedis();
  events = [];
});
afterEach(() => {
  for (const gateway of gateways) gateway.close();
  gateways = [];
  jest.useRealTimers();
  rmSync(directory, { recursive: true });
});

function gateway(maxMs = 60 * MINUTE_MS, name = 'sequence'): BreakGlass {
  const one = new BreakGlass({
    redis,
    keys,
    maxMs,
    sequenceFile: join(directory, name),
    onStart: ({ key, category }) => events.push(`start ${key} ${category ?? 'all'}`),
    onEnd: (_active, end) => events.push(`end ${end}`),
    onRefused: (problem) => events.push(`refused: ${problem}`),
    onError: (error) => {
      throw error;
    },
  });
  gateways.push(one);
  return one;
}

const on = (changes: { forMs?: number; category?: string } = {}, key = ada.signing) =>
  turnOn(redis, key, { forMs: 30 * MINUTE_MS, reason: 'incident 7', ...changes });

describe('the break-glass switch', () => {
  it('is on for its time and ends by itself', async () => {
    const one = gateway();
    await one.look();
    expect(one.active).toBeUndefined();
    await on({ category: 'database', forMs: 3 * MINUTE_MS });
    await one.look();
    expect(one.active).toMatchObject({ key: 'ada', reason: 'incident 7', category: 'database' });
    await jest.advanceTimersByTimeAsync(3 * MINUTE_MS - 1000);
    expect(one.active).toBeDefined();
    await jest.advanceTimersByTimeAsync(1000);
    expect(one.active).toBeUndefined();
    expect(events).toEqual(['start ada database', 'end expired']);
  });

  it('ends by a record that is signed, after which an earlier record is not taken again', async () => {
    const one = gateway();
    await on();
    await one.look();
    const { text } = redis;
    await endSwitch(redis, ada.signing, 'over');
    await one.look();
    expect(one.active).toBeUndefined();
    redis.text = text;
    await one.look();
    const restarted = gateway();
    await restarted.look();
    expect([one.active, restarted.active]).toEqual([undefined, undefined]);
    expect(events).toEqual([
      'start ada all',
      'end ended',
      'refused: a later record was seen already',
      'refused: a later record was seen already',
    ]);
    await on();
    await one.look();
    expect(one.active).toBeDefined();
  });

  it.each([
    ['another key', async () => void (await on({}, keyPair().signing)), 'signature'],
    ['a later end', async () => change({ expiresAt: Date.now() + 59 * MINUTE_MS }), 'signature'],
    ['another category', async () => change({ category: undefined }), 'signature'],
    ['too long a time', async () => void (await on({ forMs: 61 * MINUTE_MS })), 'longer than 60 min'],
    ['a start in the future', async () => future(), 'in the future'],
    ['another form', async () => void (await redis.set(BREAK_GLASS_KEY, '{"action":"on"}')), 'another form'],
  ])('is not on by a record with %s', async (_what, write, problem) => {
    const one = gateway();
    await on({ category: 'database' });
    await write();
    await one.look();
    expect(one.active).toBeUndefined();
    expect(events).toEqual([expect.stringContaining(problem)]);
    await one.look();
    expect(events).toHaveLength(1);
  });

  it('is off when Redis gives no answer for some seconds, and on again when it does', async () => {
    const one = gateway();
    await on();
    await one.look();
    redis.fails = true;
    await jest.advanceTimersByTimeAsync(6000);
    expect(one.active).toBeUndefined();
    redis.fails = false;
    redis.status = 'reconnecting';
    await jest.advanceTimersByTimeAsync(2000);
    expect(one.active).toBeUndefined();
    redis.status = 'ready';
    await jest.advanceTimersByTimeAsync(2000);
    expect(one.active).toBeDefined();
    redis.text = null;
    await jest.advanceTimersByTimeAsync(1000);
    expect(one.active).toBeUndefined();
    expect(events).toEqual(['start ada all', 'end redis_unavailable', 'start ada all', 'end removed']);
  });

  it('replaces one that is on, in an order that clocks cannot turn around', async () => {
    const one = gateway();
    const first = await on({ category: 'database' });
    const second = await on();
    expect(second.sequence).toBeGreaterThan(first.sequence);
    await one.look();
    await on({ category: 'email' });
    await one.look();
    expect(one.active?.category).toBe('email');
    expect(await endSwitch(redis, ada.signing, 'over')).toMatchObject({ action: 'end' });
    expect(await endSwitch(redis, ada.signing, 'over')).toBeUndefined();
    expect(await readSwitch(redis)).toMatchObject({ action: 'end', reason: 'over' });
  });
});

describe('admin keys', () => {
  it('are refused by the name of the entry', () => {
    expect(() => adminKeys({ bob: 'no key' })).toThrow(/^bob: the key must be an Ed25519 public key/);
  });
});

async function change(fields: object): Promise<void> {
  redis.text = JSON.stringify({ ...JSON.parse(redis.text ?? ''), ...fields });
}

async function future(): Promise<void> {
  const issuedAt = Date.now() + 5 * MINUTE_MS;
  const about = { id: 'x', sequence: issuedAt, action: 'on' as const, issuedAt, expiresAt: issuedAt + 1, reason: 'r' };
  redis.text = JSON.stringify(signedRecord(about, ada.signing));
  expect(BREAK_GLASS_KEY).toBe('iris:break-glass:v1');
}
