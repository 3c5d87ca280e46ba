import { type LocalPdp, startLocalPdp } from '@iris/local-pdp';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { recordOfDenial } from './record-of-denial.js';
import { startTestConsole } from './start-test-console.js';

const ID = recordOfDenial().id;
const NO_FACTS = { onCall: false, kind: 'user' };

let local: LocalPdp;
let started: Awaited<ReturnType<typeof startTestConsole>>;
let token: string;

beforeAll(async () => {
  local = await startLocalPdp({ policies: 'policies/pack', strict: true });
  started = await startTestConsole({ IRIS_TRACE_URL_TEMPLATE: 'https://traces.example/{traceId}' }, local.pdp);
  await started.log.insert([recordOfDenial()]);
  token = (await started.json('/api/me')).csrfToken;
});

afterAll(async () => {
  await started?.app.close();
  await local?.close();
});

// biome-ignore lint/suspicious/noExplicitAny: a spec looks at single fields.
async function post(path: string, body: unknown = {}): Promise<any> {
  const response = await fetch(`${started.url}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-iris-csrf': token },
    body: JSON.stringify(body),
  });
  return response.json();
}

describe('one decision', () => {
  it('states why in one sentence with the fact, its age and its end', async () => {
    const { why } = await started.json(`/api/decisions/${ID}`);
    expect(why).toBe(
      'Denied: Production systems need an on-call shift that PagerDuty confirms at this moment; PagerDuty, 40 s old, reports that the person is not on call now, and that the end of the present on-call time was 12 min ago.',
    );
  });

  it('gives each fact its source, age and end, and the rule its text', async () => {
    const detail = await started.json(`/api/decisions/${ID}`);
    expect(detail.attributes.find(({ path }: { path: string }) => path === 'onCall')).toEqual({
      path: 'onCall',
      value: false,
      source: 'pagerduty',
      status: 'fresh',
      ageSeconds: 40,
      observedAt: '2026-11-06T18:29:20.000Z',
      freshUntil: '2026-11-06T18:29:50.000Z',
      staleUntil: '2026-11-06T18:31:20.000Z',
      readByRule: true,
    });
    expect(detail.rules).toHaveLength(1);
    expect(detail.rules[0]).toMatchObject({ name: 'production-systems', file: 'enforce/aperture_hook.yaml' });
    expect(detail.rules[0].text).toContain('"on_call" in runtime.effectiveDerivedRoles');
    expect(detail.parameters).toEqual({ sql: 'select 1', password: '[masked]' });
    expect(detail.traceUrl).toBe('https://traces.example/0123456789abcdef0123456789abcdef');
    expect(detail.canAskAgain).toBe(true);
    expect(started.accesses.at(-1)).toMatchObject({ subject: 'ben@lumen.example', record: ID, action: 'readDecision' });
  });

  it('finds by the PDP that being on call alone would allow', async () => {
    const answer = await post(`/api/decisions/${ID}/smallest-change`);
    expect(answer).toMatchObject({ hypothetical: true, found: true });
    expect(answer.changes[0]).toEqual([{ of: 'principal', path: 'onCall', from: false, to: true }]);
  });

  it('finds two facts where one is not enough', async () => {
    const { principal, ...record } = recordOfDenial();
    const context = { pagerduty: { status: 'stale' }, okta: { status: 'fresh' }, workday: { status: 'fresh' } };
    await started.log.insert([
      { ...record, id: 'two', principal: { ...principal, attr: { ...principal.attr, ...NO_FACTS, context } } },
    ]);
    const answer = await post('/api/decisions/two/smallest-change');
    expect(answer.found).toBe(true);
    expect(answer.changes[0]).toHaveLength(2);
    expect(answer.changes[0].map(({ path }: { path: string }) => path).sort()).toEqual([
      'context.pagerduty.status',
      'onCall',
    ]);
  });

  it('asks what if, without a trace of it in the log', async () => {
    const before = (await started.log.status()).rows;
    const changes = [{ of: 'principal', path: 'pagerduty.onCall', to: true }];
    expect(await post(`/api/decisions/${ID}/what-if`, { changes })).toMatchObject({
      hypothetical: true,
      recorded: 'DENY',
      unchanged: 'DENY',
      effect: 'ALLOW',
      message: 'whoever is on call may use production',
      policyFound: true,
    });
    expect(await post(`/api/decisions/${ID}/what-if`, { policyVersion: 'observe' })).toMatchObject({
      policyFound: true,
      policyVersion: 'observe',
    });
    expect(await post(`/api/decisions/${ID}/what-if`, { policyVersion: 'none' })).toMatchObject({ policyFound: false });
    expect((await started.log.status()).rows).toBe(before);
  });

  it('refuses a change of what every object has', async () => {
    const changes = [{ of: 'principal', path: '__proto__.polluted', to: true }];
    expect(await post(`/api/decisions/${ID}/what-if`, { changes })).toMatchObject({ field: 'changes' });
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });

  it('answers a hostile record bounded and as data', async () => {
    const long = '<script>alert(1)</script>\u202e\u0000\u001b[31m'.repeat(30_000);
    const record = recordOfDenial({ id: 'hostile', action: long, sessionId: long.slice(0, 300) });
    record.principal.attr[long.slice(0, 5000)] = long;
    if (record.resource !== undefined) record.resource.attr.params = { [long]: [long, { deep: long }] };
    record.policy.outputs = [{ source: long, value: { message: long } }];
    record.policy.rules = [long];
    await started.log.insert([record]);
    for (const path of ['/api/decisions/hostile', '/api/decisions/hostile/record', '/api/decisions?limit=5']) {
      const response = await fetch(`${started.url}${path}`);
      expect(response.status).toBe(200);
      expect(response.headers.get('content-type')).toContain('application/json');
      expect(response.headers.get('x-content-type-options')).toBe('nosniff');
      expect(Buffer.byteLength(await response.text())).toBeLessThan(2_000_000);
    }
  });
});

describe('policies', () => {
  it('lists rules with hits and those that were never hit', async () => {
    const answer = await started.json('/api/policies?from=2026-11-06T00:00:00Z&to=2026-11-07T00:00:00Z');
    const rule = answer.rules.find(({ name }: { name: string }) => name === 'production-systems');
    expect(rule.enforced.hits).toBeGreaterThanOrEqual(1);
    expect(answer.neverHit).toContain('resource.aperture_hook.vdefault#crm-read');
    expect((await started.json('/api/policies/candidates')).versions).toEqual(['default', 'observe']);
  });

  it('compares a version with the recorded decisions', async () => {
    const filter = { from: '2026-11-06T00:00:00Z', to: '2026-11-07T00:00:00Z', tool: ['mcp__postgres__query'] };
    let answer = await post('/api/policies/differences', { filter, policyVersion: 'observe', masked: true });
    while (answer.state === 'running') answer = await started.json(`/api/policies/differences/${answer.id}`);
    expect(answer).toMatchObject({ state: 'finished', replayed: 2, changed: 2 });
    expect(answer.byPerson).toEqual([{ name: 'ben@lumen.example', toAllow: 2, toDeny: 0 }]);
  });
});

describe('people', () => {
  it('answers which tools the person may call, by plans of the PDP', async () => {
    const answer = await started.json('/api/people/ben@lumen.example/tools');
    expect(answer.status).toBe('ok');
    const tool = answer.tools.find((one: { tool: string }) => one.tool === 'mcp__postgres__query');
    expect(tool).toMatchObject({ category: 'database', calls: 2 });
    expect(['conditional', 'never']).toContain(tool.answer);
    expect(JSON.stringify(answer).length).toBeLessThan(20_000);
  });

  it('answers the person and the session', async () => {
    const person = await started.json('/api/people/ben@lumen.example');
    expect(person.sessions.map(({ id }: { id: string }) => id)).toContain('session-1');
    // No Redis is set: that is not "no facts".
    expect(person.context).toEqual({ status: 'unavailable', entries: [] });
    const session = await started.json('/api/sessions/session-1');
    expect(session.calls[0]).toMatchObject({ withheld: true });
  });
});
