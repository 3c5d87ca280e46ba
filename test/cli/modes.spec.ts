import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from '@iris/context-cache/testing';
import type { EvidenceRecord } from '@iris/evidence';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { hookOf, SAMPLES } from '../../apps/sandbox/src/demo/sample-hooks.js';
import { type Mesh, startMesh } from '../../apps/sandbox/src/mesh/mesh.js';
import { evidenceOf, fateOf, PRODUCTION, postHook, preRequest } from '../e2e/hook-client.js';
import { packWithCandidate } from './candidate-pack.js';
import { runIris } from './run-iris.js';

const SHADOW = 0;
const DATABASE_OBSERVED = 1;
const ONLY_CRM_ENFORCED = 2;

const DENIED_DATABASE = { login: 'ben@lumen.example', tool: 'mcp__postgres__execute_sql', input: PRODUCTION };
const DENIED_CRM = { login: 'cara@lumen.example', tool: 'mcp__salesforce__update_record', input: { id: '006' } };
const NEVER = { login: 'ben@lumen.example', tool: 'drop_database', input: {} };

let folder: string;
let mesh: Mesh;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'iris-modes-'));
  mesh = await startMesh({
    root: process.cwd(),
    policies: await packWithCandidate(join(folder, 'pack'), 'crm-read'),
    gateways: 3,
    commonEnv: { IRIS_BULK_INTERVAL_SECONDS: '0' },
    gatewayEnv: (index) => ({
      IRIS_HOOK_BUDGET_MS: '20000',
      ...[
        { IRIS_SHADOW_POLICY_VERSION: 'candidate' },
        { IRIS_MODE_BY_CATEGORY: '{"database":"observe"}', IRIS_MODE_BY_EVENT: '{"pre_tool_use":"observe"}' },
        { IRIS_MODE_DEFAULT: 'observe', IRIS_MODE_BY_CATEGORY: '{"crm":"enforce"}' },
      ][index],
    }),
  });
});

afterAll(async () => {
  await mesh?.close();
  await rm(folder, { recursive: true, force: true });
});

async function send(gateway: number, call: Parameters<typeof preRequest>[0]) {
  const hook = preRequest(call);
  const fate = fateOf(await postHook(mesh.gateways[gateway], hook));
  const { request_id } = hook.metadata as { request_id: string };
  const record = (await evidenceOf(mesh.gateways[gateway])).find(({ requestId }) => requestId === request_id);
  return { fate, record };
}

describe('modes', () => {
  it('observe one category while the others are enforced, and record what would have been', async () => {
    const database = await send(DATABASE_OBSERVED, DENIED_DATABASE);
    expect(database.fate).toBe('passed');
    expect(database.record).toMatchObject({
      effect: 'DENY',
      mode: 'observe',
      enforced: false,
      reply: 'allow',
      wouldHave: 'modify',
    });
    const crm = await send(DATABASE_OBSERVED, DENIED_CRM);
    expect(crm.fate).toBe('withheld');
    expect(crm.record).toMatchObject({ effect: 'DENY', mode: 'enforce', enforced: true, reply: 'modify' });
    expect(crm.record?.wouldHave).toBeUndefined();
  });

  it('enforce one category while the others are observed', async () => {
    const database = await send(ONLY_CRM_ENFORCED, DENIED_DATABASE);
    expect(database).toMatchObject({
      fate: 'passed',
      record: { mode: 'observe', enforced: false, wouldHave: 'modify' },
    });
    const crm = await send(ONLY_CRM_ENFORCED, DENIED_CRM);
    expect(crm).toMatchObject({ fate: 'withheld', record: { mode: 'enforce', enforced: true } });
  });

  it('leave declared tools of an observed category in the request', async () => {
    const reply = async (gateway: number) => (await postHook(mesh.gateways[gateway], preRequest(NEVER))).body;
    expect((await reply(ONLY_CRM_ENFORCED)).action).toBe('allow');
    const { tools } = (await reply(DATABASE_OBSERVED)).request_body as { tools: { name: string }[] };
    expect(tools.map(({ name }) => name)).not.toContain('drop_database');
  });

  it('observe one route', async () => {
    const hook = { hook_event_name: 'PreToolUse', tool_name: 'drop_database', tool_input: {}, session_id: 's' };
    const reply = await postHook(mesh.gateways[DATABASE_OBSERVED], hook, { path: '/ext/claude' });
    expect(JSON.stringify(reply.body)).not.toContain('deny');
    const enforced = await postHook(mesh.gateways[SHADOW], hook, { path: '/ext/claude' });
    expect(JSON.stringify(enforced.body)).toContain('deny');
  });
});

describe('shadow', () => {
  it('records where a candidate version differs, enforces nothing of it, and joins the two', async () => {
    const gateway = mesh.gateways[SHADOW];
    for (const [index, sample] of SAMPLES.entries()) {
      await postHook(gateway, hookOf(sample, mesh.sandbox.admin.company, `shadow_${index}`));
    }
    let records: EvidenceRecord[] = [];
    const shadows = () => records.filter(({ mode }) => mode === 'shadow');
    await eventually(async () => {
      records = await evidenceOf(gateway);
      expect(shadows()).not.toEqual([]);
    });
    const decisions = records.filter(({ mode, action }) => mode !== 'shadow' && action !== undefined);
    const touched = decisions.filter(
      ({ effect, policy }) => effect === 'ALLOW' && policy.rules.some((rule) => rule.endsWith('#crm-read')),
    );
    expect(touched).toHaveLength(1);
    expect(shadows()).toMatchObject([
      {
        decisionKey: touched[0]?.decisionKey,
        effect: 'DENY',
        enforced: false,
        shadowOf: { policyVersion: 'default', effect: 'ALLOW' },
        policy: { version: 'candidate' },
        replay: { policyVersion: 'candidate' },
      },
    ]);
    expect(touched[0]).toMatchObject({ reply: 'allow', enforced: true });

    const spool = gateway?.evidenceDirectory ?? '';
    const replayed = await runIris([
      'replay',
      '--json',
      spool,
      '--policies',
      join(folder, 'pack'),
      '--policy-version',
      'candidate',
    ]);
    expect(replayed.json<{ changes: { id: string }[] }>().changes.map(({ id }) => id)).toEqual([touched[0]?.id]);
    const story = await runIris(['evidence', 'show', '--json', touched[0]?.id ?? '', spool]);
    expect(story.json()).toMatchObject({ related: [{ mode: 'shadow' }] });
  });
});
