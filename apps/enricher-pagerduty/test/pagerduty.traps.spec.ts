import { readFileSync } from 'node:fs';
import { failure, type ReceivedRequest, type ScriptedAnswer, scriptedSources } from '@iris/enricher-kit/testing';
import { afterEach, describe, expect, it } from '@jest/globals';
import { definition } from '../src/definition.js';

const fixture = (name: string) => JSON.parse(readFileSync(new URL(`./fixtures/${name}.json`, import.meta.url), 'utf8'));
const LOGIN = 'maya.okafor@acme.example';
const NOON = Date.parse('2026-11-16T12:00:00Z');

const sources = scriptedSources(definition, (url) => ({
  IRIS_PAGERDUTY_URL: url,
  IRIS_PAGERDUTY_TOKEN: 'secret-key',
}));
afterEach(() => sources.close());

type Script = (request: ReceivedRequest) => ScriptedAnswer | undefined;

const page = (name: string, entries: unknown[], more = false) => ({
  body: { [name]: entries, limit: 100, offset: 0, more, total: null },
});

/** Answers as PagerDuty does for one person, unless the test's script answers. */
const ordinary: Script = ({ path }) => {
  if (path === '/users') return { body: fixture('users') };
  if (path === '/oncalls') return { body: fixture('oncalls') };
  return page('incidents', []);
};

function pagerduty(script: (request: ReceivedRequest) => ScriptedAnswer | undefined | 'ordinary', environment = {}) {
  const answered = (request: ReceivedRequest) => {
    const answer = script(request);
    return answer === 'ordinary' ? ordinary(request) : answer;
  };
  return sources.start(answered, environment);
}

type Source = ReturnType<typeof definition.create>;

function ask(source: Source, { loginName = LOGIN, now = NOON, signal = AbortSignal.timeout(5000) } = {}) {
  return source.lookup({ principal: loginName, loginName }, { signal, now });
}

describe('requests', () => {
  it('carry the key, the exact lists and a window that holds the next shift', async () => {
    const { server, source } = await pagerduty(() => 'ordinary');
    await expect(ask(source)).resolves.toMatchObject({ status: 'FOUND', attributes: { onCall: true, incidents: [] } });
    const [users, ...others] = server.requests;
    expect(users?.headers).toMatchObject({
      authorization: 'Token token=secret-key',
      accept: 'application/vnd.pagerduty+json;version=2',
    });
    expect(users?.query.get('query')).toBe(LOGIN);
    const oncalls = others.find(({ path }) => path === '/oncalls')?.query;
    expect(oncalls?.getAll('user_ids[]')).toEqual(['PMAYA01']);
    expect(oncalls?.get('since')).toBe('2026-11-16T12:00:00.000Z');
    expect(oncalls?.get('until')).toBe('2026-11-17T12:00:00.000Z');
    const incidents = others.find(({ path }) => path === '/incidents')?.query;
    expect(incidents?.get('date_range')).toBe('all');
    expect(incidents?.getAll('statuses[]')).toEqual(['triggered', 'acknowledged']);
  });

  it.each(['', '.', 'me', 'user@github', `${'x'.repeat(600)}@b.c`])('are not sent for %j', async (loginName) => {
    const { server, source } = await pagerduty(() => 'ordinary');
    await expect(ask(source, { loginName })).resolves.toMatchObject({ status: 'NOT_FOUND' });
    expect(server.requests).toEqual([]);
  });

  it('leave incidents out when the setting excludes them', async () => {
    const { server, source } = await pagerduty(() => 'ordinary', { IRIS_PAGERDUTY_INCIDENTS: 'false' });
    const result = await ask(source);
    expect(result.status === 'FOUND' && 'incidents' in result.attributes).toBe(false);
    expect(server.requests.map(({ path }) => path)).toEqual(['/users', '/oncalls']);
  });
});

describe('users', () => {
  const users = (...entries: unknown[]) =>
    pagerduty(({ path }) => (path === '/users' ? page('users', entries) : 'ordinary'));

  it.each([
    ['a longer address', [{ id: 'P2', email: `a${LOGIN}` }], 'subject_not_found'],
    ['nobody', [], 'subject_not_found'],
    [
      'two of the same address',
      [
        { id: 'P1', email: LOGIN },
        { id: 'P2', email: LOGIN.toUpperCase() },
      ],
      'subject_ambiguous',
    ],
  ])('give %s', async (_, entries, reason) => {
    const { source } = await users(...entries);
    await expect(ask(source)).resolves.toEqual({ status: 'NOT_FOUND', reason });
  });

  it('are looked for on all pages, an empty one too', async () => {
    const { source } = await pagerduty(({ path, query }) => {
      if (path !== '/users') return 'ordinary';
      const offset = Number(query.get('offset'));
      if (offset < 200) return { body: { users: [], limit: 100, offset, more: true, total: null } };
      return page('users', [{ id: 'PMAYA01', email: LOGIN }]);
    });
    await expect(ask(source)).resolves.toMatchObject({ status: 'FOUND' });
  });

  it('are not looked for beyond the 10,000 entries that PagerDuty gives', async () => {
    const { server, source } = await pagerduty(({ query }) => {
      const offset = Number(query.get('offset'));
      return {
        body: { users: [{ id: `P${offset}`, email: `p${offset}@acme.example` }], limit: 100, offset, more: true },
      };
    });
    expect((await failure(ask(source))).kind).toBe('bad_response');
    expect(server.requests.map(({ query }) => Number(query.get('offset'))).at(-1)).toBe(9900);
  });

  /** Reads in bulk at a time, and reports how often users were listed until then. */
  async function listsRead(script: Parameters<typeof pagerduty>[0]): Promise<(now: number) => Promise<number>> {
    const { server, source } = await pagerduty(script);
    return async (now) => {
      for await (const _ of source.bulkSince?.(0, { signal: AbortSignal.timeout(10_000), now }) ?? []);
      return server.requests.filter(({ path }) => path === '/users').length;
    };
  }

  it('are listed again by a bulk read when somebody is on call who was not on the list, once a minute', async () => {
    const read = await listsRead(({ path }) => (path === '/users' ? page('users', []) : 'ordinary'));
    expect(await read(NOON)).toBe(1);
    expect(await read(NOON + 59_000)).toBe(1);
    expect(await read(NOON + 61_000)).toBe(2);
  });

  it('are listed no more than each quarter of an hour when all who are on call are on the list', async () => {
    const read = await listsRead(() => 'ordinary');
    expect(await read(NOON)).toBe(1);
    expect(await read(NOON + 899_000)).toBe(1);
    expect(await read(NOON + 901_000)).toBe(2);
  });

  it('beyond the 10,000 that PagerDuty gives are left to lookups by a bulk read', async () => {
    const { source } = await pagerduty(({ path, query }) => {
      if (path !== '/users') return 'ordinary';
      const offset = Number(query.get('offset'));
      return { body: { users: [{ id: `P${offset}`, email: `p${offset}@acme.example` }], more: true, offset } };
    });
    const read = [];
    for await (const item of source.bulk?.({ signal: AbortSignal.timeout(10_000), now: NOON }) ?? []) read.push(item);
    expect(read).toHaveLength(100);
  });
});

describe('an account with more users than PagerDuty gives in one list', () => {
  const PEOPLE = Array.from({ length: 12_000 }, (_, index) => ({ id: `P${index}`, email: `p${index}@acme.example` }));
  const TEAMS = Array.from({ length: 4 }, (_, index) => ({ id: `T${index}` }));
  /** Pages as PagerDuty does: no entry beyond the 10,000th. Each team has 3,000 people, but for those that are left out. */
  const account =
    (teamless = 0, teams: unknown[] = TEAMS): Script =>
    ({ path, query }) => {
      if (path !== '/users' && path !== '/teams') return ordinary({ path, query } as ReceivedRequest);
      const wanted = query.getAll('team_ids[]').map((id) => Number(id.slice(1)));
      const inTeam = (index: number) => wanted.includes(Math.floor(index / 3000)) && index < PEOPLE.length - teamless;
      const all = path === '/teams' ? teams : wanted.length === 0 ? PEOPLE : PEOPLE.filter((_, index) => inTeam(index));
      const offset = Number(query.get('offset'));
      if (offset + 100 > 10_000) return { status: 400, body: { error: { message: 'Invalid Input', code: 2001 } } };
      const more = offset + 100 < all.length;
      return {
        body: { [path.slice(1)]: all.slice(offset, offset + 100), offset, limit: 100, more, total: all.length },
      };
    };

  async function readAll(script: Script) {
    const { source, server } = await pagerduty(script);
    const items = source.bulk?.({ signal: AbortSignal.timeout(60_000), now: NOON });
    let count = 0;
    for (let step = await items?.next(); ; step = await items?.next()) {
      if (step?.done !== false) return { count, outcome: step?.value, requests: server.requests.length };
      count += 1;
    }
  }

  it('is read by team, and is known to be complete', async () => {
    const read = await readAll(account());
    expect(read).toMatchObject({ count: 12_000, outcome: { complete: true } });
    // By team in two halves, 95 new entries a page.
    expect(read.requests).toBeLessThan(150);
  });

  it('is not complete when people without a team are beyond the end of the list', async () => {
    expect(await readAll(account(500))).toMatchObject({ count: 11_500, outcome: { complete: false } });
  });

  it('is read from its beginning when it has no teams', async () => {
    expect(await readAll(account(0, []))).toMatchObject({ count: 10_000, outcome: { complete: false } });
  });
});

describe('a list of everybody', () => {
  const [scheduled, permanent] = fixture('oncalls').oncalls;
  const OTHER = { id: 'POTHER1', email: 'omar@acme.example' };
  const incident = {
    id: 'PINC001',
    incident_number: 7,
    status: 'triggered',
    assignments: [{ assignee: { id: 'POTHER1' } }],
  };
  async function readAll(oncalls: unknown[], incidents: unknown[] = [incident]) {
    const leftOut: string[] = [];
    const { source } = await pagerduty(({ path }) => {
      if (path === '/users') return page('users', [{ id: 'PMAYA01', email: LOGIN }, OTHER]);
      return path === '/oncalls' ? page('oncalls', oncalls) : page('incidents', incidents);
    });
    const facts: Record<string, unknown> = {};
    const call = { signal: AbortSignal.timeout(10_000), now: NOON, leftOut: (list: string) => leftOut.push(list) };
    for await (const { subject, result } of source.bulk?.(call) ?? []) {
      facts[subject.principal] = result.status === 'FOUND' && result.attributes;
    }
    return { maya: facts[LOGIN], omar: facts[OTHER.email], leftOut };
  }

  it('leaves out an entry of nobody, and reads the rest', async () => {
    const { maya, omar, leftOut } = await readAll([scheduled, { ...permanent, user: null }]);
    expect(maya).toMatchObject({ onCall: true, primary: true });
    expect(omar).toMatchObject({ onCall: false, incidents: [{ number: 7 }] });
    expect(leftOut).toEqual(['oncalls']);
  });

  it('leaves out whether the person of an odd entry is on call, and that of nobody else', async () => {
    const { maya, omar, leftOut } = await readAll([
      scheduled,
      { ...scheduled, user: { id: 'POTHER1' }, end: undefined },
    ]);
    expect(maya).toMatchObject({ onCall: true });
    expect(omar).toEqual({ userId: 'POTHER1', incidents: expect.anything() });
    expect(leftOut).toEqual(['oncalls']);
  });

  it('knows of nobody that they are off call when an entry may be anybody’s', async () => {
    const { maya, omar } = await readAll([scheduled, { ...scheduled, user: { summary: 'Omar' } }]);
    expect(maya).toMatchObject({ onCall: true, primary: true });
    expect(omar).not.toHaveProperty('onCall');
  });

  it('leaves out an assignment of nobody, and an odd incident with its assignee', async () => {
    const nobody = { ...incident, id: 'PINC002', incident_number: 8, assignments: [{ assignee: null }] };
    const odd = { ...incident, id: 'PINC003', incident_number: undefined };
    expect((await readAll([scheduled], [incident, nobody])).omar).toMatchObject({ incidents: [{ number: 7 }] });
    const { maya, omar, leftOut } = await readAll([scheduled], [incident, odd]);
    expect(omar).not.toHaveProperty('incidents');
    expect(maya).toMatchObject({ incidents: [] });
    expect(leftOut).toEqual(['incidents']);
  });

  it('is refused when PagerDuty counts more entries than it gives', async () => {
    const { source } = await pagerduty(({ path }) =>
      path === '/oncalls' ? { body: { oncalls: [scheduled], more: false, total: 2 } } : 'ordinary',
    );
    expect((await failure(ask(source))).kind).toBe('bad_response');
  });

  it('is refused when it comes with an error, or does not say whether there are more', async () => {
    for (const body of [{ oncalls: [scheduled], more: false, error: { code: 2000 } }, { oncalls: [scheduled] }]) {
      const { source } = await pagerduty(({ path }) => (path === '/oncalls' ? { body } : 'ordinary'));
      expect((await failure(ask(source))).kind).toBe('bad_response');
    }
  });
});

describe('on-call entries', () => {
  const oncalls = (...entries: object[]) =>
    pagerduty(({ path }) => (path === '/oncalls' ? page('oncalls', entries) : 'ordinary'));
  const [scheduled, permanent] = fixture('oncalls').oncalls;

  it('of a future shift only end the answer', async () => {
    const { source } = await oncalls({ ...scheduled, start: '2026-11-16T20:00:00Z', end: '2026-11-17T04:00:00Z' });
    await expect(ask(source)).resolves.toMatchObject({
      attributes: { onCall: false },
      endsAt: Date.parse('2026-11-16T20:00:00Z'),
    });
  });

  it('without limits last', async () => {
    const { source } = await oncalls(permanent);
    const result = await ask(source);
    expect(result).toMatchObject({ attributes: { onCall: true, primary: false, services: ['gateway'] } });
    expect(result.status === 'FOUND' && result.endsAt).toBeUndefined();
  });

  it('of other people do not count', async () => {
    const { source } = await oncalls({ ...scheduled, user: { id: 'POTHER1' } });
    await expect(ask(source)).resolves.toMatchObject({ attributes: { onCall: false } });
  });

  it('on two schedules of one policy both count', async () => {
    const other = { ...scheduled, schedule: { id: 'PSCHED9', summary: 'India' } };
    const { source } = await oncalls(scheduled, other);
    const result = await ask(source);
    expect(result.status === 'FOUND' && result.attributes.oncalls).toHaveLength(2);
  });

  it.each([
    ['an entry without an end', { oncalls: [{ ...scheduled, end: undefined }], more: false }],
    ['no list', { more: false }],
    ['a list instead of an object', []],
    ['an HTML page', '<html></html>'],
  ])('are refused: %s', async (_, body) => {
    const { source } = await pagerduty(({ path }) => (path === '/oncalls' ? { body } : 'ordinary'));
    expect((await failure(ask(source))).kind).toBe('bad_response');
  });
});

describe('refusals', () => {
  it.each([
    [401, { error: { message: 'Unauthorized', code: 2006 } }, 'unauthorized'],
    [403, { error: { message: 'Forbidden' } }, 'unauthorized'],
    [404, { error: { message: 'Not Found', code: 2100 } }, 'bad_response'],
    [400, { error: { message: 'Invalid Input Provided', code: 2001 } }, 'bad_response'],
    [500, {}, 'unavailable'],
    [502, '<html>Bad Gateway</html>', 'unavailable'],
    [503, '', 'unavailable'],
  ])('take a %i with the body %j as %s', async (status, body, kind) => {
    const { server, source } = await pagerduty(() => ({ status, body }));
    const error = await failure(ask(source));
    expect(error.kind).toBe(kind);
    expect(error.message).not.toContain('secret-key');
    expect(server.requests).toHaveLength(1);
  });

  it.each([
    ['with a reset', { 'ratelimit-reset': '7' }, { error: { code: 2020 } }, 7000],
    ['without headers or JSON', {}, 'slow down', undefined],
  ])('take a 429 %s once, without the waits and repeats of the SDK', async (_, headers, body, retryAfterMs) => {
    // Without a limit of its own, this call would last as long as the waits of the SDK: 60 s.
    const environment = { IRIS_PAGERDUTY_REQUEST_TIMEOUT_MS: '60000' };
    const { server, source } = await pagerduty(() => ({ status: 429, headers, body }), environment);
    await expect(failure(ask(source, { signal: new AbortController().signal }))).resolves.toMatchObject({
      kind: 'rate_limited',
      retryAfterMs,
    });
    expect(server.requests).toHaveLength(1);
  });

  it('leave the other calls alone when one meets a 429', async () => {
    const { source } = await pagerduty(({ path, query }) =>
      path === '/users' && query.get('query') === 'busy@acme.example' ? { status: 429, body: {} } : 'ordinary',
    );
    const [busy, fine] = await Promise.all([failure(ask(source, { loginName: 'busy@acme.example' })), ask(source)]);
    expect(busy.kind).toBe('rate_limited');
    expect(fine.status).toBe('FOUND');
  });

  it('do not follow a redirect', async () => {
    const elsewhere = await sources.server(() => ({ body: fixture('users') }));
    const { source } = await pagerduty(() => ({ status: 302, headers: { location: `${elsewhere.url}/users` } }));
    expect((await failure(ask(source))).kind).toBe('bad_response');
    expect(elsewhere.requests).toEqual([]);
  });

  it('end with their own time limit when PagerDuty never answers', async () => {
    const { source } = await pagerduty(() => undefined, { IRIS_PAGERDUTY_REQUEST_TIMEOUT_MS: '50' });
    expect((await failure(ask(source))).kind).toBe('timeout');
  });

  it('end with the signal of the call', async () => {
    const caller = new AbortController();
    const { source } = await pagerduty(() => {
      caller.abort();
      return undefined;
    });
    expect((await failure(ask(source, { signal: caller.signal }))).kind).toBe('cancelled');
  });

  it('say unavailable when nobody listens', async () => {
    const { server, source } = await pagerduty(() => 'ordinary');
    await server.close();
    expect((await failure(ask(source))).kind).toBe('unavailable');
  });
});

describe('signing in as an app', () => {
  const environment = (tokenUrl: string) => ({
    IRIS_PAGERDUTY_AUTHORIZATION: 'oauth',
    IRIS_PAGERDUTY_TOKEN_URL: tokenUrl,
    IRIS_PAGERDUTY_CLIENT_ID: 'app-1',
    IRIS_PAGERDUTY_CLIENT_SECRET: 'app-secret',
    IRIS_PAGERDUTY_SCOPE: 'as_account-us.acme users.read oncalls.read incidents.read',
  });

  it('asks for a token, and for another when the API refuses it', async () => {
    let issued = 0;
    const identity = await sources.server(() => {
      issued += 1;
      return { body: { access_token: `pdus+${issued}`, token_type: 'bearer', expires_in: 86_400 } };
    });
    const { source } = await pagerduty(
      ({ headers }) =>
        headers.authorization === 'Bearer pdus+2' ? 'ordinary' : { status: 401, body: { error: { code: 2006 } } },
      environment(`${identity.url}/oauth/token`),
    );
    await expect(ask(source)).resolves.toMatchObject({ status: 'FOUND' });
    const form = new URLSearchParams(identity.requests[0]?.body);
    expect(Object.fromEntries(form)).toEqual({
      grant_type: 'client_credentials',
      client_id: 'app-1',
      client_secret: 'app-secret',
      scope: 'as_account-us.acme users.read oncalls.read incidents.read',
    });
  });

  it('does not start without the scope', async () => {
    const started = pagerduty(() => 'ordinary', { ...environment('http://127.0.0.1:9'), IRIS_PAGERDUTY_SCOPE: '' });
    await expect(started).rejects.toThrow(/pagerduty\.scope/);
  });
});
