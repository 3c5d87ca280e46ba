import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { REDIS_CONDITIONS, type RedisCondition } from '@iris/contracts';
import { afterEach, describe, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';
import { ContextReader } from './context-reader.js';
import { conditionOf } from './redis-condition.js';
import {
  connectRedis,
  isReadableRedis,
  type RedisAddress,
  type RedisConnection,
  redisCondition,
  waitForRedis,
} from './redis-connection.js';
import { freePort } from './testing/free-port.js';
import { eventually, startRedis, startRedisPair, type TestRedis } from './testing/index.js';

const WAIT_MS = 10_000;

let closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.reverse()) await close();
  closers = [];
});

async function started(...args: string[]): Promise<TestRedis> {
  const server = await startRedis(args);
  closers.push(() => server.stop());
  return server;
}

function connected(address: RedisAddress | string, seen?: RedisCondition[]): RedisConnection {
  const redis = connectRedis(address, { onCondition: (condition) => seen?.push(condition) });
  closers.push(() => redis.disconnect());
  return redis;
}

/** A client that Iris does not watch. */
function admin(server: TestRedis, password?: string): Redis {
  const redis = new Redis({ port: server.port, password });
  redis.on('error', () => {});
  closers.push(() => redis.disconnect());
  return redis;
}

async function isNow(redis: RedisConnection, condition: RedisCondition): Promise<void> {
  await eventually(async () => expect(redisCondition(redis)).toBe(condition));
}

describe('the condition of Redis', () => {
  it('is ok for a primary, unreachable while it is gone, and ok again', async () => {
    const server = await started();
    const seen: RedisCondition[] = [];
    const redis = connected(server.url, seen);
    expect(await waitForRedis(redis, WAIT_MS)).toBe(true);
    await server.kill();
    await isNow(redis, 'unreachable');
    expect(isReadableRedis(redis)).toBe(false);
    await server.start();
    await isNow(redis, 'ok');
    expect(seen).toEqual(['ok', 'unreachable', 'ok']);
  });

  it('is reported ok after commands that timed out, without another command', async () => {
    const server = await started();
    const redis = connected(server.url);
    await waitForRedis(redis, WAIT_MS);
    const reader = new ContextReader({ redis, maxKeys: 10, l1Ms: 0 });
    server.freeze();
    for (let read = 0; read < 4; read += 1) await reader.read('ana@example.com');
    expect(reader.redisReport.redis).toBe('unavailable');
    server.thaw();
    await eventually(async () => expect(reader.redisReport).toEqual({ redis: 'ok' }));
  });

  it('is replica for a primary that becomes one, which is not read any more, and ok once it is one again', async () => {
    const pair = await startRedisPair();
    closers.push(() => pair.stop());
    const redis = connected(pair.first.url);
    await waitForRedis(redis, WAIT_MS);
    await pair.swap();
    await isNow(redis, 'replica');
    expect(isReadableRedis(redis)).toBe(false);
    expect(await waitForRedis(redis, 1500)).toBe(false);
    await admin(pair.first).replicaof('NO', 'ONE');
    await isNow(redis, 'ok');
  });

  it('is out_of_memory from a refused write until one succeeds; facts can be read', async () => {
    const server = await started();
    const redis = connected(server.url);
    await waitForRedis(redis, WAIT_MS);
    await admin(server).config('SET', 'maxmemory', '1');
    await expect(redis.set('a', 'b')).rejects.toThrow('OOM');
    expect(redisCondition(redis)).toBe('out_of_memory');
    await new Promise((resolve) => setTimeout(resolve, 2500));
    expect(redisCondition(redis)).toBe('out_of_memory');
    expect(isReadableRedis(redis)).toBe(true);
    await admin(server).config('SET', 'maxmemory', '0');
    await isNow(redis, 'ok');
  });

  it('is not_persisting when too few replicas follow', async () => {
    const server = await started();
    const redis = connected(server.url);
    await waitForRedis(redis, WAIT_MS);
    await admin(server).config('SET', 'min-replicas-to-write', '1');
    await expect(redis.set('a', 'b')).rejects.toThrow('NOREPLICAS');
    expect(redisCondition(redis)).toBe('not_persisting');
    await admin(server).config('SET', 'min-replicas-to-write', '0');
    await isNow(redis, 'ok');
  });

  it('is unauthenticated without a password, and with a wrong one', async () => {
    const server = await started('--requirepass', 'right');
    await isNow(connected(server.url), 'unauthenticated');
    await isNow(connected(server.url.replace('//', '//:wrong@')), 'unauthenticated');
    await isNow(connected(server.url.replace('//', '//:right@')), 'ok');
  });

  it('is not_permitted for a minute when a command is refused; facts can be read', async () => {
    const server = await started();
    await admin(server).call('ACL', 'SETUSER', 'iris', 'on', '>pw', '~iris:*', '+@all', '-publish');
    const redis = connected(server.url.replace('//', '//iris:pw@'));
    expect(await waitForRedis(redis, WAIT_MS)).toBe(true);
    await expect(redis.publish('iris:ctx', 'x')).rejects.toThrow('NOPERM');
    expect(redisCondition(redis)).toBe('not_permitted');
    expect(isReadableRedis(redis)).toBe(true);
    await new Promise((resolve) => setTimeout(resolve, 1500));
    expect(redisCondition(redis)).toBe('not_permitted');
  });

  it('is loading while the data is read from disk', async () => {
    const server = await started('--key-load-delay', '2000', '--loading-process-events-interval-bytes', '1024');
    const filler = admin(server).pipeline();
    for (let index = 0; index < 2000; index += 1) filler.set(`key-${index}`, randomBytes(60).toString('hex'));
    await filler.exec();
    await admin(server).save();
    await server.kill();
    const seen: RedisCondition[] = [];
    const redis = connected(server.url, seen);
    await server.start();
    await isNow(redis, 'ok');
    expect(seen).toContain('loading');
  });

  it('is moved when a node of a cluster is addressed as a single Redis, and cluster_down when slots are missing', async () => {
    const node = await started('--cluster-enabled', 'yes', '--cluster-port', String(await freePort()));
    const single = connected(node.url);
    await waitForRedis(single, WAIT_MS);
    await expect(single.get('a')).rejects.toThrow('CLUSTERDOWN');
    expect(redisCondition(single)).toBe('cluster_down');
    expect(conditionOf(new Error('MOVED 3999 127.0.0.1:6381'))).toBe('moved');
  });

  it.each<[string, RedisCondition | undefined]>([
    ['READONLY You can’t write against a read only replica.', 'replica'],
    ['ERR Error running script (call to f_1): @user_script:1: -READONLY You cannot write', 'replica'],
    ["OOM command not allowed when used memory > 'maxmemory'.", 'out_of_memory'],
    ['MISCONF Redis is configured to save RDB snapshots', 'not_persisting'],
    ['LOADING Redis is loading the dataset in memory', 'loading'],
    ['Ready check failed: NOAUTH Authentication required.', 'unauthenticated'],
    ['WRONGPASS invalid username-password pair', 'unauthenticated'],
    ['CLUSTERDOWN Hash slot not served', 'cluster_down'],
    ['Too many Cluster redirections. Last error: Error: MOVED 1 127.0.0.1:1', 'moved'],
    ['WRONGTYPE Operation against a key', undefined],
    ['Connection is closed.', undefined],
    ['ERR value is not an integer', undefined],
  ])('reads %j as %s', (message, condition) => {
    expect(conditionOf({ message })).toBe(condition);
    if (condition !== undefined) expect(REDIS_CONDITIONS).toContain(condition);
  });
});

describe('a password file', () => {
  it('is read again when the password changes, without a restart', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'iris-password-'));
    closers.push(() => rmSync(folder, { recursive: true }));
    const passwordFile = join(folder, 'password');
    writeFileSync(passwordFile, 'first\n');
    const server = await started('--requirepass', 'first');
    const redis = connected({ url: server.url, passwordFile });
    expect(await waitForRedis(redis, WAIT_MS)).toBe(true);
    const operator = admin(server, 'first');
    await operator.config('SET', 'requirepass', 'second');
    await operator.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
    await isNow(redis, 'unauthenticated');
    writeFileSync(passwordFile, 'second\n');
    await isNow(redis, 'ok');
    expect(await redis.set('a', 'b')).toBe('OK');
  });

  it('stops the start when it is missing', async () => {
    expect(() => connectRedis({ url: 'redis://h', passwordFile: '/no/such/file' })).toThrow(
      'redis.passwordFile names /no/such/file, which is missing, unreadable or empty',
    );
  });
});
