import { startSimulatedApi } from '@iris/simulation';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import okta from '@okta/okta-sdk-nodejs';
import { simulatedApi } from './index.js';

type Running = Awaited<ReturnType<typeof startSimulatedApi<Awaited<ReturnType<typeof simulatedApi.credentials>>>>>;

describe('the simulated Okta API', () => {
  let api: Running;
  let client: okta.Client;

  const newClient = (settings: Record<string, unknown>) =>
    new okta.Client({
      orgUrl: api.url,
      cacheMiddleware: null,
      requestExecutor: new okta.DefaultRequestExecutor({ maxRetries: 0, requestTimeout: 5000 }),
      ...settings,
    } as ConstructorParameters<typeof okta.Client>[0]);
  const get = (path: string, headers: Record<string, string> = {}) =>
    fetch(`${api.url}${path}`, {
      headers: { authorization: `SSWS ${api.credentials.token}`, ...headers },
    });
  const logins = (users: unknown[]) => users.map((user) => (user as { profile: { login: string } }).profile.login);
  const collect = async <T>(collection: AsyncIterable<T | null>): Promise<T[]> => {
    const all: T[] = [];
    for await (const item of collection) if (item !== null) all.push(item);
    return all;
  };

  beforeAll(async () => {
    api = await startSimulatedApi(simulatedApi, { people: 450 });
    client = newClient({ token: api.credentials.token });
  });
  afterAll(() => api.close());
  afterEach(() => api.reset());

  it('gives a user by login, by id and by short name', async () => {
    const byLogin = await client.userApi.getUser({ userId: 'ana@lumen.example' });
    expect(byLogin.status).toBe('ACTIVE');
    expect(byLogin.profile).toMatchObject({
      login: 'ana@lumen.example',
      department: 'Engineering',
      userType: 'Employee',
    });
    expect((await client.userApi.getUser({ userId: String(byLogin.id) })).profile?.login).toBe('ana@lumen.example');
    expect((await client.userApi.getUser({ userId: 'ANA' })).id).toBe(byLogin.id);
  });

  it('reads the characters that logins may have', async () => {
    const user = await client.userApi.getUser({ userId: "nora.o'brien+ops@lumen.example" });
    expect(user.profile?.lastName).toBe("O'Brien");
    await expect(client.userApi.getUser({ userId: 'a/b@lumen.example' })).rejects.toMatchObject({ status: 405 });
    await expect(client.userApi.getUser({ userId: `${'x'.repeat(600)}@lumen.example` })).rejects.toMatchObject({
      status: 404,
      errorCode: 'E0000007',
    });
  });

  it('does not know a person by an e-mail that is not the login, but finds them by search', async () => {
    await expect(client.userApi.getUser({ userId: 'quinn.reyes@lumen.example' })).rejects.toMatchObject({
      status: 404,
    });
    const found = await collect(
      await client.userApi.listUsers({ search: 'profile.email eq "QUINN.reyes@lumen.example"' }),
    );
    expect(logins(found)).toEqual(['quinn@lumen.example']);
  });

  it('gives all groups over two pages through absolute links', async () => {
    const user = await client.userApi.getUser({ userId: 'lee@lumen.example' });
    const groups = await collect(await client.userApi.listUserGroups({ userId: String(user.id) }));
    expect(groups).toHaveLength(233);
    expect(new Set(groups.map((group) => group.id)).size).toBe(233);
    expect(groups.map((group) => group.profile?.name)).toContain('Project Room 230');
    expect(api.server.calls.read().byRoute['GET /api/v1/users/:id/groups']).toBe(2);
  });

  it('means every group of the org when a path of dots falls together', async () => {
    const groups = await collect(await client.userApi.listUserGroups({ userId: '..' }));
    expect(groups.length).toBeGreaterThan(233);
  });

  it('has groups of one name and different types', async () => {
    const groups = await collect(await client.groupApi.listGroups({ q: 'Engineering' }));
    expect(groups.map((group) => group.type).toSorted()).toEqual(['APP_GROUP', 'OKTA_GROUP']);
    const appGroup = groups.find((group) => group.type === 'APP_GROUP');
    const members = await collect(await client.groupApi.listGroupUsers({ groupId: String(appGroup?.id) }));
    expect(logins(members)).toEqual(['sam@lumen.example']);
  });

  it('lists users 200 a page, without deprovisioned ones unless a search asks', async () => {
    const all = await collect(await client.userApi.listUsers({ limit: 200 }));
    expect(all.length).toBeGreaterThan(400);
    expect(new Set(logins(all)).size).toBe(all.length);
    expect(logins(all)).not.toContain('yan@lumen.example');
    expect(api.server.calls.read().byRoute['GET /api/v1/users']).toBe(3);
    const gone = await collect(await client.userApi.listUsers({ search: 'status eq "DEPROVISIONED"' }));
    expect(logins(gone)).toContain('yan@lumen.example');
  });

  it('lists what changed since a moment', async () => {
    const since = new Date(api.clock.now() - 1000).toISOString();
    api.company.setOktaStatus('ben@lumen.example', 'SUSPENDED');
    const changed = await collect(await client.userApi.listUsers({ filter: `lastUpdated gt "${since}"` }));
    expect(logins(changed)).toEqual(['ben@lumen.example']);
    expect(changed[0]?.status).toBe('SUSPENDED');
    api.company.changeOktaGroups('ben@lumen.example', ['OKTA_GROUP:Managers'], []);
    const groups = await collect(await client.groupApi.listGroups({ filter: `lastMembershipUpdated gt "${since}"` }));
    expect(groups.map((group) => group.profile?.name)).toEqual(['Managers']);
  });

  it('refuses expressions that it cannot use', async () => {
    for (const query of [
      'search=profile.email+eq',
      'filter=profile.department+eq+%22Sales%22',
      'search=%22',
      'limit=x',
    ]) {
      expect((await get(`/api/v1/users?${query}`)).status).toBe(400);
    }
    const everyOperator = 'status pr and not (profile.login co "zzz") or profile.lastName sw "Alm" or id le 3';
    expect((await get(`/api/v1/users?limit=2&search=${encodeURIComponent(everyOperator)}`)).status).toBe(200);
  });

  it('refuses a wrong token', async () => {
    const stranger = newClient({ token: 'wrong' });
    await expect(stranger.userApi.getUser({ userId: 'ana@lumen.example' })).rejects.toMatchObject({
      status: 401,
      errorCode: 'E0000011',
    });
    expect((await fetch(`${api.url}/api/v1/users/ana`)).status).toBe(401);
  });

  it('gives the service app that signs with its key an access token for an hour', async () => {
    const { clientId, keyId, privateKey, scopes } = api.credentials;
    const service = newClient({ authorizationMode: 'PrivateKey', clientId, keyId, privateKey, scopes });
    expect((await service.userApi.getUser({ userId: 'ana@lumen.example' })).status).toBe('ACTIVE');
    const calls = () => api.server.calls.read().byRoute['POST /oauth2/v1/token'];
    expect(calls()).toBe(1);
    api.clock.advance(3_601_000);
    await service.userApi.getUser({ userId: 'ana@lumen.example' });
    expect(calls()).toBe(2);
  });

  it('refuses another key, another client, other scopes', async () => {
    const { clientId, keyId, privateKey, scopes } = api.credentials;
    const base = { authorizationMode: 'PrivateKey', clientId, keyId, privateKey, scopes };
    for (const wrong of [{ keyId: 'other' }, { clientId: '0oaOther' }, { scopes: ['okta.users.manage'] }]) {
      const service = newClient({ ...base, ...wrong });
      await expect(service.userApi.getUser({ userId: 'ana@lumen.example' })).rejects.toMatchObject({ status: 401 });
    }
    const narrow = newClient({ ...base, scopes: ['okta.users.read'] });
    await expect(collect(await narrow.userApi.listUserGroups({ userId: 'ana@lumen.example' }))).rejects.toMatchObject({
      status: 403,
    });
  });

  it('counts a limit for each bucket, in epoch seconds', async () => {
    const first = await get('/api/v1/users/ana');
    const second = await get('/api/v1/users/ben');
    expect(Number(second.headers.get('x-rate-limit-remaining'))).toBe(
      Number(first.headers.get('x-rate-limit-remaining')) - 1,
    );
    const reset = Number(first.headers.get('x-rate-limit-reset')) * 1000;
    expect(Math.abs(reset - Date.now() - 60_000)).toBeLessThan(5000);
  });

  it('can answer 429 in each of the ways that clients stumble over', async () => {
    const answer = async () => get('/api/v1/users/ana');
    await api.server.setFaults([{ mode: 'rate_limited', resetSeconds: 30 }]);
    const normal = await answer();
    expect(normal.status).toBe(429);
    expect(await normal.json()).toMatchObject({ errorCode: 'E0000047' });
    expect(normal.headers.get('date')).not.toBeNull();

    await api.server.setFaults([{ mode: 'rate_limited', headers: 'no_date' }]);
    expect((await answer()).headers.get('date')).toBeNull();
    await api.server.setFaults([{ mode: 'rate_limited', headers: 'duplicate_reset' }]);
    expect((await answer()).headers.get('x-rate-limit-reset')).toMatch(/^\d+, \d+$/);
    await api.server.setFaults([{ mode: 'rate_limited', headers: 'past_reset' }]);
    expect(Number((await answer()).headers.get('x-rate-limit-reset')) * 1000).toBeLessThan(Date.now());
    await api.server.setFaults([{ mode: 'rate_limited', headers: 'none' }]);
    expect((await answer()).headers.get('x-rate-limit-reset')).toBeNull();
  });
});
