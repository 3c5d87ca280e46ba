import { setTimeout as sleep } from 'node:timers/promises';
import { eventually } from '@iris/context-cache/testing';
import type { FaultInput } from '@iris/simulation';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { type Mesh, startMesh } from '../../apps/sandbox/src/mesh/mesh.js';
import { Starvation } from '../run/starvation.js';
import { evidenceOf, fateOf, PRODUCTION, postHook, preRequest } from './hook-client.js';

const SQL = 'mcp__postgres__execute_sql';
const BUDGET_MS = 3000;
/** The verdict is written and read after the budget ends, in ms. */
const MARGIN_MS = 500;
/** Between two hooks, in ms. */
const PAUSE_MS = 100;
/** Hooks during an outage of a vendor. */
const OUTAGE_HOOKS = 80;
/** Requests of a lookup that fails, its repetition included. */
const LOOKUP_REQUESTS = 3;
/** Lookups that fail before the circuit opens, and trials in the first half minute: after 1, 3, 7 and 15 s. */
const MAX_LOOKUPS = 5 + 4;
/** Later a trial comes each half minute, in ms. */
const TRIAL_EVERY_MS = 30_000;
const HOUR_MS = 3_600_000;

let mesh: Mesh;
let onCall: string[];

beforeAll(async () => {
  mesh = await startMesh({
    root: process.cwd(),
    sandbox: { people: 300 },
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
      expect(reply.ms - starvedMs).toBeLessThanOrEqual(BUDGET_MS + MARGIN_MS);
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
    const startedAt = performance.now();
    // Each hook is about a device of which nobody has asked.
    const devices = admin.company.devices.filter(({ tags }) => tags.length === 0).slice(-OUTAGE_HOOKS);
    expect(devices).toHaveLength(OUTAGE_HOOKS);
    for (const { user, nodeId } of devices) {
      const hook = preRequest({ login: user, tool: 'Read', input: {}, nodeId });
      expect((await postHook(mesh.gateways[0], hook)).status).toBe(200);
      await sleep(PAUSE_MS);
    }
    const lateTrials = Math.ceil((performance.now() - startedAt) / TRIAL_EVERY_MS);
    const { total } = admin.calls('tailscale');
    await admin.setFaults('tailscale');
    process.stdout.write(`requests to a failing vendor: ${total} for ${OUTAGE_HOOKS} hooks\n`);
    expect(total).toBeGreaterThan(0);
    expect(total).toBeLessThanOrEqual(LOOKUP_REQUESTS * (MAX_LOOKUPS + lateTrials));
  });
});
