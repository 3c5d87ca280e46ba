import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { RunningProxy } from '../pdp-proxy/running-proxy.js';
import { runIris } from './run-iris.js';

let running: RunningProxy;

beforeAll(async () => {
  running = await RunningProxy.start();
  const people = [
    ['ana@acme.example', 'Finance', 1000],
    ['ben@acme.example', 'Legal', 1000],
    ['cal@acme.example', 'Sales', 1000],
    ['old@acme.example', 'Finance', 700_000],
  ] as const;
  for (const [login, department, ageMs] of people) {
    await running.hold(login, 'okta', { login, department, groups: ['Staff'] }, ageMs);
  }
  // A device has no login among its facts.
  await running.hold('n1234CNTRL', 'tailscale', { device: { id: 'n1234CNTRL' } });
});

afterAll(async () => {
  await running.stop();
});

const ask = (...args: string[]) =>
  runIris(['who-can', ...args, '--pdp', running.pdp.target, '--redis', running.redis.url, '--only', 'okta']);

const REPORT = ['read', '--resource', 'report:R1', '--attr', '{"department":"Finance"}'];
const ROLES = ['--roles', '{"Staff":["employee"]}'];

describe('iris who-can', () => {
  it('lists who may act on a resource, who may not, and for whom it is not known', async () => {
    const run = await ask(...REPORT, ...ROLES, '--json');
    expect(run.err).toBe('');
    expect(run.json().people).toMatchObject([
      { login: 'ana@acme.example', verdict: 'allowed' },
      { login: 'ben@acme.example', verdict: 'denied', reason: 'policy_denied' },
      { login: 'cal@acme.example', verdict: 'denied' },
      { login: 'old@acme.example', verdict: 'unknown', allowedNow: true, unknownSources: { okta: 'stale' } },
    ]);
    expect(run.json()).toMatchObject({ unnamedPeople: 1, morePeople: false });
    expect(run.code).toBe(0);
  });

  it('agrees with the proxy on everybody', async () => {
    const { people } = (await ask(...REPORT, '--role', 'employee', '--json')).json<{
      people: { login: string; allowedNow: boolean }[];
    }>();
    for (const { login, allowedNow } of people) {
      const response = await fetch(`${running.proxy.httpUrl}/api/check/resources`, {
        method: 'POST',
        body: JSON.stringify({
          principal: { id: login, roles: ['employee'] },
          resources: [{ resource: { kind: 'report', id: 'R1', attr: { department: 'Finance' } }, actions: ['read'] }],
        }),
      });
      const { results } = (await response.json()) as { results: { actions: { read: string } }[] };
      expect([login, results[0]?.actions.read === 'EFFECT_ALLOW']).toEqual([login, allowedNow]);
    }
  });

  it('lists whose right another version of the policies changes', async () => {
    const run = await ask(...REPORT, ...ROLES, '--policy-version', 'next');
    expect(run.code).toBe(1);
    expect(run.out).toMatch(/Changed by version next \(1\)[\s\S]*ben@acme\.example +│ denied +│ allowed/);
    expect(run.out).toMatch(/May \(1\)[\s\S]*ana@acme\.example/);
    expect(run.out).toMatch(/Not asked about: 1 principals/);
  });

  it('asks about a tool as a gateway does', async () => {
    const run = await ask('Bash', '--params', '{"command":"ls"}', '--json');
    // These policies hold nothing for tool calls.
    expect(run.json().people).toMatchObject(
      Array.from({ length: 4 }, () => ({ allowedNow: false, reason: 'no_policy_match' })),
    );
  });

  it.each([
    [['read', '--resource', 'report'], /--resource must be kind:id/],
    [['read', '--roles', '{"a":1}'], /--roles must be JSON such as/],
    [['read', '--attr', 'x'], /must be JSON/],
  ])('refuses %j by name', async (args, problem) => {
    const run = await ask(...args);
    expect(run.code).toBe(2);
    expect(run.err).toMatch(problem);
  });
});
