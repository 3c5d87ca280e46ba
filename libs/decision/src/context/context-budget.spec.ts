import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Budget } from '../shared/budget.js';
import { ANA, answer, BEN, BUDGET_MS, BUDGET_PERCENT, ContextPorts, FRESH_MS, query } from './testing/context-ports.js';

const NOW = Date.UTC(2026, 10, 5, 10);

describe('what facts may cost', () => {
  let ports: ContextPorts;

  beforeEach(() => {
    jest.useFakeTimers({ now: NOW });
    // An entry of lru-cache that begins at 0 never ends.
    jest.advanceTimersByTime(1);
    ports = new ContextPorts();
  });
  afterEach(() => void jest.useRealTimers());

  describe('the budget', () => {
    it('gives sources no more than the share of facts', async () => {
      await ports.gather(ANA, [query('crm')]);
      expect(ports.asked).toHaveLength(4);
      for (const { timeoutMs } of ports.asked)
        expect(timeoutMs).toBeLessThanOrEqual((BUDGET_MS * BUDGET_PERCENT) / 100);
    });

    it('that is used up leaves what is cached, and the rest as unavailable', async () => {
      ports.redis = (about) => (about === ANA.id ? { okta: answer(0) } : {});
      const budget = new Budget(BUDGET_MS);
      jest.advanceTimersByTime(BUDGET_MS);
      const { principal, cmdb } = await ports.gather(ANA, [query('crm')], budget);
      expect(principal.sources.okta).toMatchObject({ status: 'fresh' });
      expect(principal.sources.servicenow).toMatchObject({ status: 'unavailable', reason: 'source_timeout' });
      expect([...cmdb.values()]).toEqual([{ status: 'unavailable' }]);
    });

    it('is given on with the signal of the hook', async () => {
      const { signal } = new AbortController();
      await ports.gather(ANA, [query('crm')], new Budget(BUDGET_MS), signal);
      for (const question of ports.asked) expect(question.signal).toBe(signal);
    });
  });

  describe('refreshes', () => {
    it('are asked for before facts end, and not of facts that are far from their end', async () => {
      ports.redis = () => ({
        okta: answer(0.5 * FRESH_MS),
        servicenow: answer(0.8 * FRESH_MS),
        'tailscale/n1': answer(0),
      });
      await ports.gather();
      expect(ports.refreshes.map((refresh) => refresh.source)).toEqual(['servicenow']);
    });

    it('are asked for once by hooks of the same person, in whatever case the login is written, and again later', async () => {
      ports.redis = () => ({ okta: answer(FRESH_MS), servicenow: answer(0), 'tailscale/n1': answer(0) });
      await Promise.all([ports.gather(), ports.gather({ ...ANA, id: 'Ana@ACME.example' }), ports.gather()]);
      expect(ports.refreshes).toHaveLength(1);
      await ports.gather(BEN);
      expect(ports.refreshes).toHaveLength(2);
      jest.advanceTimersByTime(60_000);
      await ports.gather();
      expect(ports.refreshes).toHaveLength(3);
    });

    it('about a resource are asked for once, whoever acts on it', async () => {
      ports.redis = (about) => (about === 'crm' ? { servicenow: answer(FRESH_MS) } : {});
      await Promise.all([ports.gather(ANA, [query('crm')]), ports.gather(BEN, [query('crm')])]);
      expect(ports.refreshes.map(({ resource }) => resource)).toEqual([{ kind: 'database', id: 'crm' }]);
    });

    it('are not asked for where nobody was found', async () => {
      ports.redis = () => ({
        okta: answer(FRESH_MS, { status: 'NOT_FOUND', attributes: {}, reason: 'subject_not_found' }),
      });
      await ports.gather();
      expect(ports.refreshes).toEqual([]);
    });
  });
});
