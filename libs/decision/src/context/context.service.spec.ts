import type { Identity, SourceAnswer } from '@iris/contracts';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { ANA, answer, BEN, ContextPorts, FRESH_MS, NOBODY, STALE_MS, unavailable } from './testing/context-ports.js';

const NOW = Date.UTC(2026, 10, 5, 10);
const DEVICE: Identity = { kind: 'tagged-device', id: 'n7', nodeId: 'n7' };

describe('ContextService', () => {
  let ports: ContextPorts;

  beforeEach(() => {
    jest.useFakeTimers({ now: NOW });
    // An entry of lru-cache that begins at 0 never ends.
    jest.advanceTimersByTime(1);
    ports = new ContextPorts();
  });
  afterEach(() => void jest.useRealTimers());

  describe('facts about a person', () => {
    const cached = (entry: SourceAnswer) => {
      ports.redis = () => ({ okta: entry, servicenow: answer(0), 'tailscale/n1': answer(0) });
    };

    it('come from the cache while they are fresh, without a question to a source', async () => {
      cached(answer(FRESH_MS / 2));
      expect(await ports.factsOf('okta')).toMatchObject({
        status: 'fresh',
        attributes: { department: 'Finance' },
        ageSeconds: 30,
        origin: 'redis',
      });
      expect(ports.asked).toEqual([]);
    });

    it('come from the cache marked as stale while a refresh is asked for', async () => {
      cached(answer(FRESH_MS + 1));
      expect(await ports.factsOf('okta')).toMatchObject({ status: 'stale', attributes: { department: 'Finance' } });
      expect(ports.asked).toEqual([]);
      expect(ports.refreshes).toEqual([{ source: 'okta', principal: ANA.id }]);
    });

    it.each([
      ['which the cache does not hold', () => undefined],
      ['which are older than stale ones may be', () => answer(STALE_MS + 1, { attributes: { department: 'Old' } })],
      ['which a wrong clock wrote', () => answer(-3_600_000, { attributes: { department: 'Old' } })],
    ])('%s are asked of the source', async (_title, entry) => {
      const held = entry();
      ports.redis = () => ({ okta: held });
      expect(await ports.factsOf('okta')).toMatchObject({
        status: 'fresh',
        attributes: { department: 'Finance' },
        origin: 'source',
      });
      expect(ports.timesAsked('okta')).toBe(1);
    });

    it('are not found where the source has no record, also from the cache', async () => {
      const none = { status: 'NOT_FOUND', attributes: {}, reason: 'subject_not_found' } as const;
      ports.ask = async () => answer(0, none);
      expect(await ports.factsOf('okta')).toMatchObject({
        status: 'not_found',
        attributes: {},
        reason: 'subject_not_found',
      });
      expect(await ports.factsOf('okta')).toMatchObject({ status: 'not_found', origin: 'l1' });
      expect(ports.timesAsked('okta')).toBe(1);
    });

    it('of one source do not depend on the failure of another', async () => {
      ports.ask = async (question) => (question.source === 'okta' ? unavailable('source_circuit_open') : answer(0));
      const { sources } = (await ports.gather()).principal;
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
      ports.ask = async () => late();
      expect(await ports.factsOf('okta')).toEqual({
        status: 'unavailable',
        attributes: {},
        reason: 'source_bad_response',
        origin: 'source',
      });
    });

    it('are asked again after a source was unavailable', async () => {
      ports.ask = async () => unavailable('source_unavailable');
      await ports.gather();
      ports.ask = async () => answer(0);
      expect(await ports.factsOf('okta')).toMatchObject({ status: 'fresh' });
    });

    it('are kept under the person they were asked about, and for no other', async () => {
      ports.ask = async ({ subject }) => answer(0, { attributes: { of: subject.principal } });
      const both = await Promise.all([ports.gather(ANA), ports.gather(BEN)]);
      for (const identity of [ANA, BEN]) {
        const { sources } = (await ports.gather(identity)).principal;
        for (const facts of [sources.okta, sources.servicenow, sources.tailscale]) {
          expect(facts).toMatchObject({ attributes: { of: identity.id }, origin: 'l1' });
        }
      }
      expect(both.map(({ principal }) => principal.identity)).toEqual([ANA, BEN]);
      expect(new Set(ports.asked.map(({ source: id, key }) => `${id} ${key}`)).size).toBe(ports.asked.length);
    });

    it('about the device are kept by device', async () => {
      ports.ask = async ({ subject }) => answer(0, { attributes: { of: subject.nodeId ?? 'no node' } });
      await ports.gather(ANA);
      expect(await ports.factsOf('tailscale', { ...ANA, nodeId: 'n2' })).toMatchObject({ attributes: { of: 'n2' } });
      expect(await ports.factsOf('tailscale', { ...ANA, nodeId: undefined })).toEqual({
        status: 'not_found',
        attributes: {},
        reason: 'subject_not_found',
        origin: 'none',
      });
    });

    it('are asked directly, and kept in memory, while Redis is unavailable', async () => {
      ports.redis = () => 'unavailable';
      expect(await ports.factsOf('okta')).toMatchObject({ status: 'fresh', origin: 'source' });
      expect(await ports.factsOf('okta')).toMatchObject({ status: 'fresh', origin: 'l1' });
      expect(ports.timesAsked('okta')).toBe(1);
      jest.setSystemTime(NOW + FRESH_MS + 1);
      expect(await ports.factsOf('okta')).toMatchObject({ status: 'stale', origin: 'l1' });
      jest.setSystemTime(NOW + STALE_MS + 1);
      ports.ask = async () => unavailable('source_unavailable');
      expect(await ports.factsOf('okta')).toMatchObject({ status: 'unavailable' });
    });

    it('map groups to roles only as far as they are known', async () => {
      ports.ask = async () => answer(0, { attributes: { groups: ['Admins'] } });
      expect((await ports.gather()).principal.roles).toEqual(['admin', 'user']);
      ports.ask = async () => unavailable('source_unavailable');
      expect((await ports.gather(BEN)).principal.roles).toEqual(['user']);
    });
  });

  it('asks about a device that is no person only what is asked by node', async () => {
    const { sources } = (await ports.gather(DEVICE)).principal;
    expect(ports.asked.map(({ source }) => source)).toEqual(['tailscale']);
    expect(sources.okta).toMatchObject({ status: 'not_found', reason: 'subject_not_a_person', origin: 'none' });
    expect(sources.tailscale).toMatchObject({ status: 'fresh' });
  });

  it('asks nothing about nobody, and has an entry of each source all the same', async () => {
    const { sources } = (await ports.gather(NOBODY)).principal;
    expect(ports.asked).toEqual([]);
    expect(Object.keys(sources)).toEqual(['okta', 'servicenow', 'tailscale']);
    for (const facts of Object.values(sources)) expect(facts).toMatchObject({ status: 'not_found', attributes: {} });
  });
});
