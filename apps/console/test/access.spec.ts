import { endpoints } from '@iris/console-api';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { recordOfDenial } from './record-of-denial.js';
import { startTestConsole } from './start-test-console.js';

const CAPABILITY = 'iris.dev/cap/console';

/** The identity headers of `tailscale serve` for a person with a role. */
function headersOf(role: string | undefined, more: Record<string, string> = {}): Record<string, string> {
  return {
    'tailscale-user-login': 'vera@lumen.example',
    'tailscale-user-name': '=?utf-8?q?Vera_M=C3=BCller?=',
    ...(role === undefined ? {} : { 'tailscale-app-capabilities': JSON.stringify({ [CAPABILITY]: [{ role }] }) }),
    ...more,
  };
}

describe('Tailscale identity', () => {
  let started: Awaited<ReturnType<typeof startTestConsole>>;

  beforeAll(async () => {
    started = await startTestConsole({
      IRIS_ACCESS_METHODS: 'tailscale',
      IRIS_ACCESS_TRUSTED_PROXIES: '127.0.0.1',
    });
    await started.log.insert([recordOfDenial()]);
  });
  afterAll(() => started.app.close());

  const me = (headers: Record<string, string>) => started.get('/api/me', headers);

  it('gives the role of the app capability, and the name as it is written', async () => {
    expect(await (await me(headersOf('auditor'))).json()).toMatchObject({
      login: 'vera@lumen.example',
      name: 'Vera Müller',
      role: 'auditor',
      method: 'tailscale',
    });
  });

  it('takes the highest of several grants', async () => {
    const capabilities = JSON.stringify({ [CAPABILITY]: [{ role: 'viewer' }, { role: 'admin' }, { role: 'root' }] });
    const response = await me(headersOf(undefined, { 'tailscale-app-capabilities': capabilities }));
    expect(await response.json()).toMatchObject({ role: 'admin' });
  });

  it.each([
    ['no capability', undefined, 'no_role'],
    ['a role that is none', 'root', 'no_role'],
  ])('refuses %s', async (_, role, reason) => {
    const response = await me(headersOf(role));
    expect(response.status).toBe(403);
    expect(await response.json()).toMatchObject({ reason });
  });

  it.each(['{', '[]', '{"iris.dev/cap/console":"admin"}', '{"__proto__":[{"role":"admin"}]}', 'null'])(
    'takes no role from capabilities of another form: %s',
    async (capabilities) => {
      const response = await me(headersOf(undefined, { 'tailscale-app-capabilities': capabilities }));
      expect(response.status).toBe(403);
    },
  );

  it('refuses who has no identity', async () => {
    expect((await me({})).status).toBe(401);
  });

  it('shows a viewer neither parameters nor values of facts, nor the raw record', async () => {
    const { id } = recordOfDenial();
    const response = await started.get(`/api/decisions/${id}`, headersOf('viewer'));
    const text = await response.text();
    const detail = JSON.parse(text);
    expect(detail.parametersHidden).toBe(true);
    expect(detail.canAskAgain).toBe(false);
    expect(detail.attributes.every(({ hidden }: { hidden?: boolean }) => hidden === true)).toBe(true);
    for (const secret of ['select 1', 'Platform Engineering', 'onCallUntil":', 'reports that']) {
      expect(text).not.toContain(secret);
    }
    expect(detail.why).toBe('Denied: Production systems need an on-call shift that PagerDuty confirms at this moment.');
    expect((await started.get(`/api/decisions/${id}/record`, headersOf('viewer'))).status).toBe(403);
    const { context, lastAttributes } = await (
      await started.get('/api/people/ben@lumen.example', headersOf('viewer'))
    ).json();
    expect(JSON.stringify([context, lastAttributes])).not.toContain('Platform Engineering');
  });

  it('gives every operation to its role alone', async () => {
    const roles = ['viewer', 'auditor', 'admin'] as const;
    for (const [id, { method, path, role }] of Object.entries(endpoints)) {
      for (const [rank, asking] of roles.entries()) {
        const response = await fetch(`${started.url}${path.replace(/\{\w+\}/g, 'none')}`, {
          method,
          headers: headersOf(asking),
          signal: AbortSignal.timeout(20_000),
        });
        // A stream of events never ends, so only a refusal is read.
        const { reason } = response.status === 403 ? ((await response.json()) as { reason: string }) : { reason: '' };
        if (response.status !== 403) await response.body?.cancel();
        expect([id, asking, reason === 'role_too_low']).toEqual([id, asking, rank < roles.indexOf(role)]);
      }
    }
  });

  it('shows the access log to an admin alone', async () => {
    expect((await started.get('/api/access', headersOf('auditor'))).status).toBe(403);
    const { entries } = await (await started.get('/api/access?person=ben@lumen.example', headersOf('admin'))).json();
    expect(entries[0]).toMatchObject({ actor: 'vera@lumen.example', role: 'viewer', subject: 'ben@lumen.example' });
  });
});

describe('Tailscale identity from another peer', () => {
  it('does not count', async () => {
    const started = await startTestConsole({
      IRIS_ACCESS_METHODS: 'tailscale',
      IRIS_ACCESS_TRUSTED_PROXIES: '10.1.0.0/16,fd7a:115c:a1e0::/48',
    });
    expect((await started.get('/api/me', headersOf('admin'))).status).toBe(401);
    await started.app.close();
  });
});

describe('requests of other sites', () => {
  let started: Awaited<ReturnType<typeof startTestConsole>>;
  beforeAll(async () => {
    started = await startTestConsole();
    await started.log.insert([recordOfDenial()]);
  });
  afterAll(() => started.app.close());

  it.each([
    ['a cross-site read', { 'sec-fetch-site': 'cross-site' }],
    ['a read of a sibling host', { 'sec-fetch-site': 'same-site' }],
    ['another origin', { origin: 'https://evil.example' }],
    ['an opaque origin', { origin: 'null' }],
  ])('refuses %s', async (_, headers) => {
    const response = await started.get('/api/decisions', headers);
    expect(response.status).toBe(403);
    expect(await response.json()).toMatchObject({ reason: 'cross_site' });
  });

  it('refuses a change without the token', async () => {
    const path = `${started.url}/api/decisions/${recordOfDenial().id}/smallest-change`;
    for (const headers of [undefined, { 'x-iris-csrf': 'wrong' }]) {
      const response = await fetch(path, { method: 'POST', headers });
      expect(response.status).toBe(403);
      expect(await response.json()).toMatchObject({ reason: 'csrf_token' });
    }
  });

  it('refuses a host name that points to loopback', async () => {
    const { request } = await import('node:http');
    const status = await new Promise((resolve) => {
      request(`${started.url}/api/decisions`, { headers: { host: 'rebound.example' } }, (response) => {
        response.resume();
        resolve(response.statusCode);
      }).end();
    });
    expect(status).toBe(421);
  });

  it('counts what a browser reports, without keeping it', async () => {
    const response = await fetch(`${started.url}/csp-report`, {
      method: 'POST',
      headers: { 'content-type': 'application/csp-report' },
      body: JSON.stringify({ 'csp-report': { 'blocked-uri': 'inline' } }),
    });
    expect(response.status).toBe(204);
    const large = await fetch(`${started.url}/csp-report`, {
      method: 'POST',
      headers: { 'content-type': 'application/csp-report' },
      body: 'x'.repeat(100_000),
    });
    expect(large.status).toBe(413);
  });

  it('answers every path with headers that allow nothing foreign', async () => {
    for (const path of ['/api/me', '/healthz', '/api/none', '/nothing.js']) {
      const { headers } = await started.get(path);
      expect(headers.get('content-security-policy')).toMatch(/^default-src 'none';script-src 'self';/);
      expect(headers.get('x-frame-options')).toBe('DENY');
      expect(headers.get('strict-transport-security')).toBeNull();
    }
  });
});

describe('settings of access', () => {
  it.each([
    [{ IRIS_HTTP_HOST: '0.0.0.0' }, /access\.methods .* is local, and http\.host .*accepted: 127\.0\.0\.1/],
    [{ IRIS_ACCESS_METHODS: 'local,oidc' }, /access\.methods/],
    [{ IRIS_ACCESS_METHODS: 'tailscale' }, /access\.trustedProxies .* is empty/],
    [
      { IRIS_ACCESS_METHODS: 'tailscale', IRIS_ACCESS_TRUSTED_PROXIES: '10.0.0.0/99' },
      /access\.trustedProxies .* is "10\.0\.0\.0\/99"/,
    ],
    [{ IRIS_ACCESS_METHODS: 'oidc' }, /http\.publicUrl .* is missing/],
    [
      { IRIS_ACCESS_METHODS: 'oidc', IRIS_HTTP_PUBLIC_URL: 'https://iris.example', IRIS_SESSION_KEY: 'short' },
      /session\.key .* too short/,
    ],
  ])('stops the start for %j', async (environment, message) => {
    await expect(startTestConsole(environment as unknown as Record<string, string>)).rejects.toThrow(message);
  });
});
