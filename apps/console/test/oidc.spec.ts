import { freePort } from '@iris/context-cache/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { startSimulatedOidc } from './simulated-oidc.js';
import { startTestConsole } from './start-test-console.js';

let provider: Awaited<ReturnType<typeof startSimulatedOidc>>;
let started: Awaited<ReturnType<typeof startTestConsole>>;

beforeAll(async () => {
  provider = await startSimulatedOidc();
  const port = await freePort();
  started = await startTestConsole(
    {
      IRIS_ACCESS_METHODS: 'oidc',
      IRIS_HTTP_PUBLIC_URL: `http://127.0.0.1:${port}`,
      IRIS_SESSION_KEY: 'a secret of at least 32 characters',
      IRIS_OIDC_ISSUER: provider.issuer,
      IRIS_OIDC_CLIENT_ID: 'iris-console',
      IRIS_OIDC_CLIENT_SECRET: 'secret-of-the-client',
      IRIS_OIDC_ROLES: '{"iris-auditors":"auditor","iris-viewers":"viewer"}',
    },
    undefined,
    port,
  );
});
beforeEach(() => {
  provider.faults = {};
});
afterAll(async () => {
  await started?.app.close();
  await provider?.close();
});

/** A browser: it keeps cookies and follows no redirect by itself. */
class Browser {
  readonly cookies = new Map<string, string>();

  async get(url: string, init: RequestInit = {}): Promise<Response> {
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const headers = { ...(init.headers as Record<string, string>), ...(cookie === '' ? {} : { cookie }) };
    const response = await fetch(url, { ...init, headers, redirect: 'manual' });
    for (const set of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(set) ?? [];
      if (value === '' || /Max-Age=0|Expires=Thu, 01 Jan 1970/i.test(set)) this.cookies.delete(name);
      else this.cookies.set(name, value);
    }
    return response;
  }

  /** @returns the answer of the console's callback */
  async login(to = '/live'): Promise<Response> {
    const begun = await this.get(`${started.url}/auth/login?to=${encodeURIComponent(to)}`);
    const authorized = await this.get(begun.headers.get('location') ?? '');
    return this.get(authorized.headers.get('location') ?? '');
  }
}

describe('login by OIDC', () => {
  it('gives the role of the group, and ends with the logout', async () => {
    const browser = new Browser();
    expect((await browser.get(`${started.url}/api/me`)).status).toBe(401);
    const callback = await browser.login();
    expect([callback.status, callback.headers.get('location')]).toEqual([302, '/live']);
    const cookie = callback.headers.getSetCookie().find((set) => set.startsWith('iris-session='));
    expect(cookie).toMatch(/HttpOnly/);
    expect(cookie).toMatch(/SameSite=Lax/);
    expect(cookie).not.toContain('vera');

    const me = (await (await browser.get(`${started.url}/api/me`)).json()) as { csrfToken: string };
    expect(me).toMatchObject({
      login: 'vera@lumen.example',
      role: 'auditor',
      method: 'oidc',
      logoutUrl: '/auth/logout',
    });
    const headers = { 'x-iris-csrf': me.csrfToken };
    expect((await browser.get(`${started.url}/auth/logout`, { method: 'POST' })).status).toBe(403);
    expect((await browser.get(`${started.url}/auth/logout`, { method: 'POST', headers })).status).toBe(204);
    expect((await browser.get(`${started.url}/api/me`)).status).toBe(401);
  });

  it('replaces a session that somebody put into the browser beforehand', async () => {
    const attacker = new Browser();
    await attacker.login();
    const planted = attacker.cookies.get('iris-session') ?? '';
    const victim = new Browser();
    victim.cookies.set('iris-session', planted);
    provider.faults = { claims: { email: 'victim@lumen.example' } };
    await victim.login();
    expect(victim.cookies.get('iris-session')).not.toBe(planted);
    expect(await (await victim.get(`${started.url}/api/me`)).json()).toMatchObject({ login: 'victim@lumen.example' });
  });

  it("refuses another browser's callback before it asks the provider", async () => {
    const attacker = new Browser();
    const begun = await attacker.get(`${started.url}/auth/login`);
    const authorized = await attacker.get(begun.headers.get('location') ?? '');
    const before = provider.tokenRequests;
    const response = await new Browser().get(authorized.headers.get('location') ?? '');
    expect([response.status, response.headers.getSetCookie().join()]).toEqual([
      401,
      expect.not.stringContaining('iris-session=e'),
    ]);
    expect(provider.tokenRequests).toBe(before);
  });

  it.each([
    ['another nonce', { nonce: 'other' }],
    ['another state', { state: 'other' }],
    ['another issuer', { issuer: 'https://evil.example' }],
    ['another audience', { audience: 'other-client' }],
    ['a signature of another key', { foreignKey: true }],
    ['no login', { claims: { email: undefined } }],
    ['an unverified address', { claims: { email_verified: false } }],
  ])('refuses %s', async (_, faults) => {
    provider.faults = faults;
    const browser = new Browser();
    const response = await browser.login();
    expect(response.status).toBe(401);
    expect(await response.json()).toMatchObject({ reason: 'login_failed' });
    expect(browser.cookies.has('iris-session')).toBe(false);
  });

  it('refuses who is in no group with a role', async () => {
    provider.faults = { claims: { groups: ['constructor', 'others'] } };
    const response = await new Browser().login();
    expect([response.status, ((await response.json()) as { reason: string }).reason]).toEqual([403, 'no_role']);
  });

  it('refuses a session that was changed, and a login as a session', async () => {
    const browser = new Browser();
    await browser.login();
    const session = browser.cookies.get('iris-session') ?? '';
    browser.cookies.set('iris-session', `${session.slice(0, -4)}AAAA`);
    expect((await browser.get(`${started.url}/api/me`)).status).toBe(401);
    await browser.get(`${started.url}/auth/login`);
    browser.cookies.set('iris-session', browser.cookies.get('iris-login') ?? '');
    expect((await browser.get(`${started.url}/api/me`)).status).toBe(401);
  });

  it.each(['https://evil.example/', '//evil.example', '/\\evil.example', 'javascript:alert(1)'])(
    'leads to no other site after the login: %s',
    async (to) => {
      expect((await new Browser().login(to)).headers.get('location')).toBe('/');
    },
  );
});
