import { HOUR_MS, startSimulatedApi } from '@iris/simulation';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { api as client } from '@pagerduty/pdjs';
import { simulatedApi } from './index.js';

type Running = Awaited<ReturnType<typeof startSimulatedApi<Awaited<ReturnType<typeof simulatedApi.credentials>>>>>;

interface Oncall {
  user: { id: string; type: string; summary: string; email?: string };
  schedule: { summary: string } | null;
  escalation_policy: { id: string; summary: string };
  escalation_level: number;
  start: string | null;
  end: string | null;
}

/** What the SDK answers with, as far as the tests read it. */
interface Reply {
  status: number;
  ok: boolean;
  resource: unknown;
  data: {
    users: { id: string; email: string }[];
    user: { email: string };
    oncalls: Oncall[];
    incidents: { incident_number: number }[];
    error: { code: number };
    limit: number;
    total: number;
  };
}

describe('the simulated PagerDuty API', () => {
  let api: Running;
  const ask = (path: string, data: Record<string, string | string[]> = {}, more: Record<string, unknown> = {}) =>
    client({
      requestTimeout: 1,
      token: api.credentials.token,
      url: `${api.url}${path}`,
      method: 'get',
      data,
      retryTimeout: 1,
      ...more,
    } as Parameters<typeof client>[0]) as unknown as Promise<Reply>;
  const oncalls = async (data: Record<string, string | string[]> = {}): Promise<Oncall[]> =>
    (await ask('/oncalls', { limit: '100', ...data })).data.oncalls;
  const iso = (offsetMs: number) => new Date(api.clock.now() + offsetMs).toISOString();

  beforeAll(async () => {
    api = await startSimulatedApi(simulatedApi, { people: 300 });
  });
  afterAll(() => api.close());
  afterEach(() => api.reset());

  it('finds parts of names and e-mails, without regard to case', async () => {
    const emails = async (query: string) => (await ask('/users', { query })).data.users.map((user) => user.email);
    expect(await emails('E.DOE@')).toEqual(['e.doe@lumen.example', 'jane.doe@lumen.example']);
    expect(await emails('uma@lumen.example')).toEqual(['Uma@Lumen.Example']);
    expect(await emails('cara@lumen.example')).toEqual([]);
  });

  it('returns who is on call now, with levels, schedules and open ends', async () => {
    const now = await oncalls();
    const ana = now.filter((entry) => entry.user.summary === 'Ana Almeida');
    expect(ana).toHaveLength(1);
    expect(ana[0]).toMatchObject({ escalation_level: 1, schedule: { summary: 'Orders Primary' } });
    expect(ana[0]?.start).toMatch(/-05:00$/);
    expect(Date.parse(String(ana[0]?.end))).toBeGreaterThan(api.clock.now());
    const direct = now.find((entry) => entry.user.summary === 'Kai Kowalski');
    expect(direct).toMatchObject({ escalation_level: 3, schedule: null, start: null, end: null });
    const standing = now.find((entry) => entry.schedule?.summary === 'Security Standing');
    expect(standing).toMatchObject({ end: null, start: expect.any(String) });
    expect(now.filter((entry) => entry.escalation_policy.summary === 'Payments')).toHaveLength(2);
    expect(now.find((entry) => entry.user.summary === 'Wes Weber')?.escalation_level).toBe(5);
  });

  it('narrows by user, policy and schedule, and inflates what is included', async () => {
    const all = await oncalls();
    const ana = all.find((entry) => entry.user.summary === 'Ana Almeida');
    const uma = all.find((entry) => entry.user.summary === 'Uma Ueda');
    const ids = [ana?.user.id ?? '', uma?.user.id ?? ''];
    const two = await oncalls({ 'user_ids[]': ids, 'include[]': ['users', 'escalation_policies'] });
    expect(two.map((entry) => entry.user.email)).toEqual(['ana@lumen.example', 'Uma@Lumen.Example']);
    expect(two[0]?.user.type).toBe('user');
    expect(two[0]?.escalation_policy).toHaveProperty('escalation_rules');
    const orders = await oncalls({ 'escalation_policy_ids[]': [ana?.escalation_policy.id ?? ''] });
    expect(orders.map((entry) => entry.escalation_level)).toEqual([1, 2, 3]);
    const permanent = await oncalls({ 'schedule_ids[]': ['null'] });
    expect(permanent.every((entry) => entry.schedule === null)).toBe(true);
    expect(permanent.length).toBeGreaterThan(0);
  });

  it('reports coming shifts in a wide window, and only the first of each with earliest', async () => {
    const window = { since: iso(0), until: iso(48 * HOUR_MS) };
    const wide = await oncalls(window);
    const anas = (entries: Oncall[]) => entries.filter((entry) => entry.user.summary === 'Ana Almeida');
    expect(anas(wide).length).toBeGreaterThan(3);
    expect(anas(await oncalls({ ...window, earliest: 'true' }))).toHaveLength(1);
    const payments = await oncalls({ ...window, earliest: 'true' });
    expect(payments.some((entry) => Date.parse(entry.start ?? '') > api.clock.now())).toBe(true);
  });

  it('ends a shift when told to, at once or later', async () => {
    const { company, clock } = api;
    company.endShifts('ana@lumen.example', clock.now() + HOUR_MS);
    const before = (await oncalls()).find((entry) => entry.user.summary === 'Ana Almeida');
    expect(Math.abs(Date.parse(before?.end ?? '') - clock.now() - HOUR_MS)).toBeLessThan(5000);
    clock.advance(HOUR_MS + 1);
    expect((await oncalls()).some((entry) => entry.user.summary === 'Ana Almeida')).toBe(false);
    company.startShift({ login: 'ben@lumen.example', policy: 'orders', end: clock.now() + HOUR_MS });
    expect((await oncalls()).some((entry) => entry.user.summary === 'Ben Brandt')).toBe(true);
    company.endShifts('ben@lumen.example');
    expect((await oncalls()).some((entry) => entry.user.summary === 'Ben Brandt')).toBe(false);
  });

  it('keeps ana on call however far the clock goes', async () => {
    for (const hours of [1, 7.9, 8.1, 500, 8760]) {
      api.clock.setOffset(hours * HOUR_MS);
      expect((await oncalls()).filter((entry) => entry.user.summary === 'Ana Almeida')).toHaveLength(1);
    }
  });

  it('pages by offset, 25 a page, and the SDK gathers all below a path that ends in .com', async () => {
    const first = await ask('/users');
    expect(first.data).toMatchObject({ limit: 25, offset: 0, more: true, total: null });
    const counted = await ask('/users', { total: 'true', limit: '500' });
    expect(counted.data.limit).toBe(100);
    const gathered = await client({ token: api.credentials.token, requestTimeout: 1 }).all('/users', {
      url: `${api.url}/api.pagerduty.com/users`,
      data: { limit: '100' },
    } as Parameters<ReturnType<typeof client>['all']>[1]);
    expect(gathered.resource).toHaveLength(counted.data.total);
    expect((await ask('/users', { offset: '9950', limit: '100' })).status).toBe(400);
  });

  it('returns a single user, and incidents within a month unless all are asked for', async () => {
    const id = (await ask('/users', { query: 'uma@' })).data.users[0]?.id ?? '';
    expect((await ask(`/users/${id}`)).data.user.email).toBe('Uma@Lumen.Example');
    expect((await ask('/users/PNOBODY')).data.error.code).toBe(2100);
    const numbers = async (data: Record<string, string | string[]>) =>
      (await ask('/incidents', data)).data.incidents.map((incident) => incident.incident_number);
    expect(await numbers({ 'user_ids[]': [id] })).toEqual([]);
    expect(await numbers({ 'user_ids[]': [id], date_range: 'all' })).toEqual([87]);
    expect(await numbers({ 'statuses[]': ['acknowledged'] })).toEqual([101]);
    expect(await numbers({ since: iso(-60 * 24 * HOUR_MS) })).toEqual([87]);
  });

  it('accepts its key in both forms and refuses others with its error body', async () => {
    const { token } = api.credentials;
    expect((await ask('/services', {}, { token, tokenType: 'bearer' })).status).toBe(200);
    const refused = await ask('/services', {}, { token: 'wrong' });
    expect(refused.ok).toBe(false);
    expect(refused.data.error).toMatchObject({ message: 'Unauthorized' });
    expect(refused.resource).toBeFalsy();
  });

  it('gives an app an access token that ends after a day', async () => {
    const { clientId, clientSecret } = api.credentials;
    const grant = (scope: string, secret = clientSecret) =>
      fetch(`${api.url}/oauth/token`, {
        method: 'POST',
        body: new URLSearchParams({
          grant_type: 'client_credentials',
          client_id: clientId,
          client_secret: secret,
          scope,
        }),
      });
    expect((await grant('as_account-us.lumen users.read', 'wrong')).status).toBe(401);
    expect((await grant('users.read')).status).toBe(400);
    const { access_token, expires_in } = (await (await grant('as_account-us.lumen users.read')).json()) as {
      access_token: string;
      expires_in: number;
    };
    const read = async () => (await ask('/users', {}, { token: access_token, tokenType: 'bearer' })).status;
    expect(await read()).toBe(200);
    api.clock.advance(expires_in * 1000);
    expect(await read()).toBe(401);
  });

  it('reports its limit in seconds that remain, and can refuse without any header or body', async () => {
    const headers = { authorization: `Token token=${api.credentials.token}` };
    const reply = await fetch(`${api.url}/users`, { headers });
    expect(reply.headers.get('ratelimit-limit')).toBe('960');
    expect(Number(reply.headers.get('ratelimit-reset'))).toBeLessThanOrEqual(60);
    await api.server.setFaults([{ mode: 'rate_limited', headers: 'none' }]);
    await expect(ask('/users')).rejects.toMatchObject({ status: 429 });
    expect(api.server.calls.read().byStatus[429]).toBe(4);
    await api.server.setFaults([{ mode: 'rate_limited' }]);
    expect((await ask('/users')).data.error.code).toBe(2020);
  });
});
