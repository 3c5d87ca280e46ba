import {
  ContextWriter,
  DistributedFlights,
  principalKey,
  RecordIndex,
  type RedisConnection,
  resourceKey,
} from '@iris/context-cache';
import { eventually, startRedis, type TestRedis } from '@iris/context-cache/testing';
import type { SourceSettings, Subject } from '@iris/contracts';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { AnswerChain } from './answer-chain.js';
import type { LookupResult, VendorCall, VendorSource } from './enricher-definition.js';
import type { FetchOutcome, RefreshOutcome } from './enricher-observer.js';
import { VendorError } from './vendor-error.js';

const ana: Subject = { principal: 'ana@example.com', loginName: 'ana@example.com' };
const okta = { key: principalKey('ana@example.com'), field: 'okta' };
const settings: SourceSettings = {
  enabled: true,
  subject: 'login',
  resources: ['database'],
  address: 'enricher-okta:50051',
  freshSeconds: 300,
  staleSeconds: 3600,
  notFoundSeconds: 60,
  timeoutMs: 5000,
  concurrency: 300,
  bulkSeconds: 0,
  fullBulkSeconds: 900,
};
const found: LookupResult = { status: 'FOUND', attributes: { status: 'ACTIVE' } };
const quiet = { info: () => {}, warn: () => {}, error: () => {} };

/** A vendor whose answers the test decides. */
class Vendor implements VendorSource {
  readonly calls: VendorCall[] = [];
  answer: (call: VendorCall) => Promise<LookupResult> = async () => found;

  lookup(_subject: Subject, call: VendorCall): Promise<LookupResult> {
    this.calls.push(call);
    return this.answer(call);
  }

  lookupResource(_resource: unknown, call: VendorCall): Promise<LookupResult> {
    this.calls.push(call);
    return this.answer(call);
  }
}

interface Replica {
  readonly chain: AnswerChain;
  readonly redis?: RedisConnection;
  readonly outcomes: FetchOutcome[];
  readonly refreshes: RefreshOutcome[];
}

function replica(vendor: Vendor, redis: RedisConnection | undefined, change: Partial<SourceSettings> = {}): Replica {
  const outcomes: FetchOutcome[] = [];
  const refreshes: RefreshOutcome[] = [];
  const chain = new AnswerChain({
    id: 'okta',
    settings: { ...settings, ...change },
    source: vendor,
    cache: redis && {
      writer: new ContextWriter(redis),
      flights: new DistributedFlights(redis),
      records: new RecordIndex(redis),
    },
    observer: {
      fetched: (outcome) => outcomes.push(outcome),
      refreshed: (outcome) => refreshes.push(outcome),
      retried: () => {},
      circuitMoved: () => {},
      synced: () => {},
      bulkRead: () => {},
      leftOut: () => {},
      webhookHandled: () => {},
    },
    logger: quiet,
  });
  return { chain, redis, outcomes, refreshes };
}

describe('answers over a real Redis', () => {
  let server: TestRedis;
  let vendor: Vendor;

  beforeAll(async () => {
    server = await startRedis();
  });
  afterAll(() => server.stop());
  beforeEach(async () => {
    vendor = new Vendor();
    await server.reset();
  });

  it('make one vendor call of 200 misses in two replicas', async () => {
    const replicas = [replica(vendor, await server.connect()), replica(vendor, await server.connect())];
    const gate = Promise.withResolvers<LookupResult>();
    vendor.answer = () => gate.promise;
    const answers = Array.from({ length: 200 }, (_, index) => replicas[index % 2]?.chain.answer(ana, undefined));
    await eventually(async () => expect(vendor.calls).toHaveLength(1));
    gate.resolve(found);
    const all = await Promise.all(answers);
    expect(all.every((answer) => answer?.status === 'FOUND' && answer.attributes.status === 'ACTIVE')).toBe(true);
    expect(vendor.calls).toHaveLength(1);
  });

  it('come from the cache while they are fresh, in every replica', async () => {
    const first = await replica(vendor, await server.connect()).chain.answer(ana, undefined);
    const second = await replica(vendor, await server.connect()).chain.answer(ana, undefined);
    expect(second).toEqual(first);
    expect(vendor.calls).toHaveLength(1);
    expect(second.freshUntil).toBe(second.observedAt + 300_000);
  });

  it('keep "not found" with its reason', async () => {
    vendor.answer = async () => ({ status: 'NOT_FOUND', reason: 'subject_ambiguous' });
    const { chain } = replica(vendor, await server.connect());
    await chain.answer(ana, undefined);
    expect(await chain.answer(ana, undefined)).toMatchObject({ status: 'NOT_FOUND', reason: 'subject_ambiguous' });
    expect(vendor.calls).toHaveLength(1);
  });

  it('never keep UNAVAILABLE', async () => {
    const redis = await server.connect();
    const { chain, outcomes } = replica(vendor, redis);
    vendor.answer = async () => {
      throw new VendorError('bad_response', 'x');
    };
    expect(await chain.answer(ana, undefined)).toMatchObject({ status: 'UNAVAILABLE', reason: 'source_bad_response' });
    expect(await redis.exists(okta.key)).toBe(0);
    expect(outcomes).toEqual(['bad_response']);
  });

  it('are the stale entry when the vendor gives none', async () => {
    const redis = await server.connect();
    const { chain } = replica(vendor, redis);
    const now = Date.now();
    const stale = {
      status: 'FOUND' as const,
      attributes: { status: 'ACTIVE' },
      observedAt: now - 10_000,
      freshUntil: now - 5000,
      staleUntil: now + 60_000,
    };
    await new ContextWriter(redis).write(okta, stale);
    vendor.answer = async () => {
      throw new VendorError('unauthorized', 'x');
    };
    expect(await chain.answer(ana, undefined)).toEqual(stale);
    expect(vendor.calls).toHaveLength(1);
  });

  it('of the vendor ignore a fresh entry, also when the vendor refuses the credentials', async () => {
    const redis = await server.connect();
    const { chain } = replica(vendor, redis);
    const now = Date.now();
    await new ContextWriter(redis).write(okta, {
      status: 'FOUND',
      attributes: { status: 'ACTIVE' },
      observedAt: now - 1000,
      freshUntil: now + 60_000,
      staleUntil: now + 120_000,
    });
    vendor.answer = async () => {
      throw new VendorError('unauthorized', 'x');
    };
    expect(await chain.answerOfVendor(ana, undefined)).toMatchObject({
      status: 'UNAVAILABLE',
      reason: 'source_unauthorized',
    });
    expect(vendor.calls).toHaveLength(1);
    expect(await chain.answer(ana, undefined)).toMatchObject({ status: 'FOUND' });
    expect(vendor.calls).toHaveLength(1);
  });

  it('are not an entry that has ended', async () => {
    const redis = await server.connect();
    const { chain } = replica(vendor, redis);
    const now = Date.now();
    const ended = {
      status: 'FOUND',
      attributes: {},
      observedAt: now - 9000,
      freshUntil: now - 5000,
      staleUntil: now - 1,
    };
    await redis.hset(okta.key, okta.field, JSON.stringify(ended));
    vendor.answer = async () => {
      throw new VendorError('unauthorized', 'x');
    };
    expect(await chain.answer(ana, undefined)).toMatchObject({ status: 'UNAVAILABLE', reason: 'source_unauthorized' });
  });

  it('of an error are shared by replicas that wait', async () => {
    const replicas = [replica(vendor, await server.connect()), replica(vendor, await server.connect())];
    const gate = Promise.withResolvers<LookupResult>();
    vendor.answer = () => gate.promise;
    const answers = replicas.map(({ chain }) => chain.answer(ana, undefined));
    await eventually(async () => expect(vendor.calls).toHaveLength(1));
    gate.reject(new VendorError('unauthorized', 'x'));
    for (const answer of await Promise.all(answers)) expect(answer.reason).toBe('source_unauthorized');
    expect(vendor.calls).toHaveLength(1);
  });

  it('read before a drop are read once more', async () => {
    const redis = await server.connect();
    const { chain } = replica(vendor, redis);
    const first = Promise.withResolvers<LookupResult>();
    vendor.answer = async () => {
      if (vendor.calls.length === 1) return first.promise;
      return { status: 'FOUND', attributes: { status: 'SUSPENDED' } };
    };
    const answer = chain.answer(ana, undefined);
    await eventually(async () => expect(vendor.calls).toHaveLength(1));
    await new ContextWriter(redis).drop(okta, Date.now() + 1);
    await new Promise((resolve) => setTimeout(resolve, 5));
    first.resolve(found);
    expect((await answer).attributes).toEqual({ status: 'SUSPENDED' });
    expect((await new ContextWriter(redis).read(okta))?.attributes).toEqual({ status: 'SUSPENDED' });
  });

  it('are read again by a refresh, unless that has happened meanwhile', async () => {
    const { chain, refreshes } = replica(vendor, await server.connect());
    const first = await chain.answer(ana, undefined);
    await chain.refresh({ source: 'okta', subject: ana, askedAt: first.observedAt });
    expect(vendor.calls).toHaveLength(1);
    await chain.refresh({ source: 'okta', subject: ana, askedAt: first.observedAt + 1 });
    expect(vendor.calls).toHaveLength(2);
    expect(refreshes).toEqual(['not_needed', 'refreshed']);
  });

  it('about a resource stand apart, and only of kinds that the registry lists', async () => {
    const redis = await server.connect();
    const { chain } = replica(vendor, redis);
    const answer = await chain.answer(ana, { kind: 'database', id: 'orders' });
    expect(answer.status).toBe('FOUND');
    expect(await redis.hexists(resourceKey({ kind: 'database', id: 'orders' }), 'okta')).toBe(1);
    expect(await chain.answer(ana, { kind: 'host', id: 'h1' })).toMatchObject({ reason: 'subject_invalid' });
    expect(vendor.calls).toHaveLength(1);
  });

  it.each(['postgres://iris:pw@orders/x', 'user=u password=pw', '(DESCRIPTION=(HOST=h))', 'iris@orders'])(
    'about a resource named %j never reach the vendor',
    async (id) => {
      const { chain } = replica(vendor, await server.connect());
      expect(await chain.answer(ana, { kind: 'database', id })).toMatchObject({ reason: 'subject_invalid' });
      expect(vendor.calls).toHaveLength(0);
    },
  );

  it('continue while Redis is killed, and are shared again after its restart', async () => {
    const own = await startRedis();
    try {
      const { chain } = replica(vendor, await own.connect());
      expect((await chain.answer(ana, undefined)).status).toBe('FOUND');
      await own.kill();
      expect((await chain.answer(ana, undefined)).status).toBe('FOUND');
      expect(vendor.calls).toHaveLength(2);
      const gate = Promise.withResolvers<LookupResult>();
      vendor.answer = () => gate.promise;
      const together = [chain.answer(ana, undefined), chain.answer(ana, undefined)];
      await eventually(async () => expect(vendor.calls).toHaveLength(3));
      gate.resolve(found);
      expect((await Promise.all(together)).map(({ status }) => status)).toEqual(['FOUND', 'FOUND']);
      expect(vendor.calls).toHaveLength(3);
      vendor.answer = async () => found;
      await own.start();
      await eventually(async () => {
        await chain.answer(ana, undefined);
        const asked = vendor.calls.length;
        await chain.answer(ana, undefined);
        expect(vendor.calls).toHaveLength(asked);
      });
    } finally {
      await own.stop();
    }
  });

  it('come from the vendor while Redis is silent', async () => {
    const own = await startRedis();
    try {
      const { chain } = replica(vendor, await own.connect());
      own.freeze();
      for (let index = 0; index < 5; index += 1) expect((await chain.answer(ana, undefined)).status).toBe('FOUND');
      own.thaw();
    } finally {
      await own.stop();
    }
  });
});

describe('answers without Redis', () => {
  it('are refused for what is no name', async () => {
    const vendor = new Vendor();
    const { chain } = replica(vendor, undefined);
    for (const principal of ['', 'x'.repeat(2000)]) {
      expect(await chain.answer({ principal }, undefined)).toMatchObject({
        status: 'NOT_FOUND',
        reason: 'subject_invalid',
      });
    }
    expect(vendor.calls).toHaveLength(0);
  });

  it('are given up at the vendor when all who asked are gone, and only then', async () => {
    const vendor = new Vendor();
    vendor.answer = ({ signal }) =>
      new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('aborted')), { once: true }));
    const { chain, outcomes } = replica(vendor, undefined);
    const [one, two] = [new AbortController(), new AbortController()];
    const answers = [one, two].map(({ signal }) => chain.answer(ana, undefined, signal));
    await eventually(async () => expect(vendor.calls).toHaveLength(1));
    one.abort();
    expect(await answers[0]).toMatchObject({ status: 'UNAVAILABLE', reason: 'source_cancelled' });
    expect(vendor.calls[0]?.signal.aborted).toBe(false);
    two.abort();
    expect(await answers[1]).toMatchObject({ reason: 'source_cancelled' });
    expect(vendor.calls[0]?.signal.aborted).toBe(true);
    await eventually(async () => expect(outcomes).toEqual(['cancelled']));
    vendor.answer = async () => found;
    expect((await chain.answer(ana, undefined)).status).toBe('FOUND');
  });

  it('say that the vendor was late', async () => {
    const vendor = new Vendor();
    vendor.answer = () => Promise.withResolvers<LookupResult>().promise;
    const { chain } = replica(vendor, undefined, { timeoutMs: 30 });
    expect(await chain.answer(ana, undefined)).toMatchObject({ status: 'UNAVAILABLE', reason: 'source_timeout' });
    expect(vendor.calls[0]?.signal.aborted).toBe(true);
  });
});
