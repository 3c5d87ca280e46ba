import { setTimeout as sleep } from 'node:timers/promises';
import type { FaultInput } from '@iris/simulation';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { type Mesh, startMesh } from '../../apps/sandbox/src/mesh/mesh.js';
import { evidenceOf, fateOf, PRODUCTION, postHook, preRequest } from './hook-client.js';

const SQL = 'mcp__postgres__execute_sql';
const BUDGET_MS = 3000;
/** The circuit breaker of a source that failed for long tries again after half a minute at the latest. */
const HEALED_MS = 60_000;
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
}, 180_000);

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
      const reply = await postHook(mesh.gateways[0], hook);
      expect(reply.status).toBe(200);
      expect(fateOf(reply)).toBe('withheld');
      const record = (await evidenceOf(mesh.gateways[0])).find(({ principal }) => principal.id === login);
      expect(record?.principal.attr).toHaveProperty('context.pagerduty.status', 'unavailable');
      expect(record?.principal.attr).not.toHaveProperty('onCall');
      expect(record?.principal.attr).toHaveProperty('department', 'Engineering');
      expect(record?.durationsMs.total).toBeLessThanOrEqual(BUDGET_MS);

      await mesh.sandbox.admin.setFaults('pagerduty');
      const endsAt = Date.now() + HEALED_MS;
      let fate: string;
      do {
        await sleep(500);
        fate = fateOf(await postHook(mesh.gateways[0], preRequest({ login, tool: SQL, input: PRODUCTION })));
      } while (fate !== 'passed' && Date.now() < endsAt);
      expect(fate).toBe('passed');
    },
    2 * HEALED_MS,
  );
});
