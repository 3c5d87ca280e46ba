import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { KnownSubjects } from './known-subjects.js';
import type { RedisConnection } from './redis-connection.js';
import { startRedis, type TestRedis } from './testing/redis-server.js';

let server: TestRedis;
let redis: RedisConnection;
let known: KnownSubjects;

beforeAll(async () => {
  server = await startRedis();
});
afterAll(() => server.stop());
beforeEach(async () => {
  await server.reset();
  redis = await server.connect({ commandTimeoutMs: 10_000 });
  known = new KnownSubjects(redis);
});

const READ_AT = Date.now();
const UNTIL = READ_AT + 60_000;

/** Redis refuses what would need memory, as a full one does that may evict nothing. */
async function withoutMemory(step: () => Promise<void>): Promise<void> {
  await redis.config('SET', 'maxmemory', '1');
  try {
    await step();
  } finally {
    await redis.config('SET', 'maxmemory', '0');
  }
}

async function listed(...subjects: string[]): Promise<void> {
  const list = known.begin('pagerduty');
  await list.add(subjects);
  await list.finish(READ_AT, UNTIL);
}

describe('KnownSubjects', () => {
  it('returns since when a subject is in no list, and nothing for those in it', async () => {
    await listed('ana@acme.example');
    await expect(known.absentSince('pagerduty', 'cara@acme.example')).resolves.toBe(READ_AT);
    await expect(known.absentSince('pagerduty', 'Ana@acme.example')).resolves.toBeUndefined();
  });

  it('returns nothing without a finished list, or of another source', async () => {
    await known.begin('pagerduty').add(['ana@acme.example']);
    await expect(known.absentSince('pagerduty', 'cara@acme.example')).resolves.toBeUndefined();
    await listed();
    await expect(known.absentSince('okta', 'cara@acme.example')).resolves.toBeUndefined();
    await expect(known.absentSince('pagerduty', 'cara@acme.example')).resolves.toBe(READ_AT);
  });

  it('returns nothing when a part of the list was evicted', async () => {
    await listed('ana@acme.example');
    await redis.del('iris:known:v1:{pagerduty}');
    await expect(known.absentSince('pagerduty', 'cara@acme.example')).resolves.toBeUndefined();
  });

  it('fails when Redis refuses a part of the list, which would be missing from it', async () => {
    const list = known.begin('pagerduty');
    await list.add(['ana@acme.example']);
    await withoutMemory(() => expect(list.add(['cara@acme.example'])).rejects.toThrow(/^OOM/));
    await expect(known.absentSince('pagerduty', 'cara@acme.example')).resolves.toBeUndefined();
  });

  it('fails when the list was evicted before it was finished, and keeps the one in use', async () => {
    await listed('ana@acme.example');
    const list = known.begin('pagerduty');
    await list.add(['ben@acme.example']);
    const [unfinished = ''] = await redis.keys('iris:known:v1:{pagerduty}:????????-*');
    await redis.del(unfinished);
    await withoutMemory(() => expect(list.finish(READ_AT + 1, UNTIL)).rejects.toThrow());
    await expect(known.absentSince('pagerduty', 'ben@acme.example')).resolves.toBe(READ_AT);
  });

  it('replaces the list, and keeps no login in Redis', async () => {
    await listed('ana@acme.example');
    await listed('ben@acme.example');
    await expect(known.absentSince('pagerduty', 'ana@acme.example')).resolves.toBe(READ_AT);
    const members = await redis.smembers('iris:known:v1:{pagerduty}');
    expect(members.join()).not.toContain('ben');
    expect(await redis.keys('iris:known:*')).toHaveLength(2);
  });
});
