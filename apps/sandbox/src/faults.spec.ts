import type { FaultInput } from '@iris/simulation';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { type Sandbox, startSandbox } from './sandbox.js';

describe('faults and calls of a vendor', () => {
  let sandbox: Sandbox;
  const path = '/api/v2/device/nAnaMacCNTRL';
  const get = (to = path, timeoutMs = 5000) =>
    fetch(`${sandbox.urls.tailscale}${to}`, {
      headers: { authorization: `Bearer ${sandbox.credentials.tailscale.apiKey}` },
      signal: AbortSignal.timeout(timeoutMs),
    });
  const strike = (...faults: FaultInput[]) => sandbox.admin.setFaults('tailscale', ...faults);

  beforeAll(async () => {
    sandbox = await startSandbox();
  });
  afterAll(() => sandbox.close());
  afterEach(() => sandbox.admin.reset());

  it('refuses connections while down and comes back on the same port', async () => {
    expect((await get()).status).toBe(200);
    await strike({ mode: 'down' });
    expect(sandbox.admin.faults('tailscale')).toEqual([{ mode: 'down' }]);
    await expect(get()).rejects.toMatchObject({ cause: { code: 'ECONNREFUSED' } });
    await strike({ mode: 'down' });
    await strike();
    expect((await get()).status).toBe(200);
  });

  it('cuts connections', async () => {
    await strike({ mode: 'reset' });
    await expect(get()).rejects.toThrow('fetch failed');
    await strike();
    expect(sandbox.admin.calls('tailscale').byStatus).toEqual({ 0: 1 });
  });

  it('answers in the forms that a broken vendor or proxy has', async () => {
    await strike({ mode: 'error', status: 503 });
    expect([(await get()).status, await (await get()).json()]).toEqual([503, { message: 'internal server error' }]);
    await strike({ mode: 'html', status: 200 });
    const page = await get();
    expect([page.status, page.headers.get('content-type'), await page.text()]).toEqual([
      200,
      'text/html',
      expect.stringContaining('<html>'),
    ]);
    await strike({ mode: 'truncated' });
    const cut = await get();
    expect(cut.status).toBe(200);
    await expect(cut.json()).rejects.toThrow('JSON');
    await strike({ mode: 'answer', body: '[]', headers: { link: '<http://elsewhere.invalid/>; rel="next"' } });
    const given = await get();
    expect([given.headers.get('link'), await given.json()]).toEqual(['<http://elsewhere.invalid/>; rel="next"', []]);
    await strike({ mode: 'rate_limited', resetSeconds: 3 });
    expect([(await get()).status, (await get()).headers.get('retry-after')]).toEqual([429, '3']);
  });

  it('hangs until it is closed, and slows down', async () => {
    await strike({ mode: 'hang' });
    await expect(get(path, 50)).rejects.toMatchObject({ name: 'TimeoutError' });
    await strike({ mode: 'slow', delayMs: 10_000 });
    await expect(get(path, 50)).rejects.toMatchObject({ name: 'TimeoutError' });
    await strike();
    sandbox.admin.setLatency('tailscale', 30);
    await get();
    expect(sandbox.admin.calls('tailscale').calls.at(-1)?.durationMs).toBeGreaterThanOrEqual(29);
  });

  it('strikes only the paths, methods and number of requests that were named', async () => {
    await strike({ mode: 'error', path: '/attributes$' }, { mode: 'error', status: 502, count: 2 });
    const statuses = async (to: string) => (await get(to)).status;
    expect(await statuses(`${path}/attributes`)).toBe(500);
    expect([await statuses(path), await statuses(path), await statuses(path)]).toEqual([502, 502, 200]);
    expect(await statuses(`${path}/attributes`)).toBe(500);
    await strike({ mode: 'error', method: 'POST' });
    expect(await statuses(path)).toBe(200);
  });

  it('flaps', async () => {
    await strike({ mode: 'error', flapping: { fail: 2, pass: 1 } });
    const statuses: number[] = [];
    for (let turn = 0; turn < 6; turn++) statuses.push((await get()).status);
    expect(statuses).toEqual([500, 500, 200, 500, 500, 200]);
  });

  it('refuses a fault that makes no sense and keeps the one before', async () => {
    await strike({ mode: 'error' });
    await expect(strike({ mode: 'error', path: '(' })).rejects.toThrow('regular expression');
    expect((await get()).status).toBe(500);
  });

  it('counts calls by route and status, and how many ran at once', async () => {
    sandbox.admin.setLatency('tailscale', 500);
    await Promise.all(Array.from({ length: 5 }, () => get()));
    await get('/api/v2/nothing');
    const calls = sandbox.admin.calls('tailscale');
    expect(calls.byRoute).toEqual({ 'GET /api/v2/device/:id': 5, 'GET unmatched': 1 });
    expect(calls.byStatus).toEqual({ 200: 5, 404: 1 });
    expect(calls.mostAtOnce).toBe(5);
    expect(calls.calls).toHaveLength(6);
    sandbox.admin.clearCalls();
    expect(sandbox.admin.calls('tailscale')).toMatchObject({ total: 0, calls: [] });
  });

  it('closes while a request hangs', async () => {
    const other = await startSandbox();
    await other.admin.setFaults('okta', { mode: 'hang' });
    const hanging = fetch(other.urls.okta).catch((error: Error) => error.message);
    await new Promise((resolve) => setTimeout(resolve, 100));
    await other.close();
    expect(await hanging).toBe('fetch failed');
  });
});
