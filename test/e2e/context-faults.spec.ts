import { setTimeout as sleep } from 'node:timers/promises';
import { eventually } from '@iris/context-cache/testing';
import type { SourceId } from '@iris/contracts';
import type { FaultInput } from '@iris/simulation';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Mesh, startMesh } from '../../apps/sandbox/src/mesh/mesh.js';
import { VENDOR_NAMES, type VendorName } from '../../apps/sandbox/src/vendor-name.js';
import { evidenceOf, PRODUCTION, postHook, preRequest, type Reply } from './hook-client.js';

const SQL = 'mcp__postgres__execute_sql';
const BUDGET_MS = 1500;
/** Hooks are answered a little later than their budget ends: the machine is shared. */
const LATE_MS = 1500;
/** How long an outage lasts for each pair of fault and source, in ms. */
const OUTAGE_MS = 2500;
/** Between two hooks, in ms. */
const PAUSE_MS = 50;
const HEALING_PAUSE_MS = 250;
/**
 * Requests that one replica may make in that time, whatever the traffic: five lookups that fail, and a trial or two, of
 * two requests each. More would grow with the traffic.
 */
const MAX_REQUESTS = 20;
/** The same for a minute, with the trials that come ever more seldom. */
const MAX_REQUESTS_A_MINUTE = 40;

const FAULTS: readonly [string, FaultInput][] = [
  ['down', { mode: 'down' }],
  ['reset', { mode: 'reset' }],
  ['429', { mode: 'rate_limited', resetSeconds: 1 }],
  ['500', { mode: 'error' }],
  ['page with 200', { mode: 'html', status: 200 }],
  ['broken JSON', { mode: 'truncated' }],
  ['hang', { mode: 'hang' }],
];

let mesh: Mesh;
let strangers: { readonly login: string; readonly nodeId: string }[];

beforeAll(async () => {
  mesh = await startMesh({
    root: process.cwd(),
    sandbox: { people: 5000, enforceLimits: false },
    commonEnv: { IRIS_BULK_INTERVAL_SECONDS: '0' },
    gatewayEnv: { IRIS_HOOK_BUDGET_MS: String(BUDGET_MS) },
  });
  // Each hook is about somebody whom nobody has seen, so that the vendor has to be asked.
  const { company } = mesh.sandbox.admin;
  strangers = company.people
    .filter(({ hr, okta, pagerDuty, serviceNow }) => hr && okta && pagerDuty && serviceNow)
    .flatMap(({ login }) => {
      const device = company.devices.find(({ user, tags }) => user === login && tags.length === 0);
      return device === undefined ? [] : [{ login, nodeId: device.nodeId }];
    });
}, 180_000);
afterAll(() => mesh?.close());

interface Context {
  readonly status: string;
  readonly reason?: string;
}

async function contexts(): Promise<Map<string, Readonly<Record<SourceId, Context>>>> {
  const records = await evidenceOf(mesh.gateways[0]);
  return new Map(
    records.map(({ principal }) => [
      principal.id,
      (principal.attr as unknown as { context: Readonly<Record<SourceId, Context>> }).context,
    ]),
  );
}

async function stranger(): Promise<{ readonly login: string; readonly reply: Reply }> {
  const one = strangers.pop();
  if (one === undefined) throw new Error('everybody has been seen');
  return {
    login: one.login,
    reply: await postHook(mesh.gateways[0], preRequest({ ...one, tool: SQL, input: PRODUCTION })),
  };
}

describe.each(VENDOR_NAMES)('an outage of %s', (vendor: VendorName) => {
  const requests: string[] = [];
  afterAll(() => {
    process.stdout.write(`${vendor}, requests in ${OUTAGE_MS} ms of an outage: ${requests.join(', ')}\n`);
  });

  it.each(FAULTS)(
    '(%s) is told, answered in the budget, does not become a storm, and heals by itself',
    async (title, fault) => {
      await mesh.sandbox.admin.setFaults(vendor, fault);
      mesh.sandbox.admin.clearCalls();
      const startedAt = Date.now();
      const asked: { readonly login: string; readonly reply: Reply }[] = [];
      while (Date.now() - startedAt < OUTAGE_MS) {
        asked.push(await stranger());
        await sleep(PAUSE_MS);
      }
      const { total } = mesh.sandbox.admin.calls(vendor);
      await mesh.sandbox.admin.setFaults(vendor);

      requests.push(`${title} ${total} for ${asked.length} hooks`);
      expect(total).toBeLessThanOrEqual(MAX_REQUESTS);
      const told = await contexts();
      for (const { login, reply } of asked) {
        expect(reply.status).toBe(200);
        expect(reply.ms).toBeLessThan(BUDGET_MS + LATE_MS);
        expect(told.get(login)).toHaveProperty(`${vendor}.status`, 'unavailable');
        expect(told.get(login)).toHaveProperty(`${vendor}.reason`, expect.stringMatching(/^source_/));
      }

      await eventually(async () => {
        await sleep(HEALING_PAUSE_MS);
        const { login } = await stranger();
        expect((await contexts()).get(login)).toHaveProperty(`${vendor}.status`, 'fresh');
      });
    },
    60_000,
  );
});

describe('a minute of an outage', () => {
  it('costs the vendor a handful of requests under steady traffic', async () => {
    await mesh.sandbox.admin.setFaults('tailscale', { mode: 'error' });
    mesh.sandbox.admin.clearCalls();
    const endsAt = Date.now() + 60_000;
    let hooks = 0;
    while (Date.now() < endsAt) {
      expect((await stranger()).reply.status).toBe(200);
      hooks += 1;
      await sleep(PAUSE_MS);
    }
    const { total } = mesh.sandbox.admin.calls('tailscale');
    await mesh.sandbox.admin.setFaults('tailscale');
    process.stdout.write(`requests to a failing vendor in a minute: ${total} for ${hooks} hooks\n`);
    expect(total).toBeGreaterThan(0);
    expect(total).toBeLessThanOrEqual(MAX_REQUESTS_A_MINUTE);
  }, 120_000);
});
