import { eventually } from '@iris/context-cache/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Mesh, startMesh } from '../../apps/sandbox/src/mesh/mesh.js';
import { VENDOR_NAMES } from '../../apps/sandbox/src/vendor-name.js';
import { ask, deviceOf, evidenceOf } from './hook-client.js';

/** Several records, hidden records, another address at one vendor. */
const UNEVEN = /^(oli|pia|quinn|rhea|vik)\b/;
const READ = { tool: 'Read', input: { file_path: '/x' } };

let mesh: Mesh;
const bulkReads: Record<string, number> = {};

function finished(): number {
  return Object.values(bulkReads).reduce((sum, count) => sum + count, 0);
}

beforeAll(async () => {
  mesh = await startMesh({
    root: process.cwd(),
    sandbox: { enforceLimits: false },
    // Once, at the start.
    commonEnv: { IRIS_BULK_INTERVAL_SECONDS: '86400' },
    gatewayEnv: { IRIS_HOOK_BUDGET_MS: '20000' },
    onLine: (process, line) => {
      if (line.includes('the bulk read is done')) bulkReads[process] = (bulkReads[process] ?? 0) + 1;
    },
  });
  await eventually(async () => expect(finished()).toBe(VENDOR_NAMES.length));
});
afterAll(() => mesh?.close());

describe('after the bulk reads', () => {
  it('each source was read once', () => {
    expect(bulkReads).toEqual(Object.fromEntries(VENDOR_NAMES.map((vendor) => [`enricher-${vendor}`, 1])));
  });

  it('the first decisions about people are made without asking a vendor', async () => {
    const { company } = mesh.sandbox.admin;
    const users = new Set(company.devices.filter(({ tags }) => tags.length === 0).map(({ user }) => user));
    const known = company.people.filter(
      ({ login, hr, okta, pagerDuty, serviceNow }) =>
        hr?.employmentStatus === 'active' && okta?.status === 'ACTIVE' && pagerDuty && serviceNow && users.has(login),
    );
    // Those whose address or records differ between the vendors have tests of their own.
    const people = known.map(({ login }) => login).filter((login) => !UNEVEN.test(login));
    expect(people.length).toBeGreaterThan(5);
    mesh.sandbox.admin.clearCalls();
    for (const login of people) {
      expect([login, await ask(mesh, { login, nodeId: deviceOf(mesh, login), ...READ })]).toEqual([login, 'passed']);
    }
    expect(VENDOR_NAMES.map((vendor) => [vendor, mesh.sandbox.admin.calls(vendor).byRoute])).toEqual(
      VENDOR_NAMES.map((vendor) => [vendor, {}]),
    );
    for (const { principal } of await evidenceOf(mesh.gateways[0])) {
      const { context } = principal.attr as unknown as { context: Record<string, { status: string }> };
      expect(Object.values(context).map(({ status }) => status)).toEqual(VENDOR_NAMES.map(() => 'fresh'));
    }
  });
});
