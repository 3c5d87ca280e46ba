import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Mesh, startMesh } from '../../apps/sandbox/src/mesh/mesh.js';
import { ask, deviceOf, evidenceOf, PRODUCTION, postHook, preRequest, STAGING, type TestCall } from './hook-client.js';

const SQL = 'mcp__postgres__execute_sql';
const COMPENSATION = 'mcp__workday__get_compensation';
/** Long enough for a cold decision inside the shift. */
const SHIFT_MS = 8000;

let mesh: Mesh;

beforeAll(async () => {
  mesh = await startMesh({
    root: process.cwd(),
    commonEnv: { IRIS_BULK_INTERVAL_SECONDS: '0' },
    gatewayEnv: { IRIS_HOOK_BUDGET_MS: '20000' },
  });
});

afterAll(() => mesh?.close());

function call(name: string, tool: string, input: TestCall['input'] = {}, rest: Partial<TestCall> = {}): TestCall {
  const login = `${name}@lumen.example`;
  return { login, tool, input, nodeId: deviceOf(mesh, login), ...rest };
}

describe('the enforcement pack, decided by facts of the vendors', () => {
  it.each([
    ['a live person reads', 'ben', 'Read', { file_path: '/x' }, 'passed'],
    ['a person whose employment ended does not', 'ivo', 'Read', { file_path: '/x' }, 'withheld'],
    ['a person suspended in Okta does not', 'jo', 'Read', { file_path: '/x' }, 'withheld'],
    ['a person on leave reads', 'hana', 'Read', { file_path: '/x' }, 'passed'],
    ['Sales reads the CRM', 'cara', 'mcp__salesforce__query_records', { q: 'x' }, 'passed'],
    ['an engineer does not read the CRM', 'ben', 'mcp__salesforce__query_records', { q: 'x' }, 'withheld'],
    ['Sales does not change the CRM', 'cara', 'mcp__salesforce__update_record', { id: '1' }, 'withheld'],
    ['a sales manager changes the CRM', 'dev', 'mcp__salesforce__update_record', { id: '1' }, 'passed'],
    ['who is on call uses production', 'ana', SQL, PRODUCTION, 'passed'],
    ['who is not on call does not', 'ben', SQL, PRODUCTION, 'withheld'],
    ['any engineer uses staging', 'ben', SQL, STAGING, 'passed'],
    ['Sales does not use staging', 'cara', SQL, STAGING, 'withheld'],
    ['People Ops sees compensation on a managed device', 'eve', COMPENSATION, { worker: '1' }, 'passed'],
    ['People Ops does not on an unmanaged one', 'finn', COMPENSATION, { worker: '1' }, 'withheld'],
    ['an engineer does not on a managed one', 'ana', COMPENSATION, { worker: '1' }, 'withheld'],
  ])('%s', async (_title, name, tool, input, fate) => {
    expect(await ask(mesh, call(name, tool, input))).toBe(fate);
  });

  it('denies a client that is not sanctioned', async () => {
    expect(await ask(mesh, call('ben', 'Read', { file_path: '/x' }, { client: 'curl/8.14.1' }))).toBe('withheld');
  });

  it('never takes a tagged device for the person who registered it', async () => {
    const hook = preRequest({ login: 'tagged-devices', tool: SQL, input: STAGING, nodeId: 'nCiRunner1CNTRL' });
    const reply = await postHook(mesh.gateways[0], hook);
    expect(JSON.stringify(reply.body)).not.toContain('RESULT');
    const record = (await evidenceOf(mesh.gateways[0])).find(({ principal }) => principal.id === 'nCiRunner1CNTRL');
    expect(record?.principal.roles).toEqual(['tagged-device']);
    expect(record?.principal.attr).not.toHaveProperty('department');
    expect(record?.principal.attr).toHaveProperty('context.okta', {
      status: 'not_found',
      reason: 'subject_not_a_person',
    });
    expect(record?.principal.attr).toHaveProperty('tailscale.device.tags', ['tag:ci']);
  });
});

describe('a fact that changes at the vendor', () => {
  it('flips the verdict when the shift ends, with no word from the vendor in between', async () => {
    const { company, clock } = mesh.sandbox.admin;
    const login = 'jane.doe@lumen.example';
    const end = clock.now() + SHIFT_MS;
    company.startShift({ login, policy: company.rota.policies[0]?.key ?? '', end });
    expect(await ask(mesh, call('jane.doe', SQL, PRODUCTION))).toBe('passed');

    await sleep(end - clock.now() + 50);
    expect(await ask(mesh, call('jane.doe', SQL, PRODUCTION))).toBe('withheld');
  });

  it('counts at once for people not yet seen', async () => {
    mesh.sandbox.admin.company.updatePerson('wes@lumen.example', { hr: { department: 'Sales' } });
    expect(await ask(mesh, { login: 'wes@lumen.example', tool: SQL, input: STAGING })).toBe('withheld');
  });
});

describe('the evidence', () => {
  it('records who, what, why and by which facts, with parameters masked', async () => {
    const login = 'uma@lumen.example';
    const params = { ...PRODUCTION, connection_string: 'postgres://iris:hunter2secret@orders-prod.db.lumen.example/o' };
    await ask(mesh, { login, tool: SQL, input: params });
    const record = (await evidenceOf(mesh.gateways[0])).find(({ principal }) => principal.id === login);
    expect(record).toMatchObject({
      event: 'pre_request',
      phase: 'executed',
      action: SQL,
      hookKey: 'sandbox',
      enforced: expect.any(Boolean),
      resource: { kind: 'aperture_hook', attr: { category: 'database', environment: 'production' } },
      attributeOrigins: { department: { source: 'workday' }, onCall: { source: 'pagerduty' } },
      policy: { matched: 'resource.aperture_hook.vdefault', cerbosCallId: expect.stringMatching(/\w+/) },
    });
    expect(JSON.stringify(record)).not.toContain('hunter2secret');
  });
});
