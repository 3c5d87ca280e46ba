import { readFileSync } from 'node:fs';
import { loadSettings } from '@iris/config';
import type { VendorError } from '@iris/enricher-kit';
import { type ReceivedRequest, type ScriptedAnswer, startScriptedServer } from '@iris/enricher-kit/testing';
import { afterEach, describe, expect, it } from '@jest/globals';
import { definition } from '../src/definition.js';

const fixture = (name: string) => JSON.parse(readFileSync(new URL(`./fixtures/${name}.json`, import.meta.url), 'utf8'));
const LOGIN = 'maya.okafor@acme.example';
const USER_ID = fixture('user').sys_id;
const NOON = Date.parse('2026-11-16T12:00:00Z');

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

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

async function servicenow(
  script: (request: ReceivedRequest) => ScriptedAnswer | undefined | 'ordinary',
  environment = {},
) {
  const server = await startScriptedServer((request) => {
    const answer = script(request);
    return answer === 'ordinary' ? ordinary(request) : answer;
  });
  closers.push(server.close);
  const settings = loadSettings(definition.settings, {
    IRIS_SERVICENOW_URL: server.url,
    IRIS_SERVICENOW_USER: 'iris',
    IRIS_SERVICENOW_PASSWORD: 'secret-password',
    ...environment,
  });
  const source = definition.create(settings);
  closers.push(async () => source.close?.());
  return { server, source };
}

type Source = ReturnType<typeof definition.create>;
const call = () => ({ signal: AbortSignal.timeout(5000), now: NOON });
const ask = (source: Source, loginName = LOGIN) => source.lookup({ principal: loginName, loginName }, call());
const askFor = async (source: Source, id: string, kind = 'database') => source.lookupResource?.({ kind, id }, call());

async function failure(promise: Promise<unknown>): Promise<VendorError> {
  return promise.then(
    (value) => Promise.reject(new Error(`answered ${JSON.stringify(value)}`)),
    (error) => error,
  );
}

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
  it('come from all pages, behind short and empty ones too', async () => {
    const { source } = await servicenow((request) => {
      if (tableOf(request) !== 'sys_user_grmember') return 'ordinary';
      const offset = Number(request.query.get('sysparm_offset') ?? 0);
      const next = `http://${request.headers.host}${request.path}?sysparm_offset=${offset + 1000}`;
      const link = { link: `<${next}>;rel="next",<${next}>;rel="last"` };
      if (offset === 0) return { ...rows(group('a')), headers: link };
      return offset === 1000 ? { ...rows(), headers: link } : rows(group('z'));
    });
    await expect(ask(source)).resolves.toMatchObject({ attributes: { groups: ['a', 'z'] } });
  });

  it('come from all pages by the count, when there are no links', async () => {
    const { source } = await servicenow((request) => {
      if (tableOf(request) !== 'sys_user_grmember') return 'ordinary';
      const page = request.query.has('sysparm_offset') ? rows(group('z')) : rows(group('a'));
      return { ...page, headers: { 'x-total-count': '1500' } };
    });
    await expect(ask(source)).resolves.toMatchObject({ attributes: { groups: ['a', 'z'] } });
  });

  it('do not come from another host', async () => {
    const foreign = await startScriptedServer(() => rows(group('admin')));
    closers.push(foreign.close);
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
    const finding = await ask(source);
    expect(finding.status === 'FOUND' && 'projects' in finding.attributes).toBe(false);
  });

  it('end with the window of a change', async () => {
    const { source } = await servicenow(() => 'ordinary');
    await expect(ask(source)).resolves.toMatchObject({
      attributes: { activeChanges: [{ number: 'CHG0030001' }] },
      endsAt: Date.parse('2026-11-16T14:00:00Z'),
    });
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
