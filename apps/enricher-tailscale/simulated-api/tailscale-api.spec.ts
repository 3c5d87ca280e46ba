import { DAY_MS, startSimulatedApi } from '@iris/simulation';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { simulatedApi } from './index.js';

type Running = Awaited<ReturnType<typeof startSimulatedApi<Awaited<ReturnType<typeof simulatedApi.credentials>>>>>;

type Json = Record<string, unknown>;

describe('the simulated Tailscale API', () => {
  let api: Running;
  const basic = (user: string, password: string) => `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
  const get = async (path: string, authorization = `Bearer ${api.credentials.apiKey}`) => {
    const reply = await fetch(`${api.url}/api/v2${path}`, { headers: { authorization } });
    return { status: reply.status, body: (await reply.json()) as Json };
  };
  const attributes = async (node: string) => (await get(`/device/${node}/attributes`)).body;

  beforeAll(async () => {
    api = await startSimulatedApi(simulatedApi);
  });
  afterAll(() => api.close());
  afterEach(() => api.reset());

  it('reports a device by node id and by its old number, more of it when all fields are asked for', async () => {
    const { body } = await get('/device/nAnaMacCNTRL');
    expect(body).toMatchObject({ nodeId: 'nAnaMacCNTRL', user: 'ana@lumen.example', os: 'macOS', isExternal: false });
    expect(body).not.toHaveProperty('postureIdentity');
    expect(body).not.toHaveProperty('lastSeen');
    expect((await get(`/device/${body.id}`)).body.nodeId).toBe('nAnaMacCNTRL');
    expect((await get('/device/nAnaMacCNTRL?fields=all')).body).toMatchObject({
      postureIdentity: { serialNumbers: [expect.any(String)] },
    });
    expect((await get('/device/nKaiPhoneCNTRL?fields=all')).body.postureIdentity).toEqual({ disabled: true });
    expect((await get('/device/nNoSuchCNTRL')).status).toBe(404);
  });

  it('has managed, unmanaged, tagged and shared devices', async () => {
    expect((await attributes('nAnaMacCNTRL')).attributes).toMatchObject({
      'kandji:mdmEnabled': true,
      'node:os': 'macos',
    });
    expect((await attributes('nEveLaptopCNTRL')).attributes).toMatchObject({ 'intune:complianceState': 'compliant' });
    const unmanaged = Object.keys((await attributes('nFinnMacCNTRL')).attributes as Json);
    expect(unmanaged.every((key) => /^(node|ip):/.test(key))).toBe(true);
    expect((await get('/device/nCiRunner1CNTRL')).body).toMatchObject({ tags: ['tag:ci'], user: 'wes@lumen.example' });
    expect((await get('/device/nZoeShared1CNTRL')).body).toMatchObject({
      isExternal: true,
      created: '',
      user: 'zoe@github',
    });
  });

  it('takes an attribute away when it expires', async () => {
    const before = await attributes('nKaiMacCNTRL');
    expect(before).toMatchObject({
      attributes: { 'custom:managed': true },
      expiries: { 'custom:managed': expect.any(String) },
    });
    api.clock.advance(2 * DAY_MS + 1000);
    const after = await attributes('nKaiMacCNTRL');
    expect(after.attributes).not.toHaveProperty('custom:managed');
    expect(after).not.toHaveProperty('expiries');
  });

  it('follows posture changes and removal', async () => {
    const { company } = api;
    company.changePosture('nAnaMacCNTRL', { 'kandji:mdmEnabled': null, 'falcon:ztaScore': 12 });
    const changed = (await attributes('nAnaMacCNTRL')).attributes;
    expect(changed).toMatchObject({ 'falcon:ztaScore': 12 });
    expect(changed).not.toHaveProperty('kandji:mdmEnabled');
    company.removeDevice('nAnaMacCNTRL');
    expect((await get('/device/nAnaMacCNTRL/attributes')).status).toBe(404);
  });

  it('lists all devices and users in one reply, without posture', async () => {
    const { devices } = (await get('/tailnet/-/devices')).body as { devices: Json[] };
    expect(devices.length).toBe(api.company.devices.length);
    expect(devices.some((device) => 'attributes' in device)).toBe(false);
    const { users } = (await get('/tailnet/lumen.example/users?type=shared')).body as { users: Json[] };
    expect(users.map((user) => user.loginName)).toEqual(['zoe@github']);
    expect((await get('/tailnet/other.example/devices')).status).toBe(404);
  });

  it('accepts its key as user name or bearer, and OAuth tokens within their scopes', async () => {
    const { apiKey, clientId, clientSecret } = api.credentials;
    const device = '/device/nAnaMacCNTRL';
    expect((await get(device, basic(apiKey, ''))).status).toBe(200);
    expect(await get(device, 'Bearer wrong')).toEqual({ status: 401, body: { message: 'API token invalid' } });
    const grant = async (form: Record<string, string>, headers: Record<string, string> = {}) => {
      const body = new URLSearchParams({ grant_type: 'client_credentials', ...form });
      return fetch(`${api.url}/api/v2/oauth/token`, { method: 'POST', body, headers });
    };
    const byForm = await grant({ client_id: clientId, client_secret: clientSecret, scope: 'devices:core:read' });
    const { access_token, expires_in } = (await byForm.json()) as { access_token: string; expires_in: number };
    expect(expires_in).toBe(3600);
    expect((await get(device, `Bearer ${access_token}`)).status).toBe(200);
    expect((await get(`${device}/attributes`, `Bearer ${access_token}`)).status).toBe(403);
    expect((await grant({}, { authorization: basic(clientId, clientSecret) })).status).toBe(200);
    expect((await grant({}, { authorization: basic(clientId, 'wrong') })).status).toBe(401);
    api.clock.advance(3_600_000);
    expect((await get(device, `Bearer ${access_token}`)).status).toBe(401);
  });
});
