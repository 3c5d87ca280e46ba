import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { connectRedis, connectRedisForWorker, type RedisConnection, waitForRedis } from '@iris/context-cache';
import { eventually, startRedis, type TestRedis } from '@iris/context-cache/testing';
import { openDecisionLog, type PostgresDecisionLog } from '@iris/decision-log';
import { type PostgresServer, startPostgres } from '@iris/decision-log/testing';
import { EvidenceQueue, type EvidenceRecord, EvidenceShipper, EvidenceSpool } from '@iris/evidence';
import { createLogger } from '@iris/telemetry';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { sampleRecord } from '../../../libs/evidence/test/sample-record.js';
import { EvidenceWorker } from '../src/delivery/evidence-worker.js';
import { DecisionLogSink } from '../src/sinks/decision-log-sink.js';
import { RefusedError } from '../src/sinks/evidence-sink.js';

const logger = createLogger('test', 'silent');
const ATTEMPTS = 120;
const WINDOW = { from: new Date('2026-11-05T00:00:00Z'), to: new Date('2026-11-06T00:00:00Z') };

let postgres: PostgresServer;
let log: PostgresDecisionLog;
let closers: (() => unknown)[] = [];

beforeAll(async () => {
  postgres = await startPostgres();
  log = openDecisionLog(postgres.url);
});
afterAll(async () => {
  await log.close();
  await postgres.close();
});
beforeEach(async () => {
  await log.migrate();
  await log.dropBefore(new Date('2030-01-01'));
});
afterEach(async () => {
  for (const close of closers.reverse()) await close();
  closers = [];
});

function openSink(changes: { url?: string; keepDays?: number; passwordFile?: string } = {}): DecisionLogSink {
  const sink = new DecisionLogSink({ url: postgres.url, timeoutMs: 2000, keepDays: 0, logger, ...changes });
  closers.push(() => sink.close());
  return sink;
}

function batchOf(...values: unknown[]) {
  return { id: 'batch', lines: values.map((value) => JSON.stringify(value)) };
}

async function storedIds(): Promise<string[]> {
  const ids: string[] = [];
  for await (const { id } of log.window({})) ids.push(id);
  return ids;
}

describe('the sink of the decision log', () => {
  it('stores each record of a batch once, however often the batch comes', async () => {
    const sink = openSink();
    const records = [sampleRecord(), sampleRecord()];
    await sink.deliver(batchOf(...records, { schema: 'iris.evidence.head.v1' }));
    await sink.deliver(batchOf(...records));
    expect((await storedIds()).sort()).toEqual(records.map(({ id }) => id).sort());
  });

  it('refuses lines of another release and stores the others', async () => {
    const known = sampleRecord();
    const delivery = openSink().deliver(batchOf({ ...sampleRecord(), schemaVersion: 99 }, known));
    await expect(delivery).rejects.toThrow(RefusedError);
    expect(await storedIds()).toEqual([known.id]);
  });

  it('refuses a record that is dated ahead and stores the others', async () => {
    const known = [sampleRecord(), sampleRecord(), sampleRecord()];
    const ahead = sampleRecord({ time: new Date(Date.now() + 9 * 86_400_000).toISOString() });
    await expect(openSink().deliver(batchOf(known[0], ahead, known[1], known[2]))).rejects.toThrow(RefusedError);
    expect((await storedIds()).sort()).toEqual(known.map(({ id }) => id).sort());
  });

  it('has a batch tried again while the database is unavailable, and names no credential', async () => {
    const sink = openSink({ url: 'postgres://iris:s3cr3t@127.0.0.1:1/iris' });
    const error = await sink.deliver(batchOf(sampleRecord())).catch((fault: Error) => fault);
    expect(error).toBeInstanceOf(Error);
    expect(error).not.toBeInstanceOf(RefusedError);
    expect((error as Error).message).toBe('the database of the decision log cannot be reached: ECONNREFUSED');
  });

  it('has a batch tried again while a file of the password is missing', async () => {
    const sink = openSink({ passwordFile: '/nowhere/password' });
    const error = await sink.deliver(batchOf(sampleRecord())).catch((fault: Error) => fault);
    expect(error).not.toBeInstanceOf(RefusedError);
  });

  it('drops the days beyond those that are kept', async () => {
    const old = sampleRecord({ time: '2026-10-01T10:00:00.000Z' });
    await log.insert([old, sampleRecord({ time: new Date().toISOString() })]);
    openSink({ keepDays: 30 });
    await eventually(async () => expect(await storedIds()).toHaveLength(1));
    expect((await log.status()).partitions.map(({ day }) => day)).not.toContain('2026-10-01');
  });
});

describe('delivery while PostgreSQL is killed and restarted', () => {
  let server: TestRedis;
  let redis: RedisConnection;
  let folder: string;

  beforeAll(async () => {
    server = await startRedis();
    redis = connectRedis(server.url, { commandTimeoutMs: 2000 });
    await waitForRedis(redis, 5000);
    folder = mkdtempSync(join(tmpdir(), 'iris-log-delivery-'));
  });
  afterAll(async () => {
    redis.disconnect();
    await server.stop();
    rmSync(folder, { recursive: true });
  });

  it('stores everything once', async () => {
    const spool = new EvidenceSpool({
      directory: join(folder, 'spool'),
      maxBytes: 100_000_000,
      onFull: 'block',
      segmentBytes: 200_000,
      segmentMs: 200,
      fsyncMs: 50,
      onError: (error) => {
        throw error;
      },
    });
    const queue = new EvidenceQueue(redis, ATTEMPTS);
    const shipper = new EvidenceShipper(spool, queue, logger);
    const worker = new EvidenceWorker({
      blocking: connectRedisForWorker(server.url),
      redis: connectRedis(server.url, { commandTimeoutMs: 2000 }),
      sinks: [openSink()],
      concurrency: 4,
      lockMs: 1000,
      logger,
    });
    closers.push(
      () => spool.close(),
      () => queue.close(),
      () => shipper.close(0),
      () => worker.onApplicationShutdown(),
    );
    const records: EvidenceRecord[] = [];
    let spoolBytes = 0;
    const produce = async (total: number) => {
      for (let index = 0; index < total; index += 1) {
        const record = sampleRecord();
        records.push(record);
        spool.append([record]);
        spoolBytes = Math.max(spoolBytes, spool.bytes);
        if (index % 50 === 0) await sleep(20);
      }
    };
    await produce(500);
    await eventually(async () => expect((await storedIds()).length).toBeGreaterThan(0));
    await postgres.kill();
    await produce(3000);
    const redisBytes = /used_memory:(\d+)/.exec(await redis.info('memory'))?.[1];
    await postgres.start();
    await produce(500);
    await eventually(async () => expect(await storedIds()).toHaveLength(records.length));
    expect(new Set(await storedIds())).toEqual(new Set(records.map(({ id }) => id)));
    const counts = await log.counts(WINDOW, 'day');
    expect(counts.reduce((sum, { count }) => sum + count, 0)).toBe(records.length);
    process.stdout.write(
      `while PostgreSQL was unavailable: spool ${(spoolBytes / 1e6).toFixed(1)} MB, Redis ${(Number(redisBytes) / 1e6).toFixed(1)} MB\n`,
    );
  });
});
