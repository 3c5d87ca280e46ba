import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { credentials, Metadata, makeGenericClientConstructor, type ServiceError, status } from '@grpc/grpc-js';
import { ConfigError, setting } from '@iris/config';
import { ContextReader, connectRedis, principalKey, type RedisConnection, RefreshQueue } from '@iris/context-cache';
import { eventually, freePort, startRedis, type TestRedis } from '@iris/context-cache/testing';
import {
  EnricherServiceClient,
  fromEnrichResponse,
  type SourceAnswer,
  type Subject,
  toEnrichRequest,
} from '@iris/contracts';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { service as healthService } from 'grpc-health-check';
import { FaultProxy } from '../../../../test/chaos/matrix/fault-proxy.js';
import type {
  BulkItem,
  BulkOutcome,
  EnricherDefinition,
  LookupResult,
  VendorCall,
  VendorSource,
  WebhookEvent,
} from '../enricher-definition.js';
import { refuseWebhook } from '../http/webhook-body.js';
import { VendorError } from '../vendor-error.js';
import { type RunningEnricher, startEnricher } from './start-enricher.js';

const ana: Subject = { principal: 'ana@example.com', loginName: 'ana@example.com' };
const found: LookupResult = { status: 'FOUND', attributes: { status: 'ACTIVE', groups: ['eng'], nested: { n: 1.5 } } };
const quiet = { info: () => {}, warn: () => {}, error: () => {} };
const settings = { 'vendor.token': setting.secret('Token.') };

/** A vendor whose answers the test decides. */
interface TestVendor extends VendorSource {
  readonly calls: { subject: Subject; call: VendorCall }[];
  answer: (call: VendorCall) => Promise<LookupResult>;
  closed: boolean;
}

function testVendor(extra: Partial<VendorSource> = {}): TestVendor {
  const vendor: TestVendor = {
    calls: [],
    closed: false,
    answer: async () => found,
    lookup(subject, call) {
      vendor.calls.push({ subject, call });
      return vendor.answer(call);
    },
    close: async () => {
      vendor.closed = true;
    },
    ...extra,
  };
  return vendor;
}

describe('an enricher that runs', () => {
  let server: TestRedis;
  let redis: RedisConnection;
  let folder: string;
  let registry: string;
  const running: RunningEnricher[] = [];
  const clients: { close(): void }[] = [];

  beforeAll(async () => {
    server = await startRedis();
    redis = await server.connect();
    folder = await mkdtemp(join(tmpdir(), 'iris-enricher-'));
    registry = join(folder, 'sources.yaml');
    await writeFile(
      registry,
      `sources:\n  okta: { enabled: true, subject: login, address: "x:1", freshSeconds: 300, staleSeconds: 3600, notFoundSeconds: 60, timeoutMs: 2000, concurrency: 5 }\n`,
    );
  });
  afterAll(async () => {
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  });
  beforeEach(async () => {
    await redis.flushall();
  });
  afterEach(async () => {
    for (const client of clients.splice(0)) client.close();
    for (const enricher of running.splice(0)) await enricher.stop();
  });

  async function start(vendor: VendorSource, environment: Record<string, string | undefined> = {}) {
    const definition: EnricherDefinition<typeof settings> = { id: 'okta', settings, create: () => vendor };
    const enricher = await startEnricher(
      definition,
      {
        IRIS_SOURCES_FILE: registry,
        IRIS_GRPC_PORT: String(await freePort()),
        IRIS_HTTP_PORT: '0',
        IRIS_REDIS_URL: server.url,
        IRIS_VENDOR_TOKEN: 't',
        ...environment,
      },
      () => quiet,
    );
    running.push(enricher);
    const client = new EnricherServiceClient(enricher.grpcAddress, credentials.createInsecure());
    clients.push(client);
    return { enricher, client };
  }

  /** An enricher answers before Redis is connected, and keeps nothing until then. */
  async function withRedis(enricher: RunningEnricher): Promise<void> {
    await eventually(async () => {
      expect(await (await fetch(`${enricher.httpUrl}/healthz`)).json()).toMatchObject({ redis: 'ok' });
    });
  }

  function enrich(client: EnricherServiceClient, subject: Subject, deadlineMs = 10_000) {
    let cancel = () => {};
    const answer = new Promise<SourceAnswer>((resolve, reject) => {
      const call = client.enrich(
        toEnrichRequest(subject),
        new Metadata(),
        { deadline: Date.now() + deadlineMs },
        (error, response) => (error === null ? resolve(fromEnrichResponse(response)) : reject(error)),
      );
      cancel = () => call.cancel();
    });
    return { answer, cancel: () => cancel() };
  }

  it('answers over gRPC, and leaves the entry where the gateway reads it', async () => {
    const vendor = testVendor();
    const { client, enricher } = await start(vendor);
    await withRedis(enricher);
    const answer = await enrich(client, { ...ana, nodeId: 'n1' }).answer;
    expect(answer).toMatchObject({ status: 'FOUND', attributes: found.status === 'FOUND' ? found.attributes : {} });
    expect(answer.freshUntil).toBe(answer.observedAt + 300_000);
    expect(vendor.calls[0]?.subject).toEqual({ ...ana, nodeId: 'n1' });
    const reader = new ContextReader({ redis, maxKeys: 10, l1Ms: 1 });
    expect((await reader.read(ana.principal)).entries.get('okta')).toEqual(answer);
    reader.close();
  });

  it('returns why it has no answer', async () => {
    const vendor = testVendor();
    const { client } = await start(vendor);
    vendor.answer = async () => ({ status: 'NOT_FOUND', reason: 'subject_not_mapped' });
    expect(await enrich(client, ana).answer).toMatchObject({ status: 'NOT_FOUND', reason: 'subject_not_mapped' });
    vendor.answer = async () => {
      throw new TypeError('x of undefined');
    };
    const other = { principal: 'ben@example.com', loginName: 'ben@example.com' };
    expect(await enrich(client, other).answer).toMatchObject({ status: 'UNAVAILABLE', reason: 'source_bad_response' });
    expect(await enrich(client, { principal: '' }).answer).toMatchObject({ reason: 'subject_invalid' });
  });

  it('ends the vendor call when the question is cancelled', async () => {
    const vendor = testVendor();
    vendor.answer = ({ signal }) =>
      new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('aborted'))));
    const { client } = await start(vendor);
    const { answer, cancel } = enrich(client, ana);
    await eventually(async () => expect(vendor.calls).toHaveLength(1));
    cancel();
    await expect(answer).rejects.toMatchObject({ code: status.CANCELLED });
    await eventually(async () => expect(vendor.calls[0]?.call.signal.aborted).toBe(true));
  });

  it('lets the vendor call continue when only the deadline passes, so that the next question is answered warm', async () => {
    const vendor = testVendor();
    const gate = Promise.withResolvers<LookupResult>();
    vendor.answer = () => gate.promise;
    const { client } = await start(vendor);
    await expect(enrich(client, ana, 100).answer).rejects.toMatchObject({ code: status.DEADLINE_EXCEEDED });
    // A question about someone else passes through the same server after the first one's end was seen.
    await expect(enrich(client, { principal: 'x' }, 100).answer).rejects.toMatchObject({
      code: status.DEADLINE_EXCEEDED,
    });
    expect(vendor.calls[0]?.call.signal.aborted).toBe(false);
    gate.resolve(found);
    await eventually(async () => expect(await redis.hexists(principalKey('ana@example.com'), 'okta')).toBe(1));
    expect((await enrich(client, ana).answer).status).toBe('FOUND');
    expect(vendor.calls).toHaveLength(2);
  });

  it('answers health checks over gRPC and HTTP', async () => {
    const { enricher } = await start(testVendor());
    const Health = makeGenericClientConstructor(healthService as never, 'health');
    const health = new Health(enricher.grpcAddress, credentials.createInsecure());
    clients.push(health);
    for (const service of ['', 'iris.enricher.v1.EnricherService']) {
      const reply = await new Promise((resolve, reject) => {
        health.check?.({ service }, (error: ServiceError | null, value: unknown) =>
          error === null ? resolve(value) : reject(error),
        );
      });
      expect(reply).toEqual({ status: 'SERVING' });
    }
    const probe = await fetch(`${enricher.httpUrl}/healthz`);
    expect(probe.status).toBe(200);
    expect(await probe.json()).toEqual({ status: 'ok', source: 'okta', circuit: 'closed', redis: 'ok' });
    expect((await fetch(`${enricher.httpUrl}/webhook`, { method: 'POST', body: '{}' })).status).toBe(404);
  });

  it('runs without Redis', async () => {
    const { client, enricher } = await start(testVendor(), { IRIS_REDIS_URL: '' });
    expect((await enrich(client, ana).answer).status).toBe('FOUND');
    expect(await (await fetch(`${enricher.httpUrl}/healthz`)).json()).toMatchObject({ redis: 'none' });
  });

  it('starts and answers while Redis is unavailable', async () => {
    const { client, enricher } = await start(testVendor(), { IRIS_REDIS_URL: 'redis://127.0.0.1:1' });
    expect((await enrich(client, ana).answer).status).toBe('FOUND');
    expect(await (await fetch(`${enricher.httpUrl}/healthz`)).json()).toMatchObject({ redis: 'unavailable' });
  });

  it('reads an entry again when the gateway asks for it', async () => {
    const vendor = testVendor();
    const { client } = await start(vendor);
    const first = await enrich(client, ana).answer;
    const queue = new RefreshQueue(redis);
    await eventually(async () => expect(Date.now()).toBeGreaterThan(first.observedAt));
    await queue.ask('okta', ana);
    await eventually(async () => expect(vendor.calls).toHaveLength(2));
    await queue.close();
  });

  it('waits at its end for the question in flight, and then takes no more', async () => {
    const vendor = testVendor();
    const gate = Promise.withResolvers<LookupResult>();
    vendor.answer = () => gate.promise;
    const { enricher, client } = await start(vendor);
    const { answer } = enrich(client, ana);
    await eventually(async () => expect(vendor.calls).toHaveLength(1));
    const stopped = enricher.stop();
    running.splice(0);
    gate.resolve(found);
    expect((await answer).status).toBe('FOUND');
    await stopped;
    expect(vendor.closed).toBe(true);
    await expect(enrich(client, ana, 500).answer).rejects.toMatchObject({ code: expect.any(Number) });
    await expect(fetch(`${enricher.httpUrl}/healthz`)).rejects.toThrow();
  });

  it('drops what a webhook speaks of everywhere, and reads it again', async () => {
    const bodies: string[] = [];
    const vendor = testVendor({
      webhook: async (request) => {
        bodies.push(`${request.method} ${request.headers['x-sign']} ${request.query.get('a')} ${request.body}`);
        return { status: 202, body: { taken: true }, events: [{ id: 'e1', subjects: [ana] }] };
      },
    });
    const { client, enricher } = await start(vendor);
    const subscriber = connectRedis(server.url);
    const reader = new ContextReader({ redis, subscriber, maxKeys: 10, l1Ms: 60_000 });
    await eventually(async () => expect((await redis.pubsub('NUMSUB', 'iris:ctx:v1:invalidate'))[1]).toBe(1));
    await enrich(client, ana).answer;
    await eventually(async () => {
      await reader.read(ana.principal);
      expect((await reader.read(ana.principal)).origin).toBe('l1');
    });
    vendor.answer = async () => ({ status: 'FOUND', attributes: { status: 'SUSPENDED' } });
    const reply = await fetch(`${enricher.httpUrl}/webhook?a=1`, {
      method: 'POST',
      headers: { 'x-sign': 's', 'content-type': 'application/json' },
      body: '{"b" : 1}',
    });
    expect(reply.status).toBe(202);
    expect(await reply.json()).toEqual({ taken: true });
    expect(bodies).toEqual(['POST s 1 {"b" : 1}']);
    await eventually(async () => {
      const entry = (await reader.read(ana.principal)).entries.get('okta');
      expect(entry?.attributes).toEqual({ status: 'SUSPENDED' });
    });
    reader.close();
    subscriber.disconnect();
  });

  it('finds whom a webhook names by the vendor’s own id, under every login, and takes an event once', async () => {
    const events: WebhookEvent[] = [{ id: 'e1', records: ['00u1'] }];
    const vendor = testVendor({
      webhook: async () => ({ status: 200, events }),
      recordsOf: ({ id }) => [String(id)],
    });
    vendor.answer = async () => ({ status: 'FOUND', attributes: { id: '00u1' } });
    const { client, enricher } = await start(vendor, {
      IRIS_IDENTITY_RULES: '[{"from":"old.example","to":"example.com"}]',
    });
    await withRedis(enricher);
    const old: Subject = { principal: 'Ana@old.example', loginName: 'Ana@old.example' };
    await enrich(client, ana).answer;
    await enrich(client, old).answer;
    expect(vendor.calls.map(({ subject }) => subject.loginName)).toEqual(['ana@example.com', 'ana@example.com']);

    const push = () => fetch(`${enricher.httpUrl}/webhook`, { method: 'POST' });
    expect((await push()).status).toBe(200);
    await eventually(async () => expect(vendor.calls).toHaveLength(4));
    expect((await push()).status).toBe(200);
    events.push({ id: 'e2', subjects: [ana] });
    expect((await push()).status).toBe(200);
    // The second event names her by one login; both are hers.
    await eventually(async () => expect(vendor.calls).toHaveLength(6));
    expect(await enrich(client, old).answer).toMatchObject({ status: 'FOUND' });
    expect(vendor.calls).toHaveLength(6);
  });

  it('refuses a webhook that is too large, or that the source refuses, with a problem document', async () => {
    const vendor = testVendor({ webhook: async () => refuseWebhook('push_unauthenticated') });
    const { enricher } = await start(vendor);
    const push = (body: string) => fetch(`${enricher.httpUrl}/webhook`, { method: 'POST', body });
    for (const [body, status, reason] of [
      ['{}', 401, 'push_unauthenticated'],
      ['x'.repeat(1024 * 1024 + 1), 413, 'push_too_large'],
    ] as const) {
      const reply = await push(body);
      expect(reply.status).toBe(status);
      expect(reply.headers.get('content-type')).toMatch(/^application\/problem\+json/);
      expect(await reply.json()).toMatchObject({ status, reason });
    }
  });

  it('has a webhook sent again when Redis is unavailable', async () => {
    const vendor = testVendor({ webhook: async () => ({ status: 200, events: [{ id: 'e1', subjects: [ana] }] }) });
    const { enricher } = await start(vendor, { IRIS_REDIS_URL: 'redis://127.0.0.1:1' });
    expect((await fetch(`${enricher.httpUrl}/webhook`, { method: 'POST' })).status).toBe(503);
  });

  it('drops what a webhook names once Redis is back, though the webhook is not sent again', async () => {
    const own = await startRedis();
    const { port } = own;
    const proxy = await FaultProxy.start({ target: () => port });
    try {
      const vendor = testVendor({ webhook: async () => ({ status: 200, events: [{ id: 'e1', subjects: [ana] }] }) });
      const { enricher, client } = await start(vendor, { IRIS_REDIS_URL: `redis://127.0.0.1:${proxy.port}` });
      const direct = await own.connect();
      await eventually(async () => {
        await enrich(client, ana);
        expect(await direct.hexists(principalKey(ana.principal), 'okta')).toBe(1);
      });
      await proxy.set({ kind: 'refuse' });
      expect((await fetch(`${enricher.httpUrl}/webhook`, { method: 'POST' })).status).toBe(503);
      await proxy.set({ kind: 'pass' });
      await eventually(async () =>
        expect(await direct.hget(principalKey(ana.principal), 'okta')).toContain('droppedAt'),
      );
    } finally {
      await proxy.close();
      await own.stop();
    }
  });

  it('keeps the cache warm by bulk reads that one of two replicas runs at a time', async () => {
    let together = 0;
    let most = 0;
    let runs = 0;
    const bulk = async function* () {
      together += 1;
      most = Math.max(most, together);
      for (let index = 0; index < 250; index += 1) {
        yield { subject: { principal: `p${index}@example.com`, loginName: `p${index}@example.com` }, result: found };
      }
      runs += 1;
      together -= 1;
    };
    const vendor = testVendor({ bulk });
    const { client } = await start(vendor, { IRIS_BULK_INTERVAL_SECONDS: '1' });
    await start(testVendor({ bulk }), { IRIS_BULK_INTERVAL_SECONDS: '1' });
    await eventually(async () => expect(runs).toBeGreaterThanOrEqual(2));
    expect(most).toBe(1);
    expect(await redis.keys('iris:ctx:v2:*')).toHaveLength(250);
    const answer = await enrich(client, { principal: 'p249@example.com', loginName: 'p249@example.com' }).answer;
    expect(answer.status).toBe('FOUND');
    expect(vendor.calls).toHaveLength(0);
    // Both replicas have set the schedule; there is one.
    expect(await redis.zcard('{iris}:iris-bulk-okta:repeat')).toBe(1);
    await redis.flushall();
  });

  const cara: Subject = { principal: 'cara@example.com', loginName: 'cara@example.com' };

  it('answers "not found" without the vendor for whom a complete list does not name', async () => {
    const bulk = async function* (): AsyncGenerator<BulkItem, BulkOutcome> {
      yield { subject: ana, result: found };
      return { complete: true };
    };
    const vendor = testVendor({ bulk });
    const { client } = await start(vendor, { IRIS_BULK_INTERVAL_SECONDS: '86400' });
    await eventually(async () => expect(await redis.keys('iris:known:v1:{okta}')).toHaveLength(1));
    await expect(enrich(client, cara).answer).resolves.toMatchObject({
      status: 'NOT_FOUND',
      reason: 'subject_not_found',
    });
    expect(vendor.calls).toHaveLength(0);
  });

  it('counts rows that are left out, and keeps a fresh entry from a partial one', async () => {
    const read = Promise.withResolvers<void>();
    const bulk = async function* (call: VendorCall): AsyncGenerator<BulkItem, BulkOutcome> {
      await read.promise;
      call.leftOut?.('users', 'P1X2');
      yield { subject: ana, partial: true, result: { status: 'FOUND', attributes: { status: 'PARTIAL' } } };
      yield { subject: cara, partial: true, result: { status: 'FOUND', attributes: { status: 'PARTIAL' } } };
      return { complete: false };
    };
    const { client, enricher } = await start(testVendor({ bulk }), { IRIS_BULK_INTERVAL_SECONDS: '86400' });
    await withRedis(enricher);
    await enrich(client, ana).answer;
    read.resolve();
    const health = async () => (await fetch(`${enricher.httpUrl}/healthz`)).json();
    await eventually(async () => expect(await health()).toMatchObject({ rowsLeftOut: 1 }));
    expect((await enrich(client, ana).answer).attributes).not.toMatchObject({ status: 'PARTIAL' });
    expect((await enrich(client, cara).answer).attributes).toMatchObject({ status: 'PARTIAL' });
    expect(await redis.hget('iris:bulk:v1:{okta}', 'rowsLeftOut')).toBe('1');
  });

  it.each([
    ['unauthorized', 'failed'],
    ['rate_limited', 'failed'],
    ['unavailable', 'delayed'],
    ['timeout', 'delayed'],
  ] as const)('after a bulk read that met %s has it %s until the next one or the next try', async (kind, where) => {
    let reads = 0;
    const bulk = async function* (): AsyncGenerator<BulkItem> {
      yield { subject: ana, result: found };
      reads += 1;
      throw new VendorError(kind, 'the vendor gives no more');
    };
    await start(testVendor({ bulk }), { IRIS_BULK_INTERVAL_SECONDS: '86400' });
    const firstIn = async (set: string) => {
      const ids = await redis.zrange(`{iris}:iris-bulk-okta:${set}`, 0, -1);
      const names = await Promise.all(ids.map((id) => redis.hget(`{iris}:iris-bulk-okta:${id}`, 'name')));
      return names.includes('first');
    };
    await eventually(async () => expect([reads > 0, await firstIn(where)]).toEqual([true, true]));
  });

  it('reads in bulk at once when the first of its replicas starts, and not again with the second', async () => {
    let runs = 0;
    const bulk = async function* (): AsyncGenerator<BulkItem> {
      runs += 1;
      yield { subject: ana, result: found };
    };
    await Promise.all([1, 2].map(() => start(testVendor({ bulk }), { IRIS_BULK_INTERVAL_SECONDS: '86400' })));
    await eventually(async () => expect(runs).toBe(1));
    await start(testVendor({ bulk }), { IRIS_BULK_INTERVAL_SECONDS: '86400' });
    const waiting = () => redis.llen('{iris}:iris-bulk-okta:wait');
    const running = () => redis.llen('{iris}:iris-bulk-okta:active');
    await eventually(async () => expect([await waiting(), await running()]).toEqual([0, 0]));
    expect(runs).toBe(1);
  });

  it('reads changes alone while the last whole read is not long ago', async () => {
    const reads: (number | 'everything')[] = [];
    const one = async function* (): AsyncGenerator<BulkItem> {
      yield { subject: ana, result: found };
    };
    const vendor = testVendor({
      bulk: () => {
        reads.push('everything');
        return one();
      },
      bulkSince: (since) => {
        reads.push(since);
        return one();
      },
    });
    const before = Date.now();
    await start(vendor, { IRIS_BULK_INTERVAL_SECONDS: '1' });
    await eventually(async () => expect(reads.length).toBeGreaterThanOrEqual(3));
    expect(reads.filter((read) => read === 'everything')).toEqual(['everything']);
    expect(reads[0]).toBe('everything');
    expect(reads[2]).toBeGreaterThan(Number(reads[1]));
    expect(Number(reads[1])).toBeLessThan(before + 10_000);

    await redis.flushall();
    const seen = reads.length;
    // The schedule comes back with the next connection; a replica that starts sets it as well.
    await start(testVendor({ bulk: vendor.bulk, bulkSince: vendor.bulkSince }), { IRIS_BULK_INTERVAL_SECONDS: '1' });
    await eventually(async () => expect(reads.slice(seen)).toContain('everything'));
  });

  it.each([
    ['a source that the registry does not have', 'pagerduty', {}, /has no source pagerduty/],
    ['a missing credential', 'okta', { IRIS_VENDOR_TOKEN: undefined }, /vendor\.token .*is missing/],
    ['a registry that is not there', 'okta', { IRIS_SOURCES_FILE: '/nowhere.yaml' }, /nowhere\.yaml/],
    ['a port that is none', 'okta', { IRIS_GRPC_PORT: 'x' }, /grpc\.port/],
  ] as const)('does not start with %s', async (_name, id, environment, message) => {
    const vendor = testVendor();
    const given = { IRIS_SOURCES_FILE: registry, IRIS_VENDOR_TOKEN: 't', ...environment };
    const started = startEnricher({ id, settings, create: () => vendor }, given, () => quiet);
    await expect(started).rejects.toBeInstanceOf(ConfigError);
    await expect(started).rejects.toThrow(message);
  });

  it('does not start on a port that is taken, and frees what it had', async () => {
    const { enricher } = await start(testVendor());
    const port = enricher.grpcAddress.split(':')[1];
    const vendor = testVendor();
    await expect(start(vendor, { IRIS_GRPC_PORT: port })).rejects.toThrow();
    expect(vendor.closed).toBe(true);
  });
});
