import { readFileSync } from 'node:fs';
import { failure, type ReceivedRequest, type ScriptedAnswer, scriptedSources } from '@iris/enricher-kit/testing';
import { afterEach, describe, expect, it } from '@jest/globals';
import { definition } from '../src/definition.js';

const fixture = (name: string) => JSON.parse(readFileSync(new URL(`./fixtures/${name}.json`, import.meta.url), 'utf8'));
const LOGIN = 'maya.okafor@acme.example';
const USER_ID = fixture('user').sys_id;
const NOON = Date.parse('2026-11-16T12:00:00Z');

const sources = scriptedSources(definition, (url) => ({
  IRIS_SERVICENOW_URL: url,
  IRIS_SERVICENOW_USER: 'iris',
  IRIS_SERVICENOW_PASSWORD: 'secret-password',
}));
afterEach(() => sources.close());

const tableOf = ({ path }: ReceivedRequest) => path.split('/').at(-1) ?? '';
const rows = (...result: unknown[]) => ({ body: { result } });
const group = (name: string) => ({ user: USER_ID, 'group.name': name, 'group.active': 'true' });

function ordinary(request: ReceivedRequest): ScriptedAnswer {
  switch (tableOf(request)) {
    case 'sys_user':
      return rows(fixture('user'));
    case 'sys_user_grmember':
      return rows(group('sre'));
    case 'change_request':
      return rows(fixture('change'));
    case 'cmdb_ci':
      return rows(fixture('item'));
    default:
      return rows();
  }
}

function servicenow(script: (request: ReceivedRequest) => ScriptedAnswer | undefined | 'ordinary', environment = {}) {
  const answered = (request: ReceivedRequest) => {
    const answer = script(request);
    return answer === 'ordinary' ? ordinary(request) : answer;
  };
  return sources.start(answered, environment);
}

type Source = ReturnType<typeof definition.create>;
const call = () => ({ signal: AbortSignal.timeout(5000), now: NOON });
const ask = (source: Source, loginName = LOGIN) => source.lookup({ principal: loginName, loginName }, call());
const askFor = async (source: Source, id: string, kind = 'database') => source.lookupResource?.({ kind, id }, call());

describe('queries', () => {
  it('ask version 2 for stored values, two users at most, in a stable order', async () => {
    const { server, source } = await servicenow(() => 'ordinary');
    await expect(ask(source)).resolves.toMatchObject({
      status: 'FOUND',
      attributes: { groups: ['sre'], projects: [] },
    });
    const users = server.requests[0];
    expect(users?.path).toBe('/api/now/v2/table/sys_user');
    expect(users?.headers.authorization).toBe(`Basic ${Buffer.from('iris:secret-password').toString('base64')}`);
    expect(Object.fromEntries(users?.query ?? [])).toMatchObject({
      sysparm_query: `email=${LOGIN}^active=true^ORDERBYsys_id`,
      sysparm_limit: '2',
      sysparm_display_value: 'false',
      sysparm_exclude_reference_link: 'true',
    });
    const changes = server.requests.find((request) => tableOf(request) === 'change_request');
    expect(changes?.query.get('sysparm_query')).toBe(`assigned_to=${USER_ID}^active=true^ORDERBYsys_id`);
  });

  it.each([
    'a@b.c^ORactive=true',
    'a^active=false^ORsys_id!=0@b.c',
    'a^NQactive=false@b.c',
    'javascript:gs.getUserID()@b.c',
    'JavaScript:x@b.c',
    'a\nb@b.c',
    '',
    'user@github',
    `${'x'.repeat(600)}@b.c`,
  ])('are not made of %j', async (loginName) => {
    const { server, source } = await servicenow(() => 'ordinary');
    await expect(ask(source, loginName)).resolves.toMatchObject({ status: 'NOT_FOUND' });
    expect(server.requests).toEqual([]);
  });

  it.each(['x^ORname!=0', 'x^NQsys_id!=0', 'javascript:answer', ' javascript:answer', 'a\nb', 'a\u2028b', ''])(
    'are not made of a resource named %j',
    async (id) => {
      const { server, source } = await servicenow(() => 'ordinary');
      await expect(askFor(source, id)).resolves.toEqual({ status: 'NOT_FOUND', reason: 'subject_invalid' });
      expect(server.requests).toEqual([]);
    },
  );

  it('are not made for a kind of resource that has no class', async () => {
    const { server, source } = await servicenow(() => 'ordinary');
    await expect(askFor(source, 'orders-prod', 'constructor')).resolves.toMatchObject({ status: 'NOT_FOUND' });
    expect(server.requests).toEqual([]);
  });

  it('are not made of a sys_id that the instance made up', async () => {
    const { source } = await servicenow((request) =>
      tableOf(request) === 'sys_user' ? rows({ ...fixture('user'), sys_id: 'x^ORactive=true' }) : 'ordinary',
    );
    expect((await failure(ask(source))).kind).toBe('bad_response');
  });
});

describe('users', () => {
  const users = (...result: unknown[]) =>
    servicenow((request) => (tableOf(request) === 'sys_user' ? rows(...result) : 'ordinary'));
  const inactive = { ...fixture('user'), sys_id: 'f1', active: 'false' };

  it.each([
    ['nobody', [], 'subject_not_found'],
    ['two active ones', [fixture('user'), { ...fixture('user'), sys_id: 'f2' }], 'subject_ambiguous'],
    ['an inactive one only', [inactive], 'subject_not_found'],
  ])('are %s', async (_, result, reason) => {
    const { source } = await users(...result);
    await expect(ask(source)).resolves.toEqual({ status: 'NOT_FOUND', reason });
  });

  it('are one active and one inactive one', async () => {
    const { source } = await users(inactive, fixture('user'));
    await expect(ask(source)).resolves.toMatchObject({ status: 'FOUND', attributes: { sysId: USER_ID } });
  });

  it.each([
    ['others, because the instance dropped a condition', [{ ...fixture('user'), email: 'ceo@acme.example' }]],
    ['rows without the asked fields', [{ sys_id: 'f1' }]],
  ])('are refused when they are %s', async (_, result) => {
    const { source } = await users(...result);
    expect((await failure(ask(source))).kind).toBe('bad_response');
  });
});

describe('facts of the user', () => {
  const memberships = Array.from({ length: 2500 }, (_, index) => ({
    ...group(`g${index}`),
    sys_id: String(index).padStart(32, '0'),
  }));
  /** As the instance pages: by the condition on sys_id, limit and offset, counting what is left. */
  const page = (all: readonly { sys_id: string }[], { query }: ReceivedRequest, hidden: readonly string[] = []) => {
    const after = /sys_id>([^^]*)/.exec(query.get('sysparm_query') ?? '')?.[1] ?? '';
    const left = all.filter(({ sys_id }) => sys_id > after);
    const offset = Number(query.get('sysparm_offset') ?? 0);
    const visible = left.slice(offset, offset + 1000).filter(({ sys_id }) => !hidden.includes(sys_id));
    return { ...rows(...visible), headers: { 'x-total-count': String(left.length) } };
  };
  const groupsOf = async (source: Source) => {
    const result = await ask(source);
    return result.status === 'FOUND' ? result.attributes.groups : result;
  };

  it('come from all pages by key, also when a row leaves between two pages', async () => {
    let left = memberships;
    const { server, source } = await servicenow((request) => {
      if (tableOf(request) !== 'sys_user_grmember') return 'ordinary';
      const answer = page(left, request);
      left = left.slice(1);
      return answer;
    });
    expect(await groupsOf(source)).toHaveLength(2500);
    const asked = server.requests.filter((request) => tableOf(request) === 'sys_user_grmember');
    expect(asked.map(({ query }) => query.get('sysparm_query'))).toEqual([
      `user=${USER_ID}^ORDERBYsys_id`,
      `user=${USER_ID}^sys_id>${memberships[999]?.sys_id}^ORDERBYsys_id`,
      `user=${USER_ID}^sys_id>${memberships[1999]?.sys_id}^ORDERBYsys_id`,
    ]);
  });

  it('are not known when the instance counts more rows than it gives', async () => {
    const { source } = await servicenow((request) =>
      tableOf(request) === 'sys_user_grmember'
        ? page(memberships, request, [memberships[7]?.sys_id ?? ''])
        : 'ordinary',
    );
    expect(await groupsOf(source)).toBeUndefined();
  });

  it('are not known behind pages whose rows are all hidden, and those are passed', async () => {
    const hidden = memberships.slice(1000, 2000).map(({ sys_id }) => sys_id);
    const { server, source } = await servicenow((request) =>
      tableOf(request) === 'sys_user_grmember' ? page(memberships, request, hidden) : 'ordinary',
    );
    expect(await groupsOf(source)).toBeUndefined();
    expect(server.requests.filter((request) => tableOf(request) === 'sys_user_grmember')).toHaveLength(3);
  });

  it('end as a bad response when the instance drops the key and repeats its page', async () => {
    const { server, source } = await servicenow((request) =>
      tableOf(request) === 'sys_user_grmember'
        ? { ...rows(...memberships.slice(0, 1000)), headers: { 'x-total-count': '2500' } }
        : 'ordinary',
    );
    expect((await failure(ask(source))).kind).toBe('bad_response');
    expect(server.requests.filter((request) => tableOf(request) === 'sys_user_grmember')).toHaveLength(2);
  });

  const withError = { error: { message: 'Transaction cancelled: maximum execution time exceeded' }, status: 'failure' };
  it.each(['sys_user', 'sys_user_grmember', 'change_request', 'pm_project'])(
    'are not taken from a result of %s that comes with an error',
    async (table) => {
      const { source } = await servicenow((request) =>
        tableOf(request) === table ? { body: { result: [group('DBA')], ...withError } } : 'ordinary',
      );
      expect((await failure(ask(source))).kind).toBe('bad_response');
    },
  );

  const shown = { display_value: 'Maya Okafor', link: 'https://acme.example/api/now/table/sys_user/6816' };
  const hiddenName = { user: USER_ID, 'group.active': 'true' };
  const change = fixture('change');
  it.each<[string, string, unknown, string]>([
    ['an owner that is shown', 'sys_user_grmember', { ...group('sre'), user: shown }, 'groups'],
    ['a hidden name', 'sys_user_grmember', hiddenName, 'groups'],
    ['a hidden state', 'change_request', { ...change, state: undefined }, 'activeChanges'],
    ['an empty state', 'change_request', { ...change, state: '' }, 'activeChanges'],
    ['a hidden hold', 'change_request', { ...change, on_hold: undefined }, 'activeChanges'],
    ['an owner that is shown', 'change_request', { ...change, assigned_to: shown }, 'activeChanges'],
    ['an owner that is shown', 'pm_project', { project_manager: shown, number: 'PRJ1' }, 'projects'],
    ['a number that is hidden', 'pm_project', { project_manager: USER_ID }, 'projects'],
  ])('are left out, not empty, for %s in %s', async (_, table, row, fact) => {
    const { source } = await servicenow((request) => (tableOf(request) === table ? rows(row) : 'ordinary'));
    const result = await ask(source);
    expect(result).toMatchObject({ status: 'FOUND', attributes: { sysId: USER_ID } });
    expect(result.status === 'FOUND' && Object.keys(result.attributes)).not.toContain(fact);
  });

  it('do not come from another host', async () => {
    const foreign = await sources.server(() => rows(group('admin')));
    const { source } = await servicenow((request) =>
      tableOf(request) === 'sys_user_grmember'
        ? { ...rows(group('a')), headers: { link: `<${foreign.url}/api/now/v2/table/sys_user>;rel="next"` } }
        : 'ordinary',
    );
    expect((await failure(ask(source))).kind).toBe('bad_response');
    expect(foreign.requests).toEqual([]);
  });

  it('are only those of the user, whatever rows the instance gives', async () => {
    const { source } = await servicenow((request) => {
      switch (tableOf(request)) {
        case 'sys_user_grmember':
          return rows(group('sre'), { ...group('admin'), user: 'someone' });
        case 'change_request':
          return rows({ ...fixture('change'), assigned_to: 'someone' });
        case 'pm_project':
          return rows({ project_manager: 'someone', number: 'PRJ1' }, { project_manager: USER_ID, number: 'PRJ2' });
        default:
          return 'ordinary';
      }
    });
    await expect(ask(source)).resolves.toMatchObject({
      attributes: { groups: ['sre'], activeChanges: [], projects: ['PRJ2'] },
    });
  });

  it('have no projects when the instance has no project tables, instead of none', async () => {
    const { source } = await servicenow((request) =>
      tableOf(request).startsWith('pm_')
        ? { status: 400, body: { error: { message: 'Invalid table pm_project', detail: null }, status: 'failure' } }
        : 'ordinary',
    );
    const result = await ask(source);
    expect(result.status === 'FOUND' && 'projects' in result.attributes).toBe(false);
  });

  it('end with the window of a change', async () => {
    const { source } = await servicenow(() => 'ordinary');
    await expect(ask(source)).resolves.toMatchObject({
      attributes: { activeChanges: [{ number: 'CHG0030001' }] },
      endsAt: Date.parse('2026-11-16T14:00:00Z'),
    });
  });
});

describe('a bulk read', () => {
  const OTHER = { ...fixture('user'), sys_id: 'f2', email: 'omar@acme.example' };
  async function readAll(memberships: readonly unknown[], total?: number) {
    const leftOut: string[] = [];
    const { source } = await servicenow((request) => {
      if (tableOf(request) === 'sys_user') return rows(fixture('user'), OTHER, { sys_id: 'f3', email: 7 });
      if (tableOf(request) !== 'sys_user_grmember') return 'ordinary';
      const headers = total === undefined ? undefined : { 'x-total-count': String(total) };
      return { ...rows(...memberships), headers };
    });
    const items = [];
    for await (const item of source.bulk?.({ ...call(), leftOut: (list) => leftOut.push(list) }) ?? [])
      items.push(item);
    const groups = items.map(({ result }) => result.status === 'FOUND' && result.attributes.groups);
    return { groups, leftOut, partial: items.map(({ partial }) => partial) };
  }
  const own = { ...group('sre'), sys_id: 'm1' };
  const others = { ...group('dba'), sys_id: 'm2', user: 'f2' };

  it('leaves one odd user out and reads the rest', async () => {
    await expect(readAll([own, others])).resolves.toEqual({
      groups: [['sre'], ['dba']],
      leftOut: ['sys_user'],
      partial: [false, false],
    });
  });

  it('leaves out the groups of the person whose row is odd', async () => {
    await expect(readAll([own, { ...others, 'group.name': undefined }])).resolves.toEqual({
      groups: [['sre'], undefined],
      leftOut: ['sys_user_grmember', 'sys_user'],
      partial: [false, true],
    });
  });

  it.each<[string, unknown[], number | undefined]>([
    ['of nobody known', [own, { ...others, user: { display_value: 'Omar', link: 'x' } }], undefined],
    ['that is hidden', [own, others], 3],
  ])('leaves the groups of everybody out for a row %s', async (_, memberships, total) => {
    const read = await readAll(memberships, total);
    expect(read).toMatchObject({ groups: [undefined, undefined], partial: [true, true] });
  });
});

describe('resources', () => {
  it('have an owner, an environment and an open change', async () => {
    const { server, source } = await servicenow((request) =>
      tableOf(request) === 'change_request' && request.query.get('sysparm_query')?.startsWith('cmdb_ci=') !== true
        ? rows()
        : 'ordinary',
    );
    await expect(askFor(source, 'orders-prod')).resolves.toEqual({
      status: 'FOUND',
      attributes: {
        environment: 'production',
        owner: 'Orders Support',
        criticality: '1 - most critical',
        openChange: 'CHG0030001',
      },
      endsAt: Date.parse('2026-11-16T14:00:00Z'),
    });
    expect(server.requests[0]?.query.get('sysparm_query')).toBe('name=orders-prod^ORDERBYsys_id');
  });

  const item = fixture('item');
  it.each([
    ['nothing', [], 'subject_not_found'],
    ['a retired one', [{ ...item, operational_status: '6' }], 'subject_not_found'],
    ['one of another name', [{ ...item, name: 'orders-prod-2' }], 'subject_not_found'],
    ['two of one name', [item, { ...item, sys_id: 'f2' }], 'subject_ambiguous'],
  ])('are %s', async (_, result, reason) => {
    const { source } = await servicenow(() => rows(...result));
    await expect(askFor(source, 'orders-prod')).resolves.toEqual({ status: 'NOT_FOUND', reason });
  });
});

describe('refusals', () => {
  it('take a 429 with its wait', async () => {
    const { source } = await servicenow(() => ({
      status: 429,
      headers: { 'retry-after': '30' },
      body: { error: { message: 'Rate limit exceeded' }, status: 'failure' },
    }));
    await expect(failure(ask(source))).resolves.toMatchObject({ kind: 'rate_limited', retryAfterMs: 30_000 });
  });

  it.each([
    [401, {}, 'unauthorized'],
    [403, {}, 'unauthorized'],
    [404, { error: { message: 'No Record found' }, status: 'failure' }, 'bad_response'],
    [400, {}, 'bad_response'],
    [500, {}, 'unavailable'],
    [503, '<html></html>', 'unavailable'],
    [200, '<html>Login</html>', 'bad_response'],
    [200, { error: { message: 'x' }, status: 'failure' }, 'bad_response'],
    [200, { result: { sys_id: 'f1' } }, 'bad_response'],
  ])('take a %i with %j as %s', async (status, body, kind) => {
    const { source } = await servicenow(() => ({ status, body }));
    expect((await failure(ask(source))).kind).toBe(kind);
  });

  it('end with their own time limit', async () => {
    const { source } = await servicenow(() => undefined, { IRIS_SERVICENOW_REQUEST_TIMEOUT_MS: '50' });
    expect((await failure(ask(source))).kind).toBe('timeout');
  });
});

describe('signing in with OAuth', () => {
  it('renews a token that has ended', async () => {
    let issued = 0;
    const { server, source } = await servicenow(
      (request) => {
        if (request.path === '/oauth_token.do') {
          issued += 1;
          return { body: { access_token: `t${issued}`, token_type: 'Bearer', expires_in: 1799 } };
        }
        return request.headers.authorization === 'Bearer t1' && issued === 1 && tableOf(request) !== 'sys_user'
          ? { status: 401, body: {} }
          : 'ordinary';
      },
      {
        IRIS_SERVICENOW_AUTHORIZATION: 'oauth_password',
        IRIS_SERVICENOW_CLIENT_ID: 'client',
        IRIS_SERVICENOW_CLIENT_SECRET: 'client-secret',
      },
    );
    await expect(ask(source)).resolves.toMatchObject({ status: 'FOUND' });
    const form = new URLSearchParams(server.requests[0]?.body);
    expect(Object.fromEntries(form)).toEqual({
      grant_type: 'password',
      username: 'iris',
      password: 'secret-password',
      client_id: 'client',
      client_secret: 'client-secret',
    });
  });

  it('does not start without a client secret', async () => {
    const environment = { IRIS_SERVICENOW_AUTHORIZATION: 'oauth_client_credentials', IRIS_SERVICENOW_CLIENT_ID: 'c' };
    await expect(servicenow(() => 'ordinary', environment)).rejects.toThrow(/servicenow\.clientSecret/);
  });
});
