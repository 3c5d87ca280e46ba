import { startSimulatedApi } from '@iris/simulation';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { simulatedApi } from './index.js';

type Running = Awaited<ReturnType<typeof startSimulatedApi<Awaited<ReturnType<typeof simulatedApi.credentials>>>>>;

type Row = Record<string, unknown>;

describe('the simulated ServiceNow API', () => {
  let api: Running;
  const authorization = () => {
    const { user, password } = api.credentials;
    return `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
  };
  const request = (path: string, parameters: Record<string, string> = {}) =>
    fetch(`${api.url}${path}?${new URLSearchParams(parameters)}`, {
      headers: { authorization: authorization() },
    });
  const rows = async (table: string, parameters: Record<string, string>): Promise<Row[]> => {
    const reply = await request(`/api/now/table/${table}`, parameters);
    expect(reply.status).toBe(200);
    return ((await reply.json()) as { result: Row[] }).result;
  };
  const query = (text: string, fields: string, more: Record<string, string> = {}) => ({
    sysparm_query: text,
    sysparm_fields: fields,
    ...more,
  });

  beforeAll(async () => {
    api = await startSimulatedApi(simulatedApi, { people: 60 });
  });
  afterAll(() => api.close());
  afterEach(() => api.reset());

  it('dot-walks, and drops unknown fields silently', async () => {
    const fields = 'user_name,department.name,manager.manager.email,no_such,department.no_such,*';
    expect(await rows('sys_user', query('email=ana@lumen.example', fields))).toEqual([
      {
        user_name: 'ana@lumen.example',
        'department.name': 'Engineering',
        'manager.manager.email': 'mia@lumen.example',
      },
    ]);
  });

  it('shows references and choices by value, by name or both', async () => {
    const change = (more: Record<string, string>) =>
      rows('change_request', query('number=CHG0030001', 'state,assigned_to,cmdb_ci,work_end', more));
    const link = expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/api\/now\/table\/sys_user\/[0-9a-f]{32}$/);
    const plain = { sysparm_exclude_reference_link: 'true' };
    expect(await change({})).toMatchObject([
      { state: '-1', assigned_to: { link, value: expect.any(String) }, work_end: '' },
    ]);
    expect(await change(plain)).toMatchObject([{ assigned_to: expect.stringMatching(/^[0-9a-f]{32}$/) }]);
    const shown = await change({ sysparm_display_value: 'true' });
    expect(shown).toMatchObject([{ state: 'Implement', assigned_to: { display_value: 'Ben Brandt', link } }]);
    expect(shown[0]?.assigned_to).not.toHaveProperty('value');
    expect(await change({ sysparm_display_value: 'all', ...plain })).toMatchObject([
      { state: { display_value: 'Implement', value: '-1' }, cmdb_ci: { display_value: 'orders-staging' } },
    ]);
  });

  it('stores times in UTC and shows them in the time of the integration user', async () => {
    const at = async (display: string) => {
      const [row] = await rows(
        'change_request',
        query('number=CHG0030001', 'start_date', { sysparm_display_value: display }),
      );
      return Date.parse(`${String(row?.start_date).replace(' ', 'T')}Z`);
    };
    const shift = (await at('false')) - (await at('true'));
    expect([7 * 3_600_000, 8 * 3_600_000]).toContain(shift);
  });

  it('lists who changed since a moment', async () => {
    const moment = new Date(api.clock.now() - 60_000).toISOString().slice(0, 19).replace('T', ' ');
    api.company.updatePerson('ben@lumen.example', { hr: { title: 'Staff Engineer' } });
    expect(await rows('sys_user', query(`sys_updated_on>=${moment}`, 'email,title'))).toEqual([
      { email: 'ben@lumen.example', title: 'Staff Engineer' },
    ]);
  });

  it('has one e-mail with two active users and one with an inactive twin', async () => {
    const active = async (email: string) =>
      (await rows('sys_user', query(`email=${email}`, 'active'))).map((row) => row.active);
    expect((await active('oli@lumen.example')).toSorted()).toEqual(['true', 'true']);
    expect((await active('pia@lumen.example')).toSorted()).toEqual(['false', 'true']);
  });

  it('returns the whole table for a query that names a wrong column', async () => {
    expect((await rows('sys_user', query('e_mail=ana@lumen.example', 'sys_id'))).length).toBeGreaterThan(50);
  });

  it('cuts pages before access rules, so that a short or empty page is not the last', async () => {
    const ids = new Set<unknown>();
    const sizes: number[] = [];
    let url: string | undefined =
      `${api.url}/api/now/table/sys_user?sysparm_query=ORDERBYsys_id&sysparm_limit=1&sysparm_fields=sys_id`;
    let total = 0;
    while (url !== undefined) {
      const reply: Response = await fetch(url, { headers: { authorization: authorization() } });
      total = Number(reply.headers.get('x-total-count'));
      const { result } = (await reply.json()) as { result: Row[] };
      sizes.push(result.length);
      for (const row of result) ids.add(row.sys_id);
      url = /<([^>]+)>;rel="next"/.exec(reply.headers.get('link') ?? '')?.[1];
    }
    expect(sizes).toHaveLength(total);
    expect(sizes.filter((size) => size === 0)).toHaveLength(7);
    expect(ids.size).toBe(total - 7);
  });

  it('gives first, prev, next and last, and can leave paging headers out', async () => {
    const page = { sysparm_limit: '10', sysparm_offset: '20', sysparm_fields: 'sys_id' };
    const relations = (reply: Response) =>
      [...(reply.headers.get('link') ?? '').matchAll(/rel="(\w+)"/g)].map((match) => match[1]);
    expect(relations(await request('/api/now/table/sys_user', page))).toEqual(['first', 'prev', 'next', 'last']);
    const bare = await request('/api/now/table/sys_user', {
      ...page,
      sysparm_no_count: 'true',
      sysparm_suppress_pagination_header: 'true',
    });
    expect([bare.headers.get('link'), bare.headers.get('x-total-count')]).toEqual([null, null]);
  });

  it('differs between versions when nothing matches, and knows no record that is hidden', async () => {
    const nothing = { sysparm_query: 'email=nobody@lumen.example' };
    expect((await request('/api/now/v1/table/sys_user', nothing)).status).toBe(404);
    expect(await (await request('/api/now/v2/table/sys_user', nothing)).json()).toEqual({ result: [] });
    expect((await request('/api/now/table/sys_user/00000000000000000000000000000000')).status).toBe(404);
    const [ana] = await rows('sys_user', query('email=ana@lumen.example', 'sys_id'));
    const single = await request(`/api/now/table/sys_user/${ana?.sys_id}`, { sysparm_fields: 'name' });
    expect(await single.json()).toEqual({ result: { name: 'Ana Almeida' } });
  });

  it('refuses a table it does not have, a limit of 0 and strangers', async () => {
    const invalid = await request('/api/now/table/resource_plan');
    expect([invalid.status, await invalid.json()]).toEqual([
      400,
      { error: { message: 'Invalid table resource_plan', detail: null }, status: 'failure' },
    ]);
    expect((await request('/api/now/table/sys_user', { sysparm_limit: '0' })).status).toBe(400);
    const stranger = await fetch(`${api.url}/api/now/table/sys_user`);
    expect([stranger.status, await stranger.json()]).toMatchObject([
      401,
      { error: { message: 'User Not Authenticated' } },
    ]);
  });

  it('gives tokens for password, refresh and client credentials, and ends them', async () => {
    const { user, password, clientId, clientSecret } = api.credentials;
    const grant = async (form: Record<string, string>) => {
      const body = new URLSearchParams({ client_id: clientId, client_secret: clientSecret, ...form });
      const reply = await fetch(`${api.url}/oauth_token.do`, { method: 'POST', body });
      const tokens = (await reply.json()) as { access_token: string; refresh_token: string; expires_in: number };
      return { ...tokens, status: reply.status };
    };
    const first = await grant({ grant_type: 'password', username: user, password });
    expect(first).toMatchObject({ token_type: 'Bearer', expires_in: 1799, scope: 'useraccount' });
    const next = await grant({ grant_type: 'refresh_token', refresh_token: first.refresh_token });
    expect((await grant({ grant_type: 'client_credentials' })).status).toBe(200);
    expect((await grant({ grant_type: 'password', username: user, password: 'wrong' })).status).toBe(401);
    expect((await grant({ grant_type: 'client_credentials', client_secret: 'wrong' })).status).toBe(401);
    const read = async () => {
      const headers = { authorization: `Bearer ${next.access_token}` };
      return (await fetch(`${api.url}/api/now/table/sys_user?sysparm_limit=1`, { headers })).status;
    };
    expect(await read()).toBe(200);
    api.clock.advance(1_800_000);
    expect(await read()).toBe(401);
  });

  it('reports groups, projects and changes of a person, and facts of a database', async () => {
    const groups = await rows('sys_user_grmember', query('user.email=ana@lumen.example', 'group.name,group.active'));
    expect(groups).toContainEqual({ 'group.name': 'Legacy Ops', 'group.active': 'false' });
    const tasks = await rows(
      'pm_project_task',
      query('assigned_to.email=ana@lumen.example^active=true', 'top_task.number'),
    );
    expect(tasks.map((task) => task['top_task.number']).toSorted()).toEqual(['PRJ0010001', 'PRJ0010002']);
    expect(
      await rows(
        'cmdb_ci',
        query('name=orders-prod', 'environment,support_group.name,busines_criticality,sys_class_name'),
      ),
    ).toEqual([
      {
        environment: 'production',
        'support_group.name': 'Orders Support',
        busines_criticality: '1 - most critical',
        sys_class_name: 'cmdb_ci_database',
      },
    ]);
  });

  it('names the rule and the time to wait when it refuses by limit', async () => {
    await api.server.setFaults([{ mode: 'rate_limited', resetSeconds: 7 }]);
    const refused = await request('/api/now/table/sys_user');
    expect(refused.status).toBe(429);
    expect(refused.headers.get('retry-after')).toBe('7');
    expect(refused.headers.get('x-ratelimit-rule')).toMatch(/^[0-9a-f]{32}$/);
    expect(await refused.json()).toMatchObject({ error: { message: 'Rate limit exceeded' }, status: 'failure' });
  });

  it('answers any text as a query', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'grapheme', maxLength: 40 }), async (text) => {
        const reply = await request('/api/now/table/sys_user', {
          sysparm_query: `email=${text}`,
          sysparm_fields: text,
          sysparm_limit: '1',
        });
        expect(reply.status).toBe(200);
        await reply.json();
      }),
      { numRuns: 60 },
    );
  });
});
