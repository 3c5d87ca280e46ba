import type { ContextReading } from '@iris/context-cache';
import { ContextReader } from '@iris/context-cache';
import type { Identity, ReasonId, ResourceRef, SourceAnswer, SourceId, Subject, ToolCall } from '@iris/contracts';
import type { Catalog } from '@iris/tool-catalog';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Budget } from '../shared/budget.js';
import type { ConfiguredSource } from './configured-sources.js';
import { ContextService } from './context.service.js';

const NOW = Date.UTC(2026, 10, 5, 10);
const FRESH_MS = 60_000;
const STALE_MS = 600_000;
const BUDGET_MS = 1000;
const BUDGET_PERCENT = 60;

const ANA: Identity = { kind: 'user', id: 'ana@acme.example', loginName: 'ana@acme.example', nodeId: 'n1' };
const BEN: Identity = { kind: 'user', id: 'ben@acme.example', loginName: 'ben@acme.example', nodeId: 'n1' };
const DEVICE: Identity = { kind: 'tagged-device', id: 'n7', nodeId: 'n7' };
const NOBODY: Identity = { kind: 'anonymous', id: 'anonymous' };

function answer(ageMs: number, changes: Partial<SourceAnswer> = {}): SourceAnswer {
  const observedAt = Date.now() - ageMs;
  return {
    status: 'FOUND',
    attributes: { department: 'Finance' },
    observedAt,
    freshUntil: observedAt + FRESH_MS,
    staleUntil: observedAt + STALE_MS,
    ...changes,
  };
}

function unavailable(reason: ReasonId): SourceAnswer {
  return { status: 'UNAVAILABLE', attributes: {}, observedAt: 0, freshUntil: 0, staleUntil: 0, reason };
}

interface Question {
  readonly source: SourceId;
  readonly key: string;
  readonly subject: Subject;
  readonly resource?: ResourceRef;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** A call on the database `host`; one without a host acts on an unknown database. */
function query(host?: string, id = host ?? 'unknown'): ToolCall {
  return {
    id,
    name: 'query',
    phase: 'executed',
    paramsStatus: 'ok',
    params: host === undefined ? {} : { host },
  };
}

/** Databases by the parameter `host`. */
const catalog = {
  classify: ({ params }: ToolCall) => ({
    targetKind: 'database',
    resources: typeof params?.host === 'string' ? params.host.split(',').map((id) => ({ kind: 'database', id })) : [],
  }),
} as unknown as Catalog;

function heldOf(entries: Readonly<Partial<Record<string, SourceAnswer>>>): ReadonlyMap<string, SourceAnswer> {
  return new Map(Object.entries(entries).flatMap(([field, entry]) => (entry === undefined ? [] : [[field, entry]])));
}

describe('ContextService', () => {
  let asked: Question[];
  let refreshes: { readonly source: SourceId; readonly principal: string; readonly resource?: ResourceRef }[];
  let ask: (question: Question) => Promise<SourceAnswer>;
  let reader: ContextReader;
  let service: ContextService;

  /** What Redis holds: the facts of each source, for each principal and resource. */
  let redis: (about: string) => Readonly<Partial<Record<string, SourceAnswer>>> | 'unavailable';

  function source(id: SourceId, subject: 'login' | 'node', resources: string[] = []): ConfiguredSource {
    const client = {
      enrich: async (
        key: string,
        about: { readonly subject: Subject; readonly resource?: ResourceRef },
        timeoutMs: number,
        signal: AbortSignal,
      ) => {
        const question = { source: id, key, ...about, timeoutMs, signal };
        asked.push(question);
        return timeoutMs <= 0 ? unavailable('source_timeout') : ask(question);
      },
    };
    return { id, settings: { subject, resources }, client } as unknown as ConfiguredSource;
  }

  /** The copies in memory are real; what is not in them is read from `redis`. */
  class ReaderOfFake extends ContextReader {
    private async readingOf(about: string, copies: Promise<ContextReading>): Promise<ContextReading> {
      const copy = await copies;
      const entries = copy.entries.size > 0 ? 'unavailable' : redis(about);
      return entries === 'unavailable' ? copy : { entries: heldOf(entries), origin: 'redis', redis: 'ok' };
    }
    override read(principal: string) {
      return this.readingOf(principal, super.read(principal));
    }
    override readResource(resource: ResourceRef) {
      return this.readingOf(resource.id, super.readResource(resource));
    }
  }

  beforeEach(() => {
    jest.useFakeTimers({ now: NOW });
    // An entry of lru-cache that begins at 0 never ends.
    jest.advanceTimersByTime(1);
    asked = [];
    refreshes = [];
    ask = async () => answer(0);
    redis = () => ({});
    reader = new ReaderOfFake({ maxKeys: 100, l1Ms: 1000 });
    const queue = {
      ask: async (id: SourceId, { principal }: Subject, resource?: ResourceRef) => {
        refreshes.push({ source: id, principal, ...(resource && { resource }) });
        return 'asked' as const;
      },
    };
    service = new ContextService(
      reader,
      [source('okta', 'login'), source('servicenow', 'login', ['database']), source('tailscale', 'node')],
      catalog,
      { checked: () => [] },
      queue,
      { roles: { fromGroups: { Admins: ['admin'] }, capability: 'iris.dev/cap/roles' }, budgetPercent: BUDGET_PERCENT },
    );
  });
  afterEach(() => {
    reader.close();
    jest.useRealTimers();
  });

  const gather = (
    identity = ANA,
    calls: readonly ToolCall[] = [],
    budget = new Budget(BUDGET_MS),
    signal = new AbortController().signal,
  ) => service.gather(identity, Promise.resolve(calls), budget, signal);
  const factsOf = async (id: SourceId, identity = ANA) => (await gather(identity)).principal.sources[id];
  const sourcesAsked = () => asked.map((question) => question.source);

  describe('facts about a person', () => {
    const cached = (entry: SourceAnswer) => {
      redis = () => ({ okta: entry, servicenow: answer(0), 'tailscale/n1': answer(0) });
    };

    it('come from the cache while they are fresh, without a question to a source', async () => {
      cached(answer(FRESH_MS / 2));
      expect(await factsOf('okta')).toMatchObject({
        status: 'fresh',
        attributes: { department: 'Finance' },
        ageSeconds: 30,
        origin: 'redis',
      });
      expect(asked).toEqual([]);
    });

    it('come from the cache marked as stale while a refresh is asked for', async () => {
      cached(answer(FRESH_MS + 1));
      expect(await factsOf('okta')).toMatchObject({ status: 'stale', attributes: { department: 'Finance' } });
      expect(asked).toEqual([]);
      expect(refreshes).toEqual([{ source: 'okta', principal: ANA.id }]);
    });

    it.each([
      ['which the cache does not hold', () => undefined],
      ['which are older than stale ones may be', () => answer(STALE_MS + 1, { attributes: { department: 'Old' } })],
      ['which a wrong clock wrote', () => answer(-3_600_000, { attributes: { department: 'Old' } })],
    ])('%s are asked of the source', async (_title, entry) => {
      const held = entry();
      redis = () => ({ okta: held });
      expect(await factsOf('okta')).toMatchObject({
        status: 'fresh',
        attributes: { department: 'Finance' },
        origin: 'source',
      });
      expect(sourcesAsked()).toContain('okta');
    });

    it('are not found where the source has no record, also from the cache', async () => {
      const none = { status: 'NOT_FOUND', attributes: {}, reason: 'subject_not_found' } as const;
      ask = async () => answer(0, none);
      expect(await factsOf('okta')).toMatchObject({ status: 'not_found', attributes: {}, reason: 'subject_not_found' });
      expect(await factsOf('okta')).toMatchObject({ status: 'not_found', origin: 'l1' });
      expect(sourcesAsked().filter((id) => id === 'okta')).toHaveLength(1);
    });

    it('of one source do not depend on the failure of another', async () => {
      ask = async (question) => (question.source === 'okta' ? unavailable('source_circuit_open') : answer(0));
      const { sources } = (await gather()).principal;
      expect(sources.okta).toEqual({
        status: 'unavailable',
        attributes: {},
        reason: 'source_circuit_open',
        origin: 'source',
      });
      expect(sources.servicenow?.status).toBe('fresh');
      expect(sources.tailscale?.status).toBe('fresh');
    });

    it.each([
      ['is too old to be used', () => answer(STALE_MS + 1)],
      ['is of the future', () => answer(-3_600_000)],
      [
        'finds nobody, and is too old',
        () => answer(STALE_MS + 1, { status: 'NOT_FOUND', reason: 'subject_not_found' }),
      ],
    ])('are unavailable, with a reason, when the answer of the source %s', async (_title, late) => {
      ask = async () => late();
      expect(await factsOf('okta')).toEqual({
        status: 'unavailable',
        attributes: {},
        reason: 'source_bad_response',
        origin: 'source',
      });
    });

    it('are asked again after a source was unavailable', async () => {
      ask = async () => unavailable('source_unavailable');
      await gather();
      ask = async () => answer(0);
      expect(await factsOf('okta')).toMatchObject({ status: 'fresh' });
    });

    it('are kept under the person they were asked about, and for no other', async () => {
      ask = async ({ subject }) => answer(0, { attributes: { of: subject.principal } });
      const both = await Promise.all([gather(ANA), gather(BEN)]);
      for (const identity of [ANA, BEN]) {
        const { sources } = (await gather(identity)).principal;
        for (const facts of [sources.okta, sources.servicenow, sources.tailscale]) {
          expect(facts).toMatchObject({ attributes: { of: identity.id }, origin: 'l1' });
        }
      }
      expect(both.map(({ principal }) => principal.identity)).toEqual([ANA, BEN]);
      expect(new Set(asked.map(({ source: id, key }) => `${id} ${key}`)).size).toBe(asked.length);
    });

    it('about the device are kept by device', async () => {
      ask = async ({ subject }) => answer(0, { attributes: { of: subject.nodeId ?? 'no node' } });
      await gather(ANA);
      expect(await factsOf('tailscale', { ...ANA, nodeId: 'n2' })).toMatchObject({ attributes: { of: 'n2' } });
      expect(await factsOf('tailscale', { ...ANA, nodeId: undefined })).toEqual({
        status: 'not_found',
        attributes: {},
        reason: 'subject_not_found',
        origin: 'none',
      });
    });

    it('are asked directly, and kept in memory, while Redis is unavailable', async () => {
      redis = () => 'unavailable';
      expect(await factsOf('okta')).toMatchObject({ status: 'fresh', origin: 'source' });
      expect(await factsOf('okta')).toMatchObject({ status: 'fresh', origin: 'l1' });
      expect(sourcesAsked().filter((id) => id === 'okta')).toHaveLength(1);
      jest.setSystemTime(NOW + FRESH_MS + 1);
      expect(await factsOf('okta')).toMatchObject({ status: 'stale', origin: 'l1' });
      jest.setSystemTime(NOW + STALE_MS + 1);
      ask = async () => unavailable('source_unavailable');
      expect(await factsOf('okta')).toMatchObject({ status: 'unavailable' });
    });

    it('map groups to roles only as far as they are known', async () => {
      ask = async () => answer(0, { attributes: { groups: ['Admins'] } });
      expect((await gather()).principal.roles).toEqual(['admin', 'user']);
      ask = async () => unavailable('source_unavailable');
      expect((await gather(BEN)).principal.roles).toEqual(['user']);
    });
  });

  it('asks about a device that is no person only what is asked by node', async () => {
    const { sources } = (await gather(DEVICE)).principal;
    expect(sourcesAsked()).toEqual(['tailscale']);
    expect(sources.okta).toMatchObject({ status: 'not_found', reason: 'subject_not_a_person', origin: 'none' });
    expect(sources.tailscale).toMatchObject({ status: 'fresh' });
  });

  it('asks nothing about nobody, and has an entry of each source all the same', async () => {
    const { sources } = (await gather(NOBODY)).principal;
    expect(asked).toEqual([]);
    expect(Object.keys(sources)).toEqual(['okta', 'servicenow', 'tailscale']);
    for (const facts of Object.values(sources)) expect(facts).toMatchObject({ status: 'not_found', attributes: {} });
  });

  describe('the budget', () => {
    it('gives sources no more than the share of facts', async () => {
      await gather(ANA, [query('crm')]);
      expect(asked).toHaveLength(4);
      for (const { timeoutMs } of asked) expect(timeoutMs).toBeLessThanOrEqual((BUDGET_MS * BUDGET_PERCENT) / 100);
    });

    it('that is used up leaves what is cached, and the rest as unavailable', async () => {
      redis = (about) => (about === ANA.id ? { okta: answer(0) } : {});
      const budget = new Budget(BUDGET_MS);
      jest.advanceTimersByTime(BUDGET_MS);
      const { principal, cmdb } = await gather(ANA, [query('crm')], budget);
      expect(principal.sources.okta).toMatchObject({ status: 'fresh' });
      expect(principal.sources.servicenow).toMatchObject({ status: 'unavailable', reason: 'source_timeout' });
      expect([...cmdb.values()]).toEqual([{ status: 'unavailable' }]);
    });

    it('is given on with the signal of the hook', async () => {
      const { signal } = new AbortController();
      await gather(ANA, [query('crm')], new Budget(BUDGET_MS), signal);
      for (const question of asked) expect(question.signal).toBe(signal);
    });
  });

  describe('refreshes', () => {
    it('are asked for before facts end, and not of facts that are far from their end', async () => {
      redis = () => ({ okta: answer(0.5 * FRESH_MS), servicenow: answer(0.8 * FRESH_MS), 'tailscale/n1': answer(0) });
      await gather();
      expect(refreshes.map((refresh) => refresh.source)).toEqual(['servicenow']);
    });

    it('are asked for once by hooks of the same person, in whatever case the login is written, and again later', async () => {
      redis = () => ({ okta: answer(FRESH_MS), servicenow: answer(0), 'tailscale/n1': answer(0) });
      await Promise.all([gather(), gather({ ...ANA, id: 'Ana@ACME.example' }), gather()]);
      expect(refreshes).toHaveLength(1);
      await gather(BEN);
      expect(refreshes).toHaveLength(2);
      jest.advanceTimersByTime(60_000);
      await gather();
      expect(refreshes).toHaveLength(3);
    });

    it('about a resource are asked for once, whoever acts on it', async () => {
      redis = (about) => (about === 'crm' ? { servicenow: answer(FRESH_MS) } : {});
      await Promise.all([gather(ANA, [query('crm')]), gather(BEN, [query('crm')])]);
      expect(refreshes.map(({ resource }) => resource)).toEqual([{ kind: 'database', id: 'crm' }]);
    });

    it('are not asked for where nobody was found', async () => {
      redis = () => ({ okta: answer(FRESH_MS, { status: 'NOT_FOUND', attributes: {}, reason: 'subject_not_found' }) });
      await gather();
      expect(refreshes).toEqual([]);
    });
  });

  describe('facts about resources', () => {
    const cmdbOf = async (calls: readonly ToolCall[]) => {
      const { cmdb } = await gather(NOBODY, calls);
      return calls.map((call) => cmdb.get(call));
    };

    it('are asked once for all calls on the same resource', async () => {
      const calls = [query('crm', 'a'), query('crm', 'b'), query('orders')];
      expect(await cmdbOf(calls)).toEqual(calls.map(() => ({ department: 'Finance', status: 'fresh' })));
      expect(asked.map(({ resource }) => resource?.id).sort()).toEqual(['crm', 'orders']);
    });

    it('are not asked where the call names none', async () => {
      expect(await cmdbOf([query()])).toEqual([{ status: 'not_asked' }]);
      expect(asked).toEqual([]);
    });

    it.each<[string, () => SourceAnswer, string]>([
      ['is unavailable', () => unavailable('source_timeout'), 'unavailable'],
      ['is too old', () => answer(STALE_MS + 1), 'unavailable'],
      ['finds none', () => answer(0, { status: 'NOT_FOUND', reason: 'subject_not_found' }), 'not_found'],
      ['finds several', () => answer(0, { status: 'NOT_FOUND', reason: 'subject_ambiguous' }), 'unavailable'],
      ['refuses the name', () => answer(0, { status: 'NOT_FOUND', reason: 'subject_invalid' }), 'not_asked'],
    ])('have the status of the answer, and no attributes, when it %s', async (_title, given, status) => {
      ask = async () => given();
      expect(await cmdbOf([query('crm')])).toEqual([{ status }]);
    });

    it('of a call on several are as well known as the least known', async () => {
      ask = async ({ resource }) =>
        resource?.id === 'away'
          ? unavailable('source_timeout')
          : answer(0, { attributes: { owner: resource?.id ?? '' } });
      expect(await cmdbOf([query('crm,away,orders')])).toEqual([{ owner: 'crm, orders', status: 'unavailable' }]);
    });

    it('are limited in number, the newest calls first, and the others are marked as not asked', async () => {
      const calls = Array.from({ length: 100 }, (_, index) => query(`db${index}`));
      const all = await cmdbOf(calls);
      const statuses = all.map((facts) => facts?.status);
      expect(asked.length).toBeLessThan(calls.length);
      expect(statuses.filter((status) => status === 'fresh')).toHaveLength(asked.length);
      expect(statuses.slice(0, calls.length - asked.length)).toEqual(
        Array.from({ length: calls.length - asked.length }, () => 'not_asked'),
      );
    });
  });
});
