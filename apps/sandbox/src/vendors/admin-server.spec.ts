import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { type Sandbox, startSandbox } from '../sandbox.js';

describe('the admin API', () => {
  let sandbox: Sandbox;
  const send = async (method: string, path: string, body?: unknown) => {
    const reply = await fetch(`${sandbox.urls.admin}${path}`, {
      method,
      ...(body !== undefined && { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    });
    const text = await reply.text();
    return { status: reply.status, body: text === '' ? undefined : JSON.parse(text) };
  };
  const okta = async (login: string) => {
    const reply = await fetch(`${sandbox.urls.okta}/api/v1/users/${login}`, {
      headers: { authorization: `SSWS ${sandbox.credentials.okta.token}` },
    });
    return { code: reply.status, user: (await reply.json()) as { status: string; profile: Record<string, unknown> } };
  };

  beforeAll(async () => {
    sandbox = await startSandbox();
  });
  afterAll(() => sandbox.close());
  afterEach(() => sandbox.admin.reset());

  it('tells another process where the vendors are and how to be let in', async () => {
    const { urls } = (await send('GET', '/')).body;
    expect(urls.okta).toBe(sandbox.urls.okta);
    expect((await send('GET', '/credentials')).body).toEqual(sandbox.credentials);
  });

  it('sets faults, latency and clock, and forgets them at a reset', async () => {
    expect((await send('PUT', '/faults/okta', { mode: 'error', status: 503 })).status).toBe(204);
    expect((await okta('ana')).code).toBe(503);
    expect((await send('GET', '/faults/okta')).body).toEqual([{ mode: 'error', status: 503 }]);
    await send('DELETE', '/faults/okta');
    expect((await okta('ana')).code).toBe(200);
    await send('PUT', '/faults/okta', [{ mode: 'html', count: 1 }]);
    await send('PUT', '/latency/okta', { ms: 1 });
    expect((await send('POST', '/clock', { advanceMs: 60_000 })).body.offsetMs).toBe(60_000);
    await send('POST', '/clock', { now: '2030-01-01T00:00:00Z' });
    expect((await send('GET', '/clock')).body.now).toMatch(/^2030-01-01T00:00:/);
    expect((await send('POST', '/reset')).status).toBe(204);
    expect((await okta('ana')).code).toBe(200);
    expect((await send('GET', '/clock')).body.offsetMs).toBe(0);
  });

  it('changes people, and every vendor shows it', async () => {
    await send('POST', '/company/okta/status', { login: 'ana@lumen.example', status: 'SUSPENDED' });
    await send('PATCH', '/company/people/ana@lumen.example', {
      hr: { department: 'Sales', employmentStatus: 'on_leave', terminationDate: null },
      oktaProfile: { department: 'Sales', level: 3 },
    });
    await send('POST', '/company/okta/groups', {
      login: 'ana@lumen.example',
      add: ['OKTA_GROUP:Brand New'],
      remove: ['OKTA_GROUP:On-Call Engineers'],
    });
    const { user } = await okta('ana@lumen.example');
    expect(user).toMatchObject({ status: 'SUSPENDED', profile: { department: 'Sales', level: 3 } });
    const { body } = await send('GET', '/company/people/ana@lumen.example');
    expect(body.okta.groups).toContain('OKTA_GROUP:Brand New');
    expect(body.okta.groups).not.toContain('OKTA_GROUP:On-Call Engineers');
    expect(body.hr.employmentStatus).toBe('on_leave');
  });

  it('moves shifts', async () => {
    const onCall = async () =>
      (await send('GET', '/company/shifts')).body.map((shift: { login: string }) => shift.login) as string[];
    expect(await onCall()).toContain('ana@lumen.example');
    await send('POST', '/company/shifts/end', { login: 'ana@lumen.example' });
    expect(await onCall()).not.toContain('ana@lumen.example');
    await send('POST', '/company/shifts/start', { login: 'ben@lumen.example', policy: 'orders' });
    expect(await onCall()).toContain('ben@lumen.example');
  });

  it('changes devices, items, changes and incidents', async () => {
    await send('POST', '/company/devices/nFinnMacCNTRL/posture', { attributes: { 'kandji:mdmEnabled': true } });
    await send('PATCH', '/company/devices/nFinnMacCNTRL', { tags: ['tag:kiosk'] });
    expect(sandbox.admin.company.device('nFinnMacCNTRL')).toMatchObject({
      tags: ['tag:kiosk'],
      posture: { 'kandji:mdmEnabled': true },
    });
    expect((await send('DELETE', '/company/devices/nFinnMacCNTRL')).status).toBe(204);
    expect((await send('DELETE', '/company/devices/nFinnMacCNTRL')).status).toBe(404);
    expect((await send('PATCH', '/company/items/orders-prod', { environment: 'staging' })).body.environment).toBe(
      'staging',
    );
    await send('PUT', '/company/changes/CHG0039999', {
      assignedTo: 'ana@lumen.example',
      item: 'orders-prod',
      start: '2026-11-01T00:00:00Z',
    });
    expect(sandbox.admin.company.changes.at(-1)).toMatchObject({
      number: 'CHG0039999',
      state: -1,
      approval: 'approved',
    });
    const incident = {
      service: 'orders-db',
      status: 'triggered',
      assignedTo: 'ben@lumen.example',
      createdAt: '2026-11-01T00:00:00Z',
    };
    await send('PUT', '/company/incidents/500', incident);
    expect(sandbox.admin.company.incidents.at(-1)).toMatchObject({ number: 500, urgency: 'high' });
  });

  it('reads the call log', async () => {
    await okta('ana');
    expect((await send('GET', '/calls?vendor=okta')).body).toMatchObject({
      total: 1,
      byRoute: { 'GET /api/v1/users/:id': 1 },
      calls: [{ method: 'GET', url: '/api/v1/users/ana', status: 200 }],
    });
    expect((await send('GET', '/calls')).body.okta).toMatchObject({ total: 1 });
    await send('DELETE', '/calls');
    expect((await send('GET', '/calls?vendor=okta')).body.total).toBe(0);
  });

  it('says what is wrong with a request', async () => {
    expect((await send('PUT', '/faults/nobody', { mode: 'down' })).status).toBe(400);
    expect((await send('PUT', '/faults/okta', { mode: 'melted' })).status).toBe(400);
    expect(
      (await send('POST', '/company/okta/status', { login: 'nobody@lumen.example', status: 'ACTIVE' })).status,
    ).toBe(404);
    expect((await send('POST', '/company/shifts/start', { login: 'ben@lumen.example', policy: 'none' })).status).toBe(
      404,
    );
    expect((await send('PATCH', '/company/people/xena@lumen.example', { hr: { title: 'x' } })).status).toBe(404);
    expect((await send('PATCH', '/company/people/ana@lumen.example', { height: 3 })).body.error).toContain('height');
  });
});
