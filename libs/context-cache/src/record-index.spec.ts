import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { RecordIndex } from './record-index.js';
import type { RedisConnection } from './redis-connection.js';
import { startRedis, type TestRedis } from './testing/redis-server.js';

let server: TestRedis;
let redis: RedisConnection;
let index: RecordIndex;
beforeAll(async () => {
  server = await startRedis();
  redis = await server.connect({ commandTimeoutMs: 10_000 });
  index = new RecordIndex(redis);
});
afterAll(() => server.stop());

const UNTIL = Date.now() + 60_000;

describe('RecordIndex', () => {
  it('leads from each record to all principals, until the last of them ends', async () => {
    await index.add('okta', ['00u1', '00u2'], 'ana@acme.example', UNTIL);
    await index.add('okta', ['00u1'], 'ben@acme.example', UNTIL - 30_000);
    expect((await index.principals('okta', '00u1')).sort()).toEqual(['ana@acme.example', 'ben@acme.example']);
    expect(await index.principals('okta', '00u2')).toEqual(['ana@acme.example']);
    expect(await index.principals('workday', '00u1')).toEqual([]);
    for (const key of await redis.keys('iris:rec:*')) expect(await redis.pexpiretime(key)).toBe(UNTIL);
  });

  it('fails when Redis refuses to keep a record, of which a webhook would else drop nothing', async () => {
    await redis.config('SET', 'maxmemory', '1');
    await expect(index.add('okta', ['00u3'], 'cara@acme.example', UNTIL)).rejects.toThrow(/^OOM/);
    await redis.config('SET', 'maxmemory', '0');
    expect(await index.principals('okta', '00u3')).toEqual([]);
  });
});
