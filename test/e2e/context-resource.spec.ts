import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Mesh, startMesh } from '../../apps/sandbox/src/mesh/mesh.js';
import { ask, evidenceOf, PRODUCTION, STAGING } from './hook-client.js';
import { packWithOwners } from './owner-policy.js';

const SQL = 'mcp__postgres__execute_sql';
const BILLING = { connection_string: 'postgres://iris@billing-staging.db.lumen.example/billing', sql: 'select 1' };

let folder: string;
let mesh: Mesh;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'iris-resource-'));
  mesh = await startMesh({
    root: process.cwd(),
    policies: await packWithOwners(join(folder, 'pack')),
    commonEnv: { IRIS_BULK_INTERVAL_SECONDS: '0' },
    gatewayEnv: { IRIS_HOOK_BUDGET_MS: '20000' },
  });
});
afterAll(async () => {
  await mesh?.close();
  await rm(folder, { recursive: true, force: true });
});

async function cmdbOf(login: string): Promise<unknown> {
  const record = (await evidenceOf(mesh.gateways[0])).filter(({ principal }) => principal.id === login).at(-1);
  return (record?.resource?.attr as { cmdb?: unknown } | undefined)?.cmdb;
}

describe('what the CMDB knows of a database', () => {
  it('reaches the policy, with the change that is in its window', async () => {
    expect(await ask(mesh, { login: 'ben@lumen.example', tool: SQL, input: STAGING })).toBe('passed');
    expect(await cmdbOf('ben@lumen.example')).toEqual({
      status: 'fresh',
      environment: 'staging',
      owner: 'Orders Support',
      criticality: '3 - less critical',
      openChange: 'CHG0030001',
    });
  });

  it('decides where it disagrees with the name', async () => {
    mesh.sandbox.admin.company.updateItem('billing-staging', { environment: 'production' });
    expect(await ask(mesh, { login: 'ben@lumen.example', tool: SQL, input: BILLING })).toBe('withheld');
    expect(await cmdbOf('ben@lumen.example')).toMatchObject({ environment: 'production' });
  });

  it('is asked for once, whoever asks', () => {
    const lookups = mesh.sandbox.admin
      .calls('servicenow')
      .calls.filter(({ url }) => url.includes('/cmdb_ci?') && url.includes('billing-staging'));
    // By name and by host name.
    expect(lookups).toHaveLength(2);
  });

  it('is not found where it knows no such database, and the name decides', async () => {
    const input = { connection_string: 'postgres://iris@carts-staging.db.lumen.example/carts', sql: 'select 1' };
    expect(await ask(mesh, { login: 'gus@lumen.example', tool: SQL, input })).toBe('passed');
    expect(await cmdbOf('gus@lumen.example')).toEqual({ status: 'not_found' });
  });

  it.each([
    ['with a trailing dot and a port', 'postgres://iris@billing-staging.db.lumen.example.:5432/billing'],
    ['in upper case', 'postgres://iris@BILLING-staging.DB.lumen.example/billing'],
    ['in a list of hosts', 'postgres://iris@billing-staging.db.lumen.example,localhost/billing'],
    ['behind another host', 'postgres://iris@localhost/billing?host=billing-staging.db.lumen.example'],
  ])('decides for a host %s', async (_, text) => {
    const input = { connection_string: text, sql: 'select 1' };
    expect(await ask(mesh, { login: 'ben@lumen.example', tool: SQL, input })).toBe('withheld');
    expect(await cmdbOf('ben@lumen.example')).toMatchObject({ environment: expect.stringContaining('production') });
  });

  it.each([
    'psql -h billing-staging.db.lumen.example -c "select 1"',
    'psql -h billing-staging.db.lumen.example. -c "select 1"',
    'psql -h billing-staging.db.lumen.example,orders-staging.db.lumen.example -c "select 1"',
    'PGHOST=billing-staging.db.lumen.example psql -c "select 1"',
    'psql postgres://iris@BILLING-staging.db.lumen.example:5432/billing -c "select 1"',
    'ssh dev1.lumen.example psql -h billing-staging.db.lumen.example -c "select 1"',
  ])('decides for a command, too: %s', async (command) => {
    expect(await ask(mesh, { login: 'ben@lumen.example', tool: 'Bash', input: { command } })).toBe('withheld');
    const other = command.replaceAll(/billing/gi, 'orders');
    if (!other.startsWith('ssh')) {
      expect(await ask(mesh, { login: 'ben@lumen.example', tool: 'Bash', input: { command: other } })).toBe('passed');
    }
  });

  it('decides when 20 calls on other hosts come first in the same hook', async () => {
    const before = Array.from({ length: 20 }, (_, index) => ({
      tool: SQL,
      input: { connection_string: `postgres://iris@other${index}-staging.db.lumen.example/x`, sql: 'select 1' },
    }));
    const command = 'psql -h billing-staging.db.lumen.example -c "select 1"';
    for (const call of [
      { tool: SQL, input: BILLING },
      { tool: 'Bash', input: { command } },
    ]) {
      expect(await ask(mesh, { login: 'ben@lumen.example', ...call, before })).toBe('withheld');
    }
  });

  it('is told as not asked when a hook names more databases than are looked up', async () => {
    const name = (index: number) => `postgres://iris@decoy${index}-staging.db.lumen.example/x`;
    const input = { url: Array.from({ length: 9 }, (_, index) => name(index)), connection_string: name(9) };
    const more = { url: Array.from({ length: 30 }, (_, index) => name(index)), sql: 'select 1' };
    expect(await ask(mesh, { login: 'ben@lumen.example', tool: SQL, input })).toBe('passed');
    expect(await ask(mesh, { login: 'ben@lumen.example', tool: SQL, input: more })).toBe('withheld');
    expect(await cmdbOf('ben@lumen.example')).toEqual({ status: 'not_asked' });
  });

  it('is unavailable while ServiceNow fails, and nothing excludes production', async () => {
    await mesh.sandbox.admin.setFaults('servicenow', { mode: 'error', status: 500 });
    const input = { connection_string: 'postgres://iris@cold-staging.db.lumen.example/x', sql: 'select 1' };
    expect(await ask(mesh, { login: 'ben@lumen.example', tool: SQL, input })).toBe('withheld');
    expect(await cmdbOf('ben@lumen.example')).toEqual({ status: 'unavailable' });
    const command = 'psql -h chilly-staging.db.lumen.example -c "select 1"';
    expect(await ask(mesh, { login: 'ben@lumen.example', tool: 'Bash', input: { command } })).toBe('withheld');
    await mesh.sandbox.admin.setFaults('servicenow');
  });
});

describe('who is on call for the service that owns a production database', () => {
  const billing = { connection_string: 'postgres://iris@billing-prod.db.lumen.example/billing', sql: 'select 1' };

  it('may use it, and who is on call for another service may not', async () => {
    mesh.sandbox.admin.company.startShift({ login: 'lee@lumen.example', policy: 'payments' });
    const fates = (login: string) =>
      Promise.all([PRODUCTION, billing].map((input) => ask(mesh, { login, tool: SQL, input })));
    expect(await fates('ana@lumen.example')).toEqual(['passed', 'withheld']);
    expect(await fates('lee@lumen.example')).toEqual(['withheld', 'passed']);
  });
});
