import { setTimeout as sleep } from 'node:timers/promises';
import {
  ContextReader,
  ContextWriter,
  connectRedis,
  connectRedisForWorker,
  principalKey,
  type RedisConnection,
  RefreshQueue,
  RefreshWorker,
  redisCondition,
  waitForRedis,
} from '@iris/context-cache';
import {
  eventually,
  type RedisTopology,
  startRedisCluster,
  startRedisPair,
  startSentinelTrio,
} from '@iris/context-cache/testing';
import type { SourceAnswer } from '@iris/contracts';
import { confirmDelivery, EvidenceQueue } from '@iris/evidence';
import { describe, expect, it } from '@jest/globals';
import { startMovingPair } from './moving-pair.js';

const LOGIN = 'ana@lumen.example';
const OKTA = { key: principalKey(LOGIN), field: 'okta' };
/** Longer than a failover takes on a busy machine, in ms. */
const PATIENCE_MS = 120_000;
const HOUR_MS = 3_600_000;

function active(observedAt: number): SourceAnswer {
  const attributes = { employmentStatus: 'ACTIVE' };
  return {
    status: 'FOUND',
    attributes,
    observedAt,
    freshUntil: observedAt + HOUR_MS,
    staleUntil: observedAt + HOUR_MS,
  };
}

/** Waits until an attempt returns something. */
function within<T>(what: string, attempt: () => Promise<T | undefined>): Promise<T> {
  return eventually(async () => {
    const found = await attempt();
    if (found === undefined) throw new Error(`not yet: ${what}`);
    return found;
  });
}

describe.each<[string, () => Promise<RedisTopology>]>([
  ['a primary and a replica behind an address that moves', startMovingPair],
  ['a primary, a replica and three sentinels', startSentinelTrio],
  ['a cluster of three primaries with a replica each', startRedisCluster],
])('%s', (title, start) => {
  it('fails over: a drop is in force soon, and readers, writers and queues continue', async () => {
    const topology = await start();
    const closers: (() => unknown)[] = [];
    const open = (connect: typeof connectRedis, name: string): RedisConnection => {
      const redis = connect(topology.url, { name });
      closers.push(() => redis.disconnect());
      return redis;
    };
    try {
      const redis = open(connectRedis, 'reader');
      const writing = open(connectRedis, 'writer');
      const subscriber = open(connectRedis, 'subscriber');
      const reader = new ContextReader({ redis, subscriber, maxKeys: 100, l1Ms: 1000 });
      closers.push(() => reader.close());
      const writer = new ContextWriter(writing);
      for (const one of [redis, writing, subscriber]) expect(await waitForRedis(one, PATIENCE_MS)).toBe(true);

      const refreshed: string[] = [];
      const worker = new RefreshWorker({
        redis: open(connectRedisForWorker, 'worker'),
        source: 'okta',
        concurrency: 1,
        refresh: async ({ subject }) => void refreshed.push(subject.principal),
        onError: () => {},
      });
      const queue = new RefreshQueue(redis);
      closers.push(() => queue.close());
      const asked = async (principal: string) => {
        await queue.ask('okta', { principal });
        return refreshed.includes(principal) ? true : undefined;
      };
      await within('a refresh before the failover', () => asked('before'));

      const evidence = new EvidenceQueue(open(connectRedis, 'evidence'), 3);
      closers.push(() => evidence.close());
      const range = { from: 0, to: 1 };
      const state = async () => {
        const known = await evidence.state('segment', range);
        // A batch of which a new primary knows nothing is sent again.
        if (known === 'lost') await evidence.send({ segment: 'segment', ...range, lines: ['{}'] });
        return known;
      };
      await within('a batch of evidence in the queue', async () => ((await state()) === 'waiting' ? true : undefined));

      const readAt = Date.now() - 60_000;
      expect(await writer.write(OKTA, active(readAt))).toBe(true);
      await sleep(200);
      const seen = async () => (await reader.read(LOGIN)).entries.get('okta');
      await within('the entry', seen);

      await topology.failOver(OKTA.key);
      const failedOverAt = performance.now();
      // As a vendor does that is answered 503.
      await within('a drop', async () => {
        await writer.drop(OKTA, Date.now());
        return true;
      });
      await within('the end of the old fact', async () => ((await seen()) === undefined ? true : undefined));
      const inForceMs = Math.round(performance.now() - failedOverAt);
      for (let turn = 0; turn < 40; turn += 1) {
        expect(await seen()).toBeUndefined();
        await sleep(50);
      }
      // The old fact comes late, by somebody who read it before.
      expect(await writer.write(OKTA, active(readAt))).toBe(false);
      const fresh = Date.now();
      expect(await writer.write(OKTA, active(fresh))).toBe(true);
      await writer.invalidate(OKTA.key);
      expect((await within('the new fact', seen)).observedAt).toBe(fresh);
      await within('a refresh after the failover', () => asked('after'));
      await within('the batch in the queue', async () => ((await state()) === 'waiting' ? true : undefined));
      await confirmDelivery(redis, 'segment-0-1');
      expect(await state()).toBe('confirmed');
      const allMs = Math.round(performance.now() - failedOverAt);
      expect(redisCondition(redis)).toBe('ok');
      process.stdout.write(
        `${title}: a drop in force ${inForceMs} ms after the new primary, all well by ${allMs} ms\n`,
      );
      await worker.close();
    } finally {
      for (const close of closers.reverse()) await close();
      await topology.stop();
    }
  });
});

describe('a drop that the new primary does not have', () => {
  it('is repeated there', async () => {
    const pair = await startRedisPair();
    const redis = connectRedis(pair.first.url);
    const reader = new ContextReader({ redis, maxKeys: 10, l1Ms: 0 });
    const writer = new ContextWriter(redis);
    try {
      await waitForRedis(redis, PATIENCE_MS);
      const old = active(Date.now() - 60_000);
      await writer.write(OKTA, old);
      await writer.drop(OKTA, Date.now());
      // What an asynchronous replica may have missed: the hash as it was before the drop.
      await redis.del(OKTA.key);
      await redis.hset(OKTA.key, OKTA.field, JSON.stringify({ ...old, writtenAt: old.observedAt }));
      expect((await reader.read(LOGIN)).entries.size).toBe(1);
      await eventually(async () => expect((await reader.read(LOGIN)).entries.size).toBe(0));
    } finally {
      redis.disconnect();
      await pair.stop();
    }
  });
});
