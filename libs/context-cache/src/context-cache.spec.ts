import type { SourceAnswer } from '@iris/contracts';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { ContextReader, type ContextReaderOptions } from './context-reader.js';
import { ContextWriter } from './context-writer.js';
import { decodeEntry, encodeEntry, principalField, principalKey, resourceKey, usability } from './entry.js';
import { connectRedis, type RedisConnection, waitForRedis } from './redis-connection.js';
import { eventually } from './testing/eventually.js';
import { startRedis, type TestRedis } from './testing/redis-server.js';

const PRINCIPAL = 'ana@example.com';
const OKTA = { key: principalKey(PRINCIPAL), field: 'okta' };

function answer(observedAt: number, change: Partial<SourceAnswer> = {}): SourceAnswer {
  return {
    status: 'FOUND',
    attributes: { id: '00u1', groups: ['eng'] },
    observedAt,
    freshUntil: observedAt + 60_000,
    staleUntil: observedAt + 600_000,
    ...change,
  };
}

describe('the form of an entry', () => {
  it('comes back as it was written', () => {
    const found = answer(1000, { revision: '7' });
    expect(decodeEntry(encodeEntry(found))).toEqual(found);
    const notFound = answer(1000, { status: 'NOT_FOUND', attributes: {}, reason: 'subject_not_found' });
    expect(decodeEntry(encodeEntry(notFound))).toEqual(notFound);
  });

  it.each([
    ['no JSON', '{'],
    ['another type', '[]'],
    ['a status that is never kept', JSON.stringify(answer(1, { status: 'UNAVAILABLE', reason: 'source_timeout' }))],
    ['an unknown reason', JSON.stringify({ ...answer(1), status: 'NOT_FOUND', reason: 'because' })],
    ['NOT_FOUND without a reason', JSON.stringify({ ...answer(1), status: 'NOT_FOUND' })],
    ['a time as text', JSON.stringify({ ...answer(1), freshUntil: '2026-01-01' })],
    ['stale before fresh ends', JSON.stringify(answer(1, { freshUntil: 10, staleUntil: 5 }))],
    ['a missing time', JSON.stringify({ ...answer(1), staleUntil: undefined })],
    ['attributes that are no object', JSON.stringify({ ...answer(1), attributes: ['x'] })],
    ['a trace of a drop', JSON.stringify({ droppedAt: 5 })],
  ])('is not trusted with %s', (_name, text) => {
    expect(decodeEntry(text)).toBeUndefined();
  });

  it('is fresh, stale and expired by its own limits, which are exclusive', () => {
    const entry = { observedAt: 0, freshUntil: 10, staleUntil: 20 };
    expect([9, 10, 19, 20].map((now) => usability(entry, now))).toEqual(['fresh', 'stale', 'stale', 'expired']);
  });

  it('is of no use when it claims to be of the future, beyond what clocks may differ', () => {
    const ahead = (ms: number) => ({ observedAt: ms, freshUntil: ms + 10, staleUntil: ms + 20 });
    expect(usability(ahead(60_000), 0)).toBe('fresh');
    expect(usability(ahead(60_001), 0)).toBe('expired');
  });

  it('names fields by source, and by node where the source is asked by node', () => {
    expect(principalField('okta', 'login', { nodeId: 'n1' })).toBe('okta');
    expect(principalField('tailscale', 'node', { nodeId: 'n1' })).toBe('tailscale/n1');
    expect(principalField('tailscale', 'node', {})).toBeUndefined();
  });

  it('has one key for all spellings of a login in ASCII, and another for a look-alike', () => {
    expect(principalKey('Ana@EXAMPLE.com')).toBe(principalKey(PRINCIPAL));
    // The Kelvin sign, which Unicode folds to k, and the dotless i.
    expect(principalKey('\u212aim@example.com')).not.toBe(principalKey('kim@example.com'));
    expect(principalKey('\u0131vo@example.com')).not.toBe(principalKey('ivo@example.com'));
  });
});

describe('reading and writing on a real Redis', () => {
  let server: TestRedis;
  let redis: RedisConnection;
  let writer: ContextWriter;
  const opened: { close(): void }[] = [];

  beforeAll(async () => {
    server = await startRedis();
  });
  afterAll(() => server.stop());
  beforeEach(async () => {
    await server.reset();
    redis = await server.connect();
    writer = new ContextWriter(redis);
  });
  afterEach(() => {
    for (const reader of opened.splice(0)) reader.close();
  });

  async function reader(options: Partial<ContextReaderOptions> = {}): Promise<ContextReader> {
    const made = new ContextReader({ redis: await server.connect(), maxKeys: 100, l1Ms: 60_000, ...options });
    opened.push(made);
    return made;
  }

  async function calls(command: string): Promise<number> {
    const stats = await redis.info('commandstats');
    return Number(new RegExp(`cmdstat_${command}:calls=(\\d+)`).exec(stats)?.[1] ?? 0);
  }

  it('fetches all of a principal by one HGETALL, shared by concurrent readers, and then from L1', async () => {
    const now = Date.now();
    await writer.write(OKTA, answer(now));
    await writer.write({ key: OKTA.key, field: 'tailscale/n1' }, answer(now, { attributes: { device: { id: 'n1' } } }));
    const mine = await reader();
    const before = await calls('hgetall');
    const readings = await Promise.all(Array.from({ length: 50 }, () => mine.read(PRINCIPAL)));
    expect(readings.map((reading) => reading.origin)).toEqual(Array(50).fill('redis'));
    expect([...(readings[0]?.entries.keys() ?? [])].sort()).toEqual(['okta', 'tailscale/n1']);
    const again = await mine.read(PRINCIPAL);
    expect(again).toMatchObject({ origin: 'l1', redis: 'ok' });
    expect(await calls('hgetall')).toBe(before + 1);
  });

  it('reads Redis again when L1 is too old', async () => {
    let now = Date.now();
    const mine = await reader({ l1Ms: 1000, now: () => now });
    await mine.read(PRINCIPAL);
    await writer.write(OKTA, answer(Date.now()));
    now += 999;
    expect((await mine.read(PRINCIPAL)).origin).toBe('l1');
    now += 1;
    const reading = await mine.read(PRINCIPAL);
    expect(reading.origin).toBe('redis');
    expect(reading.entries.has('okta')).toBe(true);
  });

  it('keeps entries whose text in Redis is unchanged as the same objects', async () => {
    let clock = Date.now();
    const mine = await reader({ l1Ms: 10, now: () => clock });
    const read = async () => {
      clock += 20;
      const reading = await mine.read(PRINCIPAL);
      expect(reading.origin).toBe('redis');
      return reading.entries.get('okta');
    };
    await writer.write(OKTA, answer(clock, { attributes: { id: 'one' } }));
    const first = await read();
    expect(first?.attributes).toEqual({ id: 'one' });
    expect(await read()).toBe(first);
    await writer.write(OKTA, answer(clock + 1, { attributes: { id: 'two' } }));
    expect((await read())?.attributes).toEqual({ id: 'two' });
    // A direct answer replaces the entry, and an older text in Redis does not bring it back.
    const direct = answer(clock + 30, { attributes: { id: 'three' } });
    mine.remember(PRINCIPAL, 'okta', direct);
    expect(await read()).toBe(direct);
    expect(await read()).toBe(direct);
    await redis.hset(OKTA.key, OKTA.field, 'no entry');
    expect(await read()).toBeUndefined();
    expect(await read()).toBeUndefined();
  });

  it('keeps the hash until its latest entry ends', async () => {
    const now = Date.now();
    await writer.write(OKTA, answer(now));
    expect(await redis.pexpiretime(OKTA.key)).toBe(now + 600_000);
    await writer.write(
      { ...OKTA, field: 'pagerduty' },
      answer(now, { freshUntil: now + 1000, staleUntil: now + 2000 }),
    );
    expect(await redis.pexpiretime(OKTA.key)).toBe(now + 600_000);
    await writer.write({ ...OKTA, field: 'workday' }, answer(now, { staleUntil: now + 900_000 }));
    expect(await redis.pexpiretime(OKTA.key)).toBe(now + 900_000);
  });

  it('written by a clock that was wrong keeps no later answer out', async () => {
    expect(await writer.write(OKTA, answer(Date.now() + 3_600_000))).toBe(true);
    // Read after that was written.
    const later = Date.now() + 5;
    expect(await writer.write(OKTA, answer(later))).toBe(true);
    expect(await writer.write(OKTA, answer(later - 1))).toBe(false);
  });

  it('written before the clock went back keeps out nothing that is read after it', async () => {
    const back = Date.now() - 3_600_000;
    const late = new ContextWriter(redis, () => back);
    await writer.write(OKTA, answer(Date.now()));
    expect(await late.write(OKTA, answer(back))).toBe(true);
    expect(await late.write(OKTA, answer(back - 60_000))).toBe(false);
  });

  it.each([
    ['an hour late', -3_600_000],
    ['an hour early', 3_600_000],
  ])('is not replaced by an older answer of a writer whose clock is %s', async (_, shift) => {
    const shifted = () => Date.now() + shift;
    const other = new ContextWriter(redis, shifted);
    // What the other writer puts was read a second before the truth was written.
    await writer.write(OKTA, answer(Date.now(), { attributes: { status: 'SUSPENDED' } }));
    expect(await other.write(OKTA, answer(shifted() - 1000))).toBe(false);
    await writer.drop(OKTA, Date.now());
    expect(await other.write(OKTA, answer(shifted() - 1000))).toBe(false);
    expect(await writer.read(OKTA)).toBeUndefined();
  });

  it('reads Redis again, and keeps direct answers, after the clock went back', async () => {
    let now = Date.now();
    const mine = await reader({ now: () => now });
    await writer.write(OKTA, answer(now));
    await mine.read(PRINCIPAL);
    now -= 3_600_000;
    expect((await mine.read(PRINCIPAL)).origin).toBe('redis');
    mine.remember(PRINCIPAL, 'okta', answer(now, { attributes: { id: 'now' } }));
    const reading = await mine.read(PRINCIPAL);
    expect(reading.origin).toBe('l1');
    expect(reading.entries.get('okta')?.attributes).toEqual({ id: 'now' });
  });

  it('never keeps UNAVAILABLE, in Redis or in L1', async () => {
    const unavailable = answer(Date.now(), { status: 'UNAVAILABLE', attributes: {}, reason: 'source_timeout' });
    expect(await writer.write(OKTA, unavailable)).toBe(false);
    expect(await redis.exists(OKTA.key)).toBe(0);
    const mine = await reader();
    mine.remember(PRINCIPAL, 'okta', unavailable);
    expect((await mine.read(PRINCIPAL)).entries.size).toBe(0);
  });

  it('does not let an answer that was read earlier replace a later one', async () => {
    const now = Date.now();
    expect(await writer.write(OKTA, answer(now, { attributes: { status: 'SUSPENDED' } }))).toBe(true);
    expect(await writer.write(OKTA, answer(now - 5, { attributes: { status: 'ACTIVE' } }))).toBe(false);
    expect((await writer.read(OKTA))?.attributes).toEqual({ status: 'SUSPENDED' });
  });

  it('keeps an answer out that was read before a drop, and lets a later one in', async () => {
    const now = Date.now();
    await writer.write(OKTA, answer(now - 100));
    await writer.drop(OKTA, now);
    expect(await writer.read(OKTA)).toBeUndefined();
    expect(await writer.write(OKTA, answer(now - 1))).toBe(false);
    expect(await writer.read(OKTA)).toBeUndefined();
    expect(await writer.write(OKTA, answer(now + 1))).toBe(true);
    expect((await writer.read(OKTA))?.observedAt).toBe(now + 1);
  });

  it('ignores a field that it cannot trust and gives the others', async () => {
    await redis.hset(OKTA.key, 'workday', 'garbage');
    await writer.write(OKTA, answer(Date.now()));
    expect([...(await (await reader()).read(PRINCIPAL)).entries.keys()]).toEqual(['okta']);
  });

  it('gives nothing when the key holds another type', async () => {
    await redis.set(OKTA.key, 'text');
    const reading = await (await reader()).read(PRINCIPAL);
    expect(reading.entries.size).toBe(0);
  });

  it('keeps facts about a resource apart from those about people', async () => {
    const resource = { kind: 'database', id: 'db:orders' };
    const mine = await reader();
    await writer.write({ key: resourceKey(resource), field: 'servicenow' }, answer(Date.now()));
    expect([...(await mine.readResource(resource)).entries.keys()]).toEqual(['servicenow']);
    expect((await mine.read('database:db:orders')).entries.size).toBe(0);
  });

  it('drops L1 of every reader when an entry is dropped', async () => {
    const readers = [
      await reader({ subscriber: await server.connect() }),
      await reader({ subscriber: await server.connect() }),
    ];
    await eventually(async () => expect((await redis.pubsub('NUMSUB', 'iris:ctx:v1:invalidate'))[1]).toBe(2));
    await writer.write(OKTA, answer(Date.now() - 50));
    for (const each of readers) {
      await eventually(async () => {
        await each.read(PRINCIPAL);
        expect((await each.read(PRINCIPAL)).origin).toBe('l1');
      });
    }
    await writer.drop(OKTA, Date.now());
    for (const each of readers) {
      await eventually(async () => expect((await each.read(PRINCIPAL)).entries.has('okta')).toBe(false));
    }
  });

  it('does not keep a direct answer that was read before the drop', async () => {
    const mine = await reader({ subscriber: await server.connect() });
    await eventually(async () => expect((await redis.pubsub('NUMSUB', 'iris:ctx:v1:invalidate'))[1]).toBe(1));
    mine.remember(PRINCIPAL, 'okta', answer(Date.now() + 1000));
    expect(mine.size).toBe(1);
    await writer.drop(OKTA, Date.now());
    await eventually(async () => expect(mine.size).toBe(0));
    mine.remember(PRINCIPAL, 'okta', answer(Date.now() - 1000));
    expect(mine.size).toBe(0);
  });

  it('prefers a direct answer over an older entry in Redis', async () => {
    const now = Date.now();
    let clock = now;
    const mine = await reader({ l1Ms: 10, now: () => clock });
    await writer.write(OKTA, answer(now - 100, { attributes: { id: 'old' } }));
    await mine.read(PRINCIPAL);
    mine.remember(PRINCIPAL, 'okta', answer(now, { attributes: { id: 'new' } }));
    clock += 20;
    const reading = await mine.read(PRINCIPAL);
    expect(reading.origin).toBe('redis');
    expect(reading.entries.get('okta')?.attributes).toEqual({ id: 'new' });
  });
});

describe('without a Redis that answers', () => {
  it('serves what sources said directly when none is configured', async () => {
    const reader = new ContextReader({ maxKeys: 10, l1Ms: 1 });
    expect(await reader.read(PRINCIPAL)).toMatchObject({ origin: 'none', redis: 'unavailable' });
    reader.remember(PRINCIPAL, 'okta', answer(Date.now()));
    expect(await reader.read(PRINCIPAL)).toMatchObject({ origin: 'l1', redis: 'unavailable' });
    reader.close();
  });

  it.each([
    [3, 3],
    [0, 1],
  ])('holds no more keys than it may: %d', (maxKeys, held) => {
    const reader = new ContextReader({ maxKeys, l1Ms: 1 });
    for (let index = 0; index < 10; index += 1) reader.remember(`p${index}`, 'okta', answer(Date.now()));
    expect(reader.size).toBe(held);
    reader.close();
  });

  it('continues from L1 while Redis is killed, and uses it again after its restart', async () => {
    const server = await startRedis();
    const redis = connectRedis(server.url);
    const subscriber = connectRedis(server.url);
    let now = Date.now();
    const reader = new ContextReader({ redis, subscriber, maxKeys: 10, l1Ms: 1, now: () => (now += 5) });
    try {
      await Promise.all([waitForRedis(redis, 10_000), waitForRedis(subscriber, 10_000)]);
      await new ContextWriter(redis).write(OKTA, answer(now));
      await eventually(async () => {
        await reader.read(PRINCIPAL);
        expect(reader.size).toBe(1);
      });
      await server.kill();
      await eventually(async () => expect(redis.status).not.toBe('ready'));
      const away = await reader.read(PRINCIPAL);
      expect(away).toMatchObject({ origin: 'l1', redis: 'unavailable' });
      expect(away.entries.has('okta')).toBe(true);
      expect(reader.redisReport.redis).toBe('unavailable');
      await server.start();
      // The new server is empty, and messages may have been missed: nothing old is left.
      await eventually(async () => {
        const back = await reader.read(PRINCIPAL);
        expect(back).toMatchObject({ origin: 'redis', redis: 'ok' });
        expect(back.entries.size).toBe(0);
      });
    } finally {
      reader.close();
      redis.disconnect();
      subscriber.disconnect();
      await server.stop();
    }
  });

  it('does not wait for a silent Redis longer than one command may take, and soon not at all', async () => {
    const server = await startRedis();
    const redis = connectRedis(server.url, { commandTimeoutMs: 100 });
    const reader = new ContextReader({ redis, maxKeys: 10, l1Ms: 1 });
    try {
      await waitForRedis(redis, 10_000);
      server.freeze();
      // Would hang until the test's own limit if no command ended.
      for (let index = 0; index < 20; index += 1) {
        expect(await reader.read(`p${index}`)).toMatchObject({ origin: 'none', redis: 'unavailable' });
      }
      expect(reader.redisReport.redis).toBe('unavailable');
      server.thaw();
      await eventually(async () => expect(await reader.read('after')).toMatchObject({ redis: 'ok', origin: 'redis' }));
    } finally {
      reader.close();
      redis.disconnect();
      await server.stop();
    }
  });

  it('makes connections that fail at once and stay without an unhandled error', async () => {
    const redis = connectRedis('redis://127.0.0.1:1');
    await expect(redis.hgetall('x')).rejects.toThrow();
    expect(await waitForRedis(redis, 10)).toBe(false);
    redis.disconnect();
  });
});
