import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connectRedis, connectRedisForWorker, type RedisConnection, waitForRedis } from '@iris/context-cache';
import { eventually, startRedis, type TestRedis } from '@iris/context-cache/testing';
import { DeadLetters, EvidenceQueue, EvidenceShipper, EvidenceSpool, readEvidence } from '@iris/evidence';
import { createLogger } from '@iris/telemetry';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { sampleRecord } from '../../../libs/evidence/test/sample-record.js';
import { EvidenceWorker } from '../src/delivery/evidence-worker.js';
import { FileSink } from '../src/sinks/file-sink.js';
import { HttpSink } from '../src/sinks/http-sink.js';
import { type HttpEndpoint, startHttpEndpoint } from './http-endpoint.js';

const logger = createLogger('test', 'silent');
const ATTEMPTS = 3;

let server: TestRedis;
let redis: RedisConnection;
let endpoint: HttpEndpoint;
let folder: string;
let closers: (() => unknown)[] = [];

beforeAll(async () => {
  server = await startRedis();
});
afterAll(() => server.stop());

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'iris-delivery-'));
  endpoint = await startHttpEndpoint();
  redis = connectRedis(server.url, { commandTimeoutMs: 2000 });
  await waitForRedis(redis, 5000);
  await redis.flushall();
});

afterEach(async () => {
  for (const close of closers.reverse()) await close();
  closers = [];
  redis.disconnect();
  await endpoint.close();
  rmSync(folder, { recursive: true });
});

function openSpool(): EvidenceSpool {
  const spool = new EvidenceSpool({
    directory: join(folder, 'spool'),
    maxBytes: 10_000_000,
    onFull: 'block',
    segmentBytes: 20_000,
    segmentMs: 200,
    fsyncMs: 50,
    onError: (error) => {
      throw error;
    },
  });
  closers.push(() => spool.close());
  return spool;
}

function ship(spool: EvidenceSpool): EvidenceShipper {
  const queue = new EvidenceQueue(redis, ATTEMPTS);
  const shipper = new EvidenceShipper(spool, queue, logger);
  closers.push(
    () => queue.close(),
    () => shipper.close(0),
  );
  return shipper;
}

function audit(): EvidenceWorker {
  const worker = new EvidenceWorker({
    blocking: connectRedisForWorker(server.url),
    redis: connectRedis(server.url, { commandTimeoutMs: 2000 }),
    sinks: [
      new FileSink({ directory: join(folder, 'out'), maxBytes: 1e9, maxMs: 1e9, keepFiles: 0 }),
      new HttpSink({ url: endpoint.url, timeoutMs: 2000 }),
    ],
    concurrency: 4,
    lockMs: 1000,
    logger,
  });
  closers.push(() => worker.onApplicationShutdown());
  return worker;
}

function append(spool: EvidenceSpool, total: number, session = 's'): string[] {
  const records = Array.from({ length: total }, () => sampleRecord({ sessionId: session }));
  for (const record of records) spool.append([record]);
  return records.map(({ id }) => id);
}

async function idsInFiles(): Promise<{ ids: string[]; repeats: number }> {
  const ids: string[] = [];
  let repeats = 0;
  for await (const { id } of readEvidence(join(folder, 'out'), { onRepeat: () => (repeats += 1) })) ids.push(id);
  return { ids, repeats };
}

function segmentFiles(): string[] {
  return readdirSync(join(folder, 'spool'), { recursive: true })
    .map(String)
    .filter((name) => name.endsWith('.jsonl'));
}

describe('from the spool to the sinks', () => {
  it('delivers every record once and in order through several auditors, and empties the spool and Redis', async () => {
    const spool = openSpool();
    const ids = append(spool, 700);
    ship(spool);
    audit();
    audit();
    ids.push(...append(spool, 700));
    await eventually(async () => expect(endpoint.ids()).toHaveLength(1400));
    expect(endpoint.ids()).toEqual(ids);
    await eventually(async () => expect(segmentFiles()).toEqual([]));
    expect((await idsInFiles()).ids).toHaveLength(1400);
    await eventually(async () => {
      const left = await redis.keys('*');
      expect(left.filter((key) => key.includes('confirmed') || /iris-evidence:.*-\d+-\d+$/.test(key))).toEqual([]);
    });
  });

  it('waits for a sink that is unavailable, and does not give the batch to the other one again', async () => {
    endpoint.answer = () => 503;
    const spool = openSpool();
    const ids = append(spool, 5);
    ship(spool);
    audit();
    await eventually(async () => expect(endpoint.received.length).toBeGreaterThan(1));
    endpoint.answer = () => 200;
    await eventually(async () => expect(endpoint.ids()).toEqual(ids));
    expect(await idsInFiles()).toEqual({ ids, repeats: 0 });
  });

  it('sets aside what is refused, continues, and delivers it when it is driven again', async () => {
    const spool = openSpool();
    const refused = append(spool, 2, 'refused');
    endpoint.answer = ({ lines }) => (lines.some((line) => line.includes('"refused"')) ? 422 : 200);
    ship(spool);
    audit();
    const letters = new DeadLetters(redis);
    closers.push(() => letters.close());
    await eventually(async () => expect(await letters.count()).toBe(1));
    const others = append(spool, 3);
    await eventually(async () => expect(endpoint.ids()).toEqual(others));

    const [letter] = await letters.list(10);
    expect(letter).toMatchObject({ records: 2, recordIds: refused, reason: 'http: the endpoint answered 422' });
    await eventually(async () => expect(segmentFiles().length).toBeGreaterThan(0));

    endpoint.answer = () => 200;
    expect(await letters.redrive()).toBe(1);
    await eventually(async () => expect(endpoint.ids()).toEqual([...others, ...refused]));
    await eventually(async () => expect(segmentFiles()).toEqual([]));
    expect((await idsInFiles()).repeats).toBe(0);
  });

  it('sets aside what fails in every attempt, and forgets it when it is discarded', async () => {
    endpoint.answer = () => 503;
    const spool = openSpool();
    append(spool, 1);
    ship(spool);
    audit();
    const letters = new DeadLetters(redis);
    closers.push(() => letters.close());
    await eventually(async () => expect(await letters.count()).toBe(1));
    const [letter] = await letters.list(1);
    expect(letter).toMatchObject({ attempts: ATTEMPTS, records: 1 });
    expect(await letters.discard('no-such-batch')).toBe(false);
    expect(await letters.discard(letter?.id ?? '')).toBe(true);
    await eventually(async () => expect(segmentFiles()).toEqual([]));
    expect(await letters.count()).toBe(0);
  });

  it('sends dead letters again that a Redis which came back empty has forgotten', async () => {
    endpoint.answer = () => 422;
    const spool = openSpool();
    const ids = append(spool, 2);
    ship(spool);
    audit();
    const letters = new DeadLetters(redis);
    closers.push(() => letters.close());
    await eventually(async () => expect(await letters.count()).toBe(1));
    endpoint.answer = () => 200;
    await redis.flushall();
    await eventually(async () => expect(endpoint.ids()).toEqual(ids));
    await eventually(async () => expect(segmentFiles()).toEqual([]));
  });

  it('leaves what is not delivered at its end to the next gateway', async () => {
    const spool = openSpool();
    const ids = append(spool, 20);
    const shipper = ship(spool);
    await shipper.close(100);
    spool.close();
    const next = openSpool();
    ship(next);
    audit();
    await eventually(async () => expect([...new Set(endpoint.ids())]).toEqual(ids));
    await eventually(async () => expect(segmentFiles()).toEqual([]));
  });
});
