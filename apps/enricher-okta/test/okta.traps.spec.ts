import { generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { failure, type ReceivedRequest, type ScriptedAnswer, scriptedSources } from '@iris/enricher-kit/testing';
import { afterEach, describe, expect, it } from '@jest/globals';
import { definition } from '../src/definition.js';

const fixture = (name: string) => JSON.parse(readFileSync(new URL(`./fixtures/${name}.json`, import.meta.url), 'utf8'));
const user = fixture('user');
const LOGIN = user.profile.login;
const NOT_FOUND_BODY = { errorCode: 'E0000007', errorSummary: 'Not found: Resource not found', errorCauses: [] };

const sources = scriptedSources(definition, (url) => ({
  IRIS_OKTA_URL: url,
  IRIS_OKTA_TOKEN: 'secret-token',
}));
afterEach(() => sources.close());
const okta = sources.start;

function ask(source: ReturnType<typeof definition.create>, loginName = LOGIN, signal = AbortSignal.timeout(5000)) {
  return source.lookup({ principal: loginName, loginName }, { signal, now: Date.now() });
}

const groupPage = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, index) => ({
    id: `00g${from + index}`,
    type: 'OKTA_GROUP',
    profile: { name: `team-${String(from + index).padStart(3, '0')}` },
  }));

describe('keys', () => {
  it.each(['', '.', '..', 'me', 'alice', 'user@github', `${'x'.repeat(600)}@b.c`, `${LOGIN} `])(
    'never sends %j to Okta',
    async (loginName) => {
      const { server, source } = await okta(() => ({ body: user }));
      await expect(ask(source, loginName)).resolves.toMatchObject({ status: 'NOT_FOUND' });
      expect(server.requests).toEqual([]);
    },
  );

  it.each([
    ["o'brien+x@b.c", '/api/v1/users/o%27brien%2Bx%40b.c'],
    ['my#e@b.c', '/api/v1/users/my%23e%40b.c'],
    ['a?b@b.c', '/api/v1/users/a%3Fb%40b.c'],
  ])('puts %j encoded into the path', async (login, path) => {
    const { server, source } = await okta(({ path }) =>
      path.endsWith('/groups') ? { body: [] } : { body: { ...user, profile: { login } } },
    );
    await expect(ask(source, login)).resolves.toMatchObject({ status: 'FOUND', attributes: { login } });
    expect(server.requests[0]?.path).toBe(path);
  });

  it('searches for a login with a slash, which Okta refuses in a path', async () => {
    const login = 'a/b@b.c';
    const { server, source } = await okta(({ path }) => {
      if (path === '/api/v1/users') return { body: [{ ...user, profile: { login, email: login } }] };
      if (path.endsWith('/groups')) return { body: [] };
      return { body: { ...user, profile: { login, email: login } } };
    });
    await expect(ask(source, login)).resolves.toMatchObject({ status: 'FOUND' });
    expect(server.requests.map(({ path }) => path)).toEqual([
      '/api/v1/users',
      `/api/v1/users/${user.id}`,
      `/api/v1/users/${user.id}/groups`,
    ]);
  });
});

describe('users', () => {
  it('matches the login whatever the case of its letters', async () => {
    const { source } = await okta(({ path }) => ({ body: path.endsWith('/groups') ? [] : user }));
    await expect(ask(source, LOGIN.toUpperCase())).resolves.toMatchObject({ status: 'FOUND' });
  });

  it('refuses another user than asked for', async () => {
    const { source } = await okta(({ path }) => ({ body: path.endsWith('/groups') ? [] : user }));
    expect((await failure(ask(source, 'ceo@acme.example'))).kind).toBe('bad_response');
  });

  it.each([
    ['an HTML page', '<html>Sign in</html>'],
    ['a list', []],
    ['an empty object', {}],
    ['a user without login', { id: '00u1', status: 'ACTIVE', profile: {} }],
    ['a user whose id leaves the path', { ...user, id: '..' }],
  ])('refuses %s with status 200', async (_, body) => {
    const { server, source } = await okta(() => ({ body }));
    expect((await failure(ask(source))).kind).toBe('bad_response');
    expect(server.requests).toHaveLength(1);
  });

  it('sees a suspension at once', async () => {
    let status = 'ACTIVE';
    const self = { _links: { self: { href: `http://okta.invalid/api/v1/users/${user.id}` } } };
    const { source } = await okta(({ path }) =>
      path.endsWith('/groups') ? { body: groupPage(0, 1) } : { body: { ...user, ...self, status } },
    );
    await expect(ask(source)).resolves.toMatchObject({ attributes: { live: true, groups: ['team-000'] } });
    status = 'SUSPENDED';
    await expect(ask(source)).resolves.toMatchObject({ attributes: { status, live: false, groups: [] } });
  });

  it('reads a profile of 300 kB', async () => {
    const profile = { ...user.profile, portrait: 'x'.repeat(300_000) };
    const { source } = await okta(({ path }) => ({ body: path.endsWith('/groups') ? [] : { ...user, profile } }));
    await expect(ask(source)).resolves.toMatchObject({ status: 'FOUND' });
  });
});

describe('an e-mail address that is no login', () => {
  const renamed = { ...user, profile: { ...user.profile, login: 'mokafor@corp.example', email: LOGIN } };
  const other = (id: string, status: string) => ({ ...renamed, id, status });

  async function searching(found: unknown[]) {
    return okta(({ path }) => {
      if (path === '/api/v1/users') return { body: found };
      if (path.endsWith('/groups')) return { body: groupPage(0, 1) };
      const id = path.split('/').at(-1);
      const byId = [renamed, other('00u2', 'DEPROVISIONED'), other('00u3', 'ACTIVE')].find((one) => one.id === id);
      return byId === undefined ? { status: 404, body: NOT_FOUND_BODY } : { body: byId };
    });
  }

  it('finds the user and reads it again, because the search lags behind', async () => {
    const { server, source } = await searching([{ ...renamed, status: 'SUSPENDED' }]);
    await expect(ask(source)).resolves.toMatchObject({ attributes: { status: 'ACTIVE', groups: ['team-000'] } });
    expect(server.requests[1]?.query.get('search')).toBe(`profile.email eq "${LOGIN}"`);
  });

  it('sees a suspension at once, although the SDK would keep what it read by id', async () => {
    let status = 'ACTIVE';
    const { source } = await okta(({ path, headers }) => {
      const self = `http://${headers.host}/api/v1/users/${renamed.id}`;
      const now = { ...renamed, status, _links: { self: { href: self } } };
      if (path === '/api/v1/users') return { body: [now] };
      if (path.endsWith('/groups')) return { body: groupPage(0, 1) };
      return path.endsWith(renamed.id) ? { body: now } : { status: 404, body: NOT_FOUND_BODY };
    });
    await expect(ask(source)).resolves.toMatchObject({ attributes: { live: true } });
    status = 'SUSPENDED';
    await expect(ask(source)).resolves.toMatchObject({ attributes: { status, live: false, groups: [] } });
  });

  it('lets the one live user win over others', async () => {
    const { source } = await searching([other('00u2', 'DEPROVISIONED'), renamed]);
    await expect(ask(source)).resolves.toMatchObject({ attributes: { id: renamed.id } });
  });

  it('reports deactivated users', async () => {
    const { source } = await searching([other('00u2', 'DEPROVISIONED')]);
    await expect(ask(source)).resolves.toMatchObject({ attributes: { id: '00u2', live: false, groups: [] } });
  });

  it.each([
    ['nobody', [], 'subject_not_found'],
    ['somebody else', [{ ...renamed, profile: { login: 'x@b.c', email: 'x@b.c' } }], 'subject_not_found'],
    ['two live users', [renamed, other('00u3', 'ACTIVE')], 'subject_ambiguous'],
  ])('finds %s', async (_, found, reason) => {
    const { source } = await searching(found);
    await expect(ask(source)).resolves.toEqual({ status: 'NOT_FOUND', reason });
  });
});

describe('groups', () => {
  const withGroups = (answer: (request: ReceivedRequest, host: string) => ScriptedAnswer) =>
    okta((request) =>
      request.path.endsWith('/groups') ? answer(request, `http://${request.headers.host}`) : { body: user },
    );

  it('come from all pages: 201 of them', async () => {
    const { source } = await withGroups(({ path, query }, host) =>
      query.has('after')
        ? { body: groupPage(200, 201) }
        : { body: groupPage(0, 200), headers: { link: `<${host}${path}?after=200>; rel="next"` } },
    );
    const result = await ask(source);
    expect(result).toMatchObject({ status: 'FOUND', attributes: { groups: expect.arrayContaining(['team-200']) } });
    if (result.status === 'FOUND') expect(result.attributes.groups).toHaveLength(201);
  });

  it('come from behind an empty page', async () => {
    const { source } = await withGroups(({ path, query }, host) => {
      const next = (after: number) => ({ link: `<${host}${path}?after=${after}>; rel="next"` });
      if (query.get('after') === '2') return { body: groupPage(2, 3) };
      return query.has('after') ? { body: [], headers: next(2) } : { body: groupPage(0, 1), headers: next(1) };
    });
    await expect(ask(source)).resolves.toMatchObject({ attributes: { groups: ['team-000', 'team-002'] } });
  });

  it.each([0, 1, 2])('are %i', async (count) => {
    const { source } = await withGroups(() => ({ body: groupPage(0, count) }));
    const result = await ask(source);
    expect(result.status === 'FOUND' && result.attributes.groups).toHaveLength(count);
  });

  it('are refused when a page points to another host, which never sees the token', async () => {
    const foreign = await sources.server(() => ({ body: [] }));
    const { source } = await withGroups(({ path }) => ({
      body: groupPage(0, 1),
      headers: { link: `<${foreign.url}${path}?after=1>; rel="next"` },
    }));
    expect((await failure(ask(source))).kind).toBe('bad_response');
    expect(foreign.requests).toEqual([]);
  });

  it.each([
    ['an object', {}],
    ['an HTML page', '<html></html>'],
    ['a list of something else', [{ id: '00g1' }]],
  ])('are refused when they are %s', async (_, body) => {
    const { source } = await withGroups(() => ({ body }));
    expect((await failure(ask(source))).kind).toBe('bad_response');
  });
});

describe('refusals', () => {
  const reset = (secondsFromNow: number) => String(Math.floor(Date.now() / 1000) + secondsFromNow);

  it('counts the wait of a 429 by the clock of Okta and does not try again itself', async () => {
    const { server, source } = await okta(() => ({
      status: 429,
      withoutDate: true,
      headers: { date: new Date('2026-11-01T00:00:00Z').toUTCString(), 'x-rate-limit-reset': '1793491207' },
      body: { errorCode: 'E0000047' },
    }));
    await expect(failure(ask(source))).resolves.toMatchObject({ kind: 'rate_limited', retryAfterMs: 7000 });
    expect(server.requests).toHaveLength(1);
  });

  it.each([
    ['without a date', true, { 'x-rate-limit-reset': reset(3) }],
    ['with two resets', false, { 'x-rate-limit-reset': [reset(1), reset(2)] }],
    ['with a reset in the past', false, { 'x-rate-limit-reset': reset(-60) }],
    ['without a reset', false, {}],
  ])('takes a 429 %s as a rate limit, once', async (_, withoutDate, headers) => {
    const { server, source } = await okta(() => ({ status: 429, withoutDate, headers, body: {} }));
    const error = await failure(ask(source));
    expect(error.kind).toBe('rate_limited');
    expect(error.retryAfterMs ?? 0).toBeLessThanOrEqual(10_000);
    expect(server.requests).toHaveLength(1);
  });

  it.each([
    [401, { errorCode: 'E0000011' }, 'unauthorized'],
    [403, { errorCode: 'E0000006' }, 'unauthorized'],
    [500, { errorCode: 'E0000009' }, 'unavailable'],
    [502, '<html>Bad Gateway</html>', 'unavailable'],
    [503, {}, 'unavailable'],
    [400, { errorCode: 'E0000001' }, 'bad_response'],
  ])('takes a %i with the body %j as %s', async (status, body, kind) => {
    const { server, source } = await okta(() => ({ status, body }));
    const error = await failure(ask(source));
    expect(error.kind).toBe(kind);
    expect(error.message).not.toContain('secret-token');
    expect(server.requests).toHaveLength(1);
  });

  it('does not follow a redirect', async () => {
    const elsewhere = await sources.server(() => ({ body: user }));
    const { source } = await okta(() => ({ status: 302, headers: { location: `${elsewhere.url}/api/v1/users/x` } }));
    expect((await failure(ask(source))).kind).toBe('bad_response');
    expect(elsewhere.requests).toEqual([]);
  });

  it('ends with its own time limit when Okta never answers', async () => {
    const { source } = await okta(() => undefined, { IRIS_OKTA_REQUEST_TIMEOUT_MS: '50' });
    expect((await failure(ask(source))).kind).toBe('timeout');
  });

  it('ends with the signal of the call', async () => {
    const caller = new AbortController();
    const { source } = await okta(() => {
      caller.abort();
      return undefined;
    });
    expect((await failure(ask(source, LOGIN, caller.signal))).kind).toBe('cancelled');
  });

  it('returns unavailable when the vendor refuses connections', async () => {
    const { server, source } = await okta(() => ({ body: user }));
    await server.close();
    expect((await failure(ask(source))).kind).toBe('unavailable');
  });
});

describe('signing in with a private key', () => {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  const environment = {
    IRIS_OKTA_AUTHORIZATION: 'private_key',
    IRIS_OKTA_CLIENT_ID: '0oairis',
    IRIS_OKTA_PRIVATE_KEY: pem,
    IRIS_OKTA_KEY_ID: 'kid-1',
  };
  const isToken = ({ path }: ReceivedRequest) => path === '/oauth2/v1/token';
  const answerApi = ({ path }: ReceivedRequest) => ({ body: path.endsWith('/groups') ? [] : user });

  it('asks for one token for all first calls', async () => {
    const { server, source } = await okta(
      (request) => (isToken(request) ? { body: { access_token: 'at-1', expires_in: 3600 } } : answerApi(request)),
      environment,
    );
    await Promise.all([ask(source), ask(source), ask(source)]);
    expect(server.requests.filter(isToken)).toHaveLength(1);
    const form = new URLSearchParams(server.requests.find(isToken)?.body);
    expect(form.get('grant_type')).toBe('client_credentials');
    expect(form.get('scope')).toBe('okta.users.read okta.groups.read');
    const api = server.requests.filter((request) => !isToken(request));
    expect(api.map(({ headers }) => headers.authorization)).toEqual(api.map(() => 'Bearer at-1'));
  });

  it('renews the token when the API refuses it', async () => {
    let issued = 0;
    const { source } = await okta((request) => {
      if (isToken(request)) {
        issued += 1;
        return { body: { access_token: `at-${issued}` } };
      }
      return request.headers.authorization === 'Bearer at-2' ? answerApi(request) : { status: 401, body: {} };
    }, environment);
    await expect(ask(source)).resolves.toMatchObject({ status: 'FOUND' });
  });

  it('answers a demand for a DPoP nonce', async () => {
    const { source, server } = await okta((request) => {
      if (!isToken(request)) return answerApi(request);
      const proof = JSON.parse(
        Buffer.from(String(request.headers.dpop).split('.')[1] ?? '', 'base64url').toString('utf8'),
      );
      return proof.nonce === 'n-1'
        ? { body: { access_token: 'at-1', token_type: 'DPoP' } }
        : { status: 400, headers: { 'dpop-nonce': 'n-1' }, body: { error: 'use_dpop_nonce' } };
    }, environment);
    await expect(ask(source)).resolves.toMatchObject({ status: 'FOUND' });
    expect(server.requests.at(-1)?.headers.authorization).toBe('DPoP at-1');
  });

  it.each([
    [400, { error: 'invalid_client' }, 'unauthorized'],
    [401, { error: 'invalid_client' }, 'unauthorized'],
    [429, {}, 'rate_limited'],
    [500, {}, 'unavailable'],
    [502, '<html></html>', 'unavailable'],
    [200, {}, 'bad_response'],
    [200, '<html></html>', 'bad_response'],
  ])('stops at a token endpoint that answers %i %j', async (status, body, kind) => {
    const { server, source } = await okta(
      (request) => (isToken(request) ? { status, body } : { body: user }),
      environment,
    );
    expect((await failure(ask(source))).kind).toBe(kind);
    expect(server.requests.every(isToken)).toBe(true);
  });

  it.each([
    [
      'an EC key',
      generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ type: 'pkcs8', format: 'pem' }),
    ],
    ['no key at all', 'not a key'],
  ])('does not start with %s', async (_, key) => {
    const started = okta(() => ({}), { ...environment, IRIS_OKTA_PRIVATE_KEY: String(key) });
    await expect(started).rejects.toThrow(/okta\.privateKey/);
  });

  it('takes a key as JWK and with escaped line ends', async () => {
    const jwk = JSON.stringify(privateKey.export({ format: 'jwk' }));
    for (const key of [jwk, pem.replaceAll('\n', '\\n')]) {
      const { source } = await okta(
        (request) => (isToken(request) ? { body: { access_token: 'at-1' } } : answerApi(request)),
        { ...environment, IRIS_OKTA_PRIVATE_KEY: key },
      );
      await expect(ask(source)).resolves.toMatchObject({ status: 'FOUND' });
    }
  });

  it('does not start without a client id', async () => {
    await expect(okta(() => ({}), { ...environment, IRIS_OKTA_CLIENT_ID: '' })).rejects.toThrow(/okta\.clientId/);
  });
});

describe('ambient configuration of the SDK', () => {
  it('has no influence', async () => {
    const ambient = {
      OKTA_CLIENT_ORGURL: 'http://127.0.0.1:9',
      OKTA_CLIENT_TOKEN: 'ambient',
      OKTA_CLIENT_AUTHORIZATIONMODE: 'PrivateKey',
      OKTA_CLIENT_CLIENTID: 'ambient',
      OKTA_CLIENT_SCOPES: 'okta.users.manage',
      OKTA_CLIENT_PRIVATEKEY: 'ambient',
      OKTA_CLIENT_KEYID: 'ambient',
    };
    Object.assign(process.env, ambient);
    try {
      const { server, source } = await okta(({ path }) => ({ body: path.endsWith('/groups') ? [] : user }));
      await expect(ask(source)).resolves.toMatchObject({ status: 'FOUND' });
      expect(server.requests.map(({ headers }) => headers.authorization)).toEqual([
        'SSWS secret-token',
        'SSWS secret-token',
      ]);
    } finally {
      for (const name of Object.keys(ambient)) delete process.env[name];
    }
  });
});

describe('the budget of calls', () => {
  const headers = (remaining: number, endsInSeconds: number) => ({
    'x-rate-limit-limit': '100',
    'x-rate-limit-remaining': String(remaining),
    'x-rate-limit-reset': String(Math.floor(Date.now() / 1000) + endsInSeconds),
  });

  it('is left to others by a lookup, which does not wait', async () => {
    // One window, also when the test runs over the turn of a second.
    const sameWindow = headers(11, 60);
    const { server, source } = await okta(({ path }) =>
      path.includes('/groups') ? { body: [] } : { body: user, headers: sameWindow },
    );
    await expect(ask(source)).resolves.toMatchObject({ status: 'FOUND' });
    await expect(ask(source)).resolves.toMatchObject({ status: 'FOUND' });
    const before = server.requests.length;
    const error = await failure(ask(source));
    expect(error.kind).toBe('rate_limited');
    expect(error.retryAfterMs).toBeGreaterThan(0);
    expect(server.requests).toHaveLength(before);
  });

  it('is left to lookups by a bulk read, which waits for the next window', async () => {
    const resetsAt = Math.floor(Date.now() / 1000) + 2;
    const pagesAt: number[] = [];
    const { server, source } = await okta(({ path, query }) => {
      if (path.startsWith('/api/v1/groups') || query.has('filter')) return { body: [] };
      pagesAt.push(Date.now() / 1000);
      const first = { ...headers(50, 0), 'x-rate-limit-reset': String(resetsAt) };
      const next = { link: `<${server.url}/api/v1/users?after=x>; rel="next"` };
      return {
        body: [{ ...user, id: `00u${pagesAt.length}` }],
        headers: pagesAt.length === 1 ? { ...first, ...next } : headers(99, 60),
      };
    });
    const items = [];
    for await (const item of source.bulk?.({ signal: AbortSignal.timeout(10_000), now: Date.now() }) ?? []) {
      items.push(item);
    }
    expect(items).toHaveLength(2);
    expect(pagesAt).toHaveLength(2);
    expect(pagesAt[1]).toBeGreaterThanOrEqual(resetsAt);
  });
});

describe('lists', () => {
  const toItself = (path: string, host: string | undefined) => ({ link: `<http://${host}${path}?again>; rel="next"` });

  it.each(['/api/v1/users', '/api/v1/groups', '/api/v1/groups/00g1/users'])(
    'end as a bad response when the next page of %s is the page itself',
    async (list) => {
      const group = { id: '00g1', type: 'OKTA_GROUP', profile: { name: 'sre' } };
      const { server, source } = await okta(({ path, headers }) => ({
        body: path === '/api/v1/groups' ? [group] : [user],
        headers: path === list ? toItself(path, headers.host) : {},
      }));
      await expect(readAll(source)).rejects.toMatchObject({ kind: 'bad_response' });
      expect(server.requests.filter(({ path }) => path === list)).toHaveLength(2);
    },
  );

  it('of groups end a lookup when the next page is the page itself', async () => {
    const { server, source } = await okta(({ path, headers }) =>
      path.endsWith('/groups') ? { body: groupPage(0, 3), headers: toItself(path, headers.host) } : { body: user },
    );
    expect((await failure(ask(source))).kind).toBe('bad_response');
    expect(server.requests).toHaveLength(3);
  });
});

describe('a login with characters that no path takes', () => {
  const login = 'ops/deprov@acme.example';
  const deprovisioned = {
    ...user,
    id: '00uDeprov1',
    status: 'DEPROVISIONED',
    profile: { ...user.profile, login, email: 'd.prov@acme.example' },
  };

  it('is found by a search for the login, also when the e-mail address is another one', async () => {
    const { server, source } = await okta(({ path, query }) => {
      if (path === '/api/v1/users/00uDeprov1') return { body: deprovisioned };
      return { body: query.get('search') === `profile.login eq "${login}"` ? [deprovisioned] : [] };
    });
    await expect(ask(source, login)).resolves.toMatchObject({ attributes: { live: false, status: 'DEPROVISIONED' } });
    expect(server.requests.map(({ path }) => path)).toEqual(['/api/v1/users', '/api/v1/users/00uDeprov1']);
  });
});

describe('a bulk read', () => {
  const group = { id: '00g1', type: 'OKTA_GROUP', profile: { name: 'sre' } };
  const suspended = { ...user, id: '00u2', status: 'SUSPENDED', profile: { login: 'sam@acme.example' } };
  const left = {
    ...user,
    id: '00u3',
    status: 'DEPROVISIONED',
    profile: { login: 'l@acme.example', email: 'lea@x.example' },
  };
  const script =
    (users: readonly unknown[], members: readonly unknown[] = [user], groups: readonly unknown[] = [group]) =>
    ({ path, query }: ReceivedRequest): ScriptedAnswer => {
      if (path === '/api/v1/groups') return { body: groups };
      if (path === '/api/v1/groups/00g1/users') return { body: members };
      return { body: query.has('filter') ? [left] : users };
    };
  const facts = async (answers: ReturnType<typeof script>) => {
    const { source } = await okta(answers);
    const leftOut: string[] = [];
    const items = await readAll(source, (list) => leftOut.push(list));
    return { leftOut, items: items.map(({ subject, result }) => [subject.principal, result]) };
  };

  it('holds suspended and deactivated users, and those whose login is not their e-mail address by both', async () => {
    const { items, leftOut } = await facts(script([user, suspended]));
    expect(items).toEqual([
      [LOGIN, expect.objectContaining({ attributes: expect.objectContaining({ live: true, groups: ['sre'] }) })],
      ['sam@acme.example', expect.objectContaining({ attributes: expect.objectContaining({ live: false }) })],
      ['l@acme.example', expect.objectContaining({ attributes: expect.objectContaining({ live: false }) })],
      ['lea@x.example', expect.objectContaining({ attributes: expect.objectContaining({ live: false }) })],
    ]);
    expect(leftOut).toEqual([]);
  });

  it('leaves out one user that is not understood', async () => {
    const { items, leftOut } = await facts(script([user, { ...suspended, status: undefined }, null]));
    expect(items.map(([principal]) => principal)).toEqual([LOGIN, 'l@acme.example']);
    expect(leftOut).toEqual(['users', 'users']);
  });

  it.each<[string, unknown[], unknown[]]>([
    ['a member without an id', [{ ...user, id: undefined }], [group]],
    ['a group without a name', [user], [{ ...group, profile: {} }]],
    ['a group without an id', [user], [{ ...group, id: '../users' }]],
  ])('reports no groups where there is %s', async (_, members, groups) => {
    const { items, leftOut } = await facts(script([user], members, groups));
    expect(items[0]?.[1]).toMatchObject({ attributes: { live: true } });
    expect(items[0]?.[1]).not.toHaveProperty('attributes.groups');
    expect(leftOut).toHaveLength(1);
  });
});

async function readAll(source: ReturnType<typeof definition.create>, leftOut?: (list: string) => void) {
  const items = [];
  for await (const item of source.bulk?.({ signal: AbortSignal.timeout(10_000), now: Date.now(), leftOut }) ?? []) {
    items.push(item);
  }
  return items;
}
