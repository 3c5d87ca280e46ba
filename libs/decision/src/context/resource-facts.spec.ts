import type { SourceAnswer, ToolCall } from '@iris/contracts';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { answer, ContextPorts, NOBODY, query, STALE_MS, unavailable } from './testing/context-ports.js';

const NOW = Date.UTC(2026, 10, 5, 10);

describe('facts about resources', () => {
  let ports: ContextPorts;

  beforeEach(() => {
    jest.useFakeTimers({ now: NOW });
    // An entry of lru-cache that begins at 0 never ends.
    jest.advanceTimersByTime(1);
    ports = new ContextPorts();
  });
  afterEach(() => void jest.useRealTimers());

  const cmdbOf = async (calls: readonly ToolCall[]) => {
    const { cmdb } = await ports.gather(NOBODY, calls);
    return calls.map((call) => cmdb.get(call));
  };

  it('are asked once for all calls on the same resource', async () => {
    const calls = [query('crm', 'a'), query('crm', 'b'), query('orders')];
    expect(await cmdbOf(calls)).toEqual(calls.map(() => ({ department: 'Finance', status: 'fresh' })));
    expect(ports.asked.map(({ resource }) => resource?.id).sort()).toEqual(['crm', 'orders']);
  });

  it('are not asked where the call names none', async () => {
    expect(await cmdbOf([query()])).toEqual([{ status: 'not_asked' }]);
    expect(ports.asked).toEqual([]);
  });

  it.each<[string, () => SourceAnswer, string]>([
    ['is unavailable', () => unavailable('source_timeout'), 'unavailable'],
    ['is too old', () => answer(STALE_MS + 1), 'unavailable'],
    ['finds none', () => answer(0, { status: 'NOT_FOUND', reason: 'subject_not_found' }), 'not_found'],
    ['finds several', () => answer(0, { status: 'NOT_FOUND', reason: 'subject_ambiguous' }), 'unavailable'],
    ['refuses the name', () => answer(0, { status: 'NOT_FOUND', reason: 'subject_invalid' }), 'not_asked'],
  ])('have the status of the answer, and no attributes, when it %s', async (_title, given, status) => {
    ports.ask = async () => given();
    expect(await cmdbOf([query('crm')])).toEqual([{ status }]);
  });

  it('of a call on several are as well known as the least known', async () => {
    ports.ask = async ({ resource }) =>
      resource?.id === 'away'
        ? unavailable('source_timeout')
        : answer(0, { attributes: { owner: resource?.id ?? '' } });
    expect(await cmdbOf([query('crm,away,orders')])).toEqual([{ owner: 'crm, orders', status: 'unavailable' }]);
  });

  it('are limited in number, the newest calls first, and the others are marked as not asked', async () => {
    const calls = Array.from({ length: 100 }, (_, index) => query(`db${index}`));
    const all = await cmdbOf(calls);
    const statuses = all.map((facts) => facts?.status);
    expect(ports.asked.length).toBeLessThan(calls.length);
    expect(statuses.filter((status) => status === 'fresh')).toHaveLength(ports.asked.length);
    expect(statuses.slice(0, calls.length - ports.asked.length)).toEqual(
      Array.from({ length: calls.length - ports.asked.length }, () => 'not_asked'),
    );
  });
});
