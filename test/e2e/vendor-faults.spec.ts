import { setTimeout as sleep } from 'node:timers/promises';
import { eventually } from '@iris/context-cache/testing';
import type { FaultInput } from '@iris/simulation';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { type Mesh, startMesh } from '../../apps/sandbox/src/mesh/mesh.js';
import { Starvation } from '../run/starvation.js';
import { evidenceOf, fateOf, PRODUCTION, postHook, preRequest } from './hook-client.js';

const SQL = 'mcp__postgres__execute_sql';
const BUDGET_MS = 3000;
/** Between two hooks, in ms. */
const PAUSE_MS = 100;
/** How long a vendor is unavailable, in ms. */
const OUTAGE_MS = 20_000;
/**
 * Requests of one replica in that time, whatever the traffic: five lookups that fail, and four trials that come ever more
 * seldom, each of two or three requests. One request for each hook would be far more.
 */
const MAX_REQUESTS = 30;
const HOUR_MS = 3_600_000;

let mesh: Mesh;
let onCall: string[];

beforeAll(async () => {
  mesh = await startMesh({
    root: process.cwd(),
    commonEnv: { IRIS_BULK_INTERVAL_SECONDS: '0' },
    gatewayEnv: { IRIS_HOOK_BUDGET_MS: String(BUDGET_MS) },
  });
  await postHook(mesh.gateways[0], preRequest({ login: 'ana@lumen.example', tool: SQL, input: PRODUCTION }));
  const { company, clock } = mesh.sandbox.admin;
  // Nobody's facts may be cached yet, so each fault strikes another person; all of them are on call.
  onCall = company.people
    .filter(({ login, email, hr, okta, pagerDuty }) => {
      const isKnownAlike = email === login && hr?.workEmail === login && pagerDuty?.email === login;
      return (
        isKnownAlike && hr.department === 'Engineering' && hr.employmentStatus === 'active' && okta?.status === 'ACTIVE'
      );
    })
    .map(({ login }) => login);
  if (onCall.length < FAULTS.length) throw new Error('the company has too few engineers for the faults');
  for (const login of onCall) {
    company.startShift({ login, policy: company.rota.policies[0]?.key ?? '', end: clock.now() + HOUR_MS });
  }
});

afterEach(() => mesh.sandbox.admin.setFaults('pagerduty'));
afterAll(() => mesh?.close());

const FAULTS: readonly [string, FaultInput][] = [
  ['refuses connections', { mode: 'down' }],
  ['cuts the connection', { mode: 'reset' }],
  ['answers 429 with its headers', { mode: 'rate_limited' }],
  ['answers 429 without headers', { mode: 'rate_limited', headers: 'none' }],
  ['says 500', { mode: 'error' }],
  ['answers a page with 200', { mode: 'html', status: 200 }],
  ['answers a page with 502', { mode: 'html', status: 502 }],
  ['breaks off its JSON', { mode: 'truncated' }],
  ['is slower than the budget', { mode: 'slow', delayMs: 2 * BUDGET_MS }],
  ['never answers', { mode: 'hang' }],
];

describe('a vendor that fails', () => {
  it.each(FAULTS)(
    '%s: answered in the budget, told as unavailable, production denied; and it heals',
    async (_title, fault) => {
      const login = onCall.pop() ?? '';
      await mesh.sandbox.admin.setFaults('pagerduty', fault);

      const hook = preRequest({ login, tool: SQL, input: PRODUCTION });
      const starvation = new Starvation(() => mesh.gateways.map(({ process }) => process.pid));
      const sentAt = performance.now();
      const reply = await postHook(mesh.gateways[0], hook);
      const starvedMs = starvation.between(sentAt, performance.now());
      starvation.stop();
      expect(reply.status).toBe(200);
      expect(fateOf(reply)).toBe('withheld');
      expect(reply.ms - starvedMs).toBeLessThanOrEqual(BUDGET_MS);
      const record = (await evidenceOf(mesh.gateways[0])).find(({ principal }) => principal.id === login);
      expect(record?.principal.attr).toHaveProperty('context.pagerduty.status', 'unavailable');
      expect(record?.principal.attr).not.toHaveProperty('onCall');
      expect(record?.principal.attr).toHaveProperty('department', 'Engineering');

      await mesh.sandbox.admin.setFaults('pagerduty');
      // The circuit breaker of a source that failed for long tries again after half a minute at the latest.
      await eventually(async () => {
        await sleep(PAUSE_MS);
        const healed = await postHook(mesh.gateways[0], preRequest({ login, tool: SQL, input: PRODUCTION }));
        expect(fateOf(healed)).toBe('passed');
      });
    },
  );
});

describe('a vendor that is unavailable for a while', () => {
  it('gets a handful of requests, however many hooks ask for its facts', async () => {
    const { admin } = mesh.sandbox;
    await admin.setFaults('tailscale', { mode: 'error' });
    admin.clearCalls();
    const endsAt = performance.now() + OUTAGE_MS;
    let hooks = 0;
    for (; performance.now() < endsAt; hooks += 1) {
      const nodeId = `node-of-nobody-${hooks}`;
      const reply = await postHook(
        mesh.gateways[0],
        preRequest({ login: 'ana@lumen.example', tool: 'Read', input: {}, nodeId }),
      );
      expect(reply.status).toBe(200);
      await sleep(PAUSE_MS);
    }
    const { total } = admin.calls('tailscale');
    await admin.setFaults('tailscale');
    process.stdout.write(`requests to a failing vendor in ${OUTAGE_MS} ms: ${total} for ${hooks} hooks\n`);
    expect(hooks).toBeGreaterThan(MAX_REQUESTS);
    expect(total).toBeGreaterThan(0);
    expect(total).toBeLessThanOrEqual(MAX_REQUESTS);
  });
});
