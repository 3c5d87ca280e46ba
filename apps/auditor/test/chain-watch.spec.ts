import { connectRedis, type RedisConnection, waitForRedis } from '@iris/context-cache';
import { startRedis, type TestRedis } from '@iris/context-cache/testing';
import { ChainWriter } from '@iris/evidence';
import { createLogger } from '@iris/telemetry';
import { afterAll, beforeAll, beforeEach, expect, it, jest } from '@jest/globals';
import { sampleRecord } from '../../../libs/evidence/test/sample-record.js';
import { ChainWatch } from '../src/delivery/chain-watch.js';

let server: TestRedis;
let redis: RedisConnection;
const logger = createLogger('test', 'silent');
const error = jest.spyOn(logger, 'error');

beforeAll(async () => {
  server = await startRedis();
  redis = connectRedis(server.url, { commandTimeoutMs: 2000 });
  await waitForRedis(redis, 5000);
});
afterAll(async () => {
  redis.disconnect();
  await server.stop();
});
beforeEach(async () => {
  await redis.flushall();
  error.mockClear();
});

function chainOf(records: number): string[] {
  const writer = new ChainWriter({ headRecords: 1000, headSeconds: 0 });
  writer.begin('01a22491-79bb-777f-8e76-03435ea0e374');
  return Array.from({ length: records }, (_, index) => {
    const chained = writer.link([sampleRecord({ action: `tool-${index}` })]);
    chained.commit();
    return chained.lines;
  }).flat();
}

/** Problems that are reported for batches, each seen by another auditor. */
async function problemsOf(...batches: (readonly string[])[]): Promise<unknown[]> {
  for (const [index, lines] of batches.entries()) await new ChainWatch(redis, logger).follow(`b${index}`, lines);
  return error.mock.calls.map(([fields]) => (fields as { kind?: unknown }).kind);
}

it('accepts batches in order, and one that comes again', async () => {
  const links = chainOf(6);
  await expect(problemsOf(links.slice(0, 3), links.slice(0, 3), links.slice(3))).resolves.toEqual([]);
});

it('accepts a chain whose end is not remembered', async () => {
  await expect(problemsOf(chainOf(6).slice(4))).resolves.toEqual([]);
});

it('reports a missing link once, between batches and in one', async () => {
  const links = chainOf(8);
  const rest = [...links.slice(4, 6), ...links.slice(7)];
  await expect(problemsOf(links.slice(0, 3), rest, rest)).resolves.toEqual(['missing', 'missing']);
});

it('reports a changed record, a line without meaning, and a link of another history', async () => {
  const links = chainOf(4);
  const changed = links[1]?.replace('tool-1', 'tool-x') ?? '';
  await expect(problemsOf([links[0] ?? '', changed, '[]'])).resolves.toEqual(['changed', 'changed']);
  const [, , foreign = ''] = chainOf(3);
  await expect(problemsOf([foreign])).resolves.toEqual(['changed', 'changed', 'unlinked']);
});

it('passes over records without a chain, and works without Redis', async () => {
  await expect(problemsOf(['{"schema":"iris.evidence.v1","id":"x"}'])).resolves.toEqual([]);
  const gone = connectRedis('redis://127.0.0.1:1', { commandTimeoutMs: 100 });
  await expect(new ChainWatch(gone, logger).follow('b', chainOf(1))).resolves.toBeUndefined();
  gone.disconnect();
});
