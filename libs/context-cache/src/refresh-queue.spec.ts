import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { connectRedis, connectRedisForWorker, type RedisConnection } from './redis-connection.js';
import { RefreshQueue, type RefreshRequest, RefreshWorker } from './refresh-queue.js';
import { eventually } from './testing/eventually.js';
import { startRedis, type TestRedis } from './testing/redis-server.js';

const ana = { principal: 'ana@example.com', loginName: 'ana@example.com' };
const ben = { principal: 'ben:x@example.com', loginName: 'ben:x@example.com' };

describe('refreshes on a real Redis', () => {
  let server: TestRedis;
  let gateway: RedisConnection;
  let queue: RefreshQueue;
  const workers: { worker: RefreshWorker; redis: RedisConnection }[] = [];

  beforeEach(async () => {
    server = await startRedis();
    gateway = await server.connect({ commandTimeoutMs: 10_000 });
    queue = new RefreshQueue(gateway);
  });
  afterEach(async () => {
    await queue.close();
    for (const { worker, redis } of workers.splice(0)) {
      await worker.close();
      redis.disconnect();
    }
    await server.stop();
  });

  function work(refresh: (request: RefreshRequest) => Promise<void>): void {
    const redis = connectRedisForWorker(server.url);
    workers.push({
      redis,
      worker: new RefreshWorker({ redis, source: 'okta', concurrency: 4, refresh, onError: () => {} }),
    });
  }

  it('runs one job for many requests, and a new one once it is done', async () => {
    const seen: RefreshRequest[] = [];
    const answers = await Promise.all(Array.from({ length: 30 }, () => queue.ask('okta', ana)));
    expect(answers).toEqual(Array(30).fill('asked'));
    await queue.ask('okta', ben);
    const gate = Promise.withResolvers<void>();
    work(async (request) => {
      seen.push(request);
      await gate.promise;
    });
    await eventually(async () =>
      expect(seen.map(({ subject }) => subject.principal).sort()).toEqual([ana.principal, ben.principal]),
    );
    await queue.ask('okta', ana);
    gate.resolve();
    // Asked while the first ran: the same refresh.
    await eventually(async () => expect(await gateway.keys('{iris}:iris-refresh-okta:de:*')).toEqual([]));
    expect(seen).toHaveLength(2);
    await queue.ask('okta', ana);
    await eventually(async () => expect(seen).toHaveLength(3));
    expect(seen[2]).toMatchObject({ source: 'okta', subject: ana });
  });

  it('is asked for again when Redis lost the job and kept the key that keeps equal requests out', async () => {
    const healing = new RefreshQueue(gateway, 200);
    await healing.ask('okta', ana);
    // The job and the key stay; the job is in no list that a worker reads.
    expect(await gateway.del('{iris}:iris-refresh-okta:wait')).toBe(1);
    const seen: RefreshRequest[] = [];
    work(async (request) => void seen.push(request));
    await eventually(async () => {
      await healing.ask('okta', ana);
      expect(seen).toHaveLength(1);
    });
    await healing.close();
  });

  it('keeps no name of a person or a resource in its keys', async () => {
    await queue.ask('okta', ana);
    await queue.ask('okta', ana, { kind: 'database', id: 'postgres://iris:hunter2@orders' });
    const keys = (await gateway.keys('*')).join('\n');
    for (const text of ['ana@', 'hunter2', Buffer.from('hunter2').toString('base64url').slice(0, 6)]) {
      expect(keys).not.toContain(text);
    }
  });

  it('is done by a worker that was there before Redis', async () => {
    await server.kill();
    const seen: RefreshRequest[] = [];
    work(async (request) => void seen.push(request));
    const worker = workers[0]?.redis;
    // Refused for certain, before it finds anybody.
    await new Promise((resolve) => worker?.once('close', resolve));
    await server.start();
    await eventually(async () => expect(await queue.ask('okta', ana)).toBe('asked'));
    await eventually(async () => expect(seen).toHaveLength(1));
  });

  it('does not mix up people, nodes and resources', async () => {
    const seen: RefreshRequest[] = [];
    const resource = { kind: 'database', id: 'orders' };
    await queue.ask('okta', ana);
    await queue.ask('okta', { ...ana, nodeId: 'n1' });
    await queue.ask('okta', ana, resource);
    work(async (request) => void seen.push(request));
    await eventually(async () => expect(seen).toHaveLength(3));
    expect(seen.filter((request) => request.resource !== undefined)).toEqual([expect.objectContaining({ resource })]);
  });

  it('keeps only so many failed jobs, and asks again after a failure', async () => {
    let runs = 0;
    work(async () => {
      runs += 1;
      throw new Error('no');
    });
    await queue.ask('okta', ana);
    await eventually(async () => expect(runs).toBe(1));
    await eventually(async () => {
      await queue.ask('okta', ana);
      expect(runs).toBeGreaterThan(1);
    });
    expect(await gateway.zcard('{iris}:iris-refresh-okta:completed')).toBe(0);
  });

  it('reports that it could not ask while Redis is unavailable, and works again by itself', async () => {
    const seen: string[] = [];
    work(async ({ subject }) => void seen.push(subject.principal));
    await queue.ask('okta', ana);
    await eventually(async () => expect(seen).toEqual([ana.principal]));
    await server.kill();
    await eventually(async () => expect(gateway.status).not.toBe('ready'));
    expect(await queue.ask('okta', ana)).toBe('dropped');
    expect(queue.dropped).toBe(1);
    await server.start();
    await eventually(async () => {
      expect(await queue.ask('okta', ben)).toBe('asked');
      expect(seen).toContain(ben.principal);
    });
  });

  it('is not held up by a silent Redis', async () => {
    server.freeze();
    expect(await queue.ask('okta', ana)).toBe('dropped');
    server.thaw();
    await eventually(async () => expect(await queue.ask('okta', ana)).toBe('asked'));
  });

  it('can be asked for the first time while Redis has never been there', async () => {
    const away = connectRedis('redis://127.0.0.1:1');
    const lonely = new RefreshQueue(away);
    expect(await lonely.ask('okta', ana)).toBe('dropped');
    await lonely.close();
    away.disconnect();
  });
});
