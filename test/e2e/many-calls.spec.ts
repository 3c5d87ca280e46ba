import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from '@iris/context-cache/testing';
import type { EvidenceRecord } from '@iris/evidence';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Mesh, startMesh } from '../../apps/sandbox/src/mesh/mesh.js';
import { deviceOf, evidenceOf, postHook, type Reply, STAGING } from './hook-client.js';
import { auditTo, PdpAudit } from './pdp-audit.js';

const BEN = 'ben@lumen.example';
/** Gateways that block when no decision can be had, and ones that allow then; the hurried ones have the usual budget. */
const [CLOSED, OPEN, CLOSED_HURRIED, OPEN_HURRIED] = [0, 1, 2, 3];
const MODES = [
  ['closed', CLOSED, CLOSED_HURRIED],
  ['open', OPEN, OPEN_HURRIED],
] as const;

interface Call {
  readonly id: string;
  readonly name: string;
  readonly input: Readonly<Record<string, unknown>>;
}

let folder: string;
let mesh: Mesh;
let audit: PdpAudit;
let hooks = 0;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'iris-large-'));
  mesh = await startMesh({
    root: process.cwd(),
    gateways: 4,
    commonEnv: { IRIS_BULK_INTERVAL_SECONDS: '0' },
    pdpEnv: auditTo(join(folder, 'audit.log')),
    gatewayEnv: (index): Record<string, string> => ({
      ...(index === OPEN || index === OPEN_HURRIED ? { IRIS_FAILURE_PRE_REQUEST: 'open' } : {}),
      ...(index === CLOSED || index === OPEN ? { IRIS_HOOK_BUDGET_MS: '20000' } : {}),
    }),
  });
  audit = new PdpAudit(mesh, join(folder, 'audit.log'));
});

afterAll(async () => {
  await mesh?.close();
  await rm(folder, { recursive: true, force: true });
});

function hookOf(session: string, body: object): object {
  hooks += 1;
  return {
    metadata: {
      login_name: BEN,
      stable_node_id: deviceOf(mesh, BEN),
      user_agent: 'claude-cli/2.1.278 (external, cli)',
      url: '/v1/messages',
      model: 'claude-sonnet-5',
      provider: 'anthropic',
      request_id: `large_${hooks}`,
      session_id: session,
    },
    request_body: { max_tokens: 1, ...body },
  };
}

function history(calls: readonly Call[]) {
  return {
    messages: calls.flatMap(({ id, name, input }) => [
      { role: 'assistant', content: [{ type: 'tool_use', id, name, input }] },
      { role: 'user', content: [{ type: 'tool_result', tool_use_id: id, content: `RESULT of ${id}.` }] },
    ]),
  };
}

function passed(reply: Reply, { id }: Call): boolean {
  expect(reply.status).toBe(200);
  if (reply.body.action === 'allow') return true;
  return reply.body.action === 'modify' && JSON.stringify(reply.body).includes(`RESULT of ${id}.`);
}

async function records(session: string): Promise<EvidenceRecord[]> {
  const all = await Promise.all(mesh.gateways.map((gateway) => evidenceOf(gateway)));
  return all.flat().filter(({ sessionId }) => sessionId === session);
}

const read = (id: string): Call => ({ id, name: 'Read', input: { file_path: `/${id}` } });

describe.each(MODES)('in failure mode %s', (mode, gateway, hurried) => {
  it.each<[string, Call['input'], string]>([
    ['too large', { ...STAGING, pad: 'x'.repeat(5 * 1024 * 1024) }, 'call_too_large'],
    ['too complex', { ...STAGING, pad: Array.from({ length: 30_000 }, () => 1) }, 'call_too_complex'],
  ])('a call that is %s is denied by itself, on every turn', async (_title, input, reason) => {
    const session = `${mode}-${reason}`;
    const large: Call = { id: 'large', name: 'mcp__postgres__execute_sql', input };
    for (const calls of [
      [read('one'), large, read('two')],
      [read('one'), large, read('two'), read('three')],
    ]) {
      const reply = await postHook(mesh.gateways[gateway], hookOf(session, history(calls)));
      expect(calls.filter((call) => passed(reply, call)).map(({ id }) => id)).toEqual(
        calls.map(({ id }) => id).filter((id) => id !== 'large'),
      );
      expect(JSON.stringify(reply.body)).toContain(`[${reason}]`);
    }
    const found = (await records(session)).filter(({ resource }) => resource?.id === 'large');
    expect(found).toMatchObject([
      { effect: 'DENY', reason, enforced: true, paramsTruncated: true },
      { effect: 'DENY', reason, enforced: true, paramsTruncated: true },
    ]);
    expect(JSON.stringify(found).length).toBeLessThan(20_000);
  });

  it('a call with a long text is judged by the rest, and a query whose parameters are cut is denied', async () => {
    const session = `${mode}-cut`;
    const pad = 'x'.repeat(400_000);
    const write: Call = { id: 'write', name: 'Write', input: { file_path: '/a', content: pad } };
    const query: Call = { id: 'query', name: 'mcp__postgres__execute_sql', input: { ...STAGING, pad } };
    const calls = [write, query];
    const reply = await postHook(mesh.gateways[gateway], hookOf(session, history(calls)));
    expect(calls.map((call) => passed(reply, call))).toEqual([true, false]);
    expect(await records(session)).toMatchObject([
      { action: 'Write', effect: 'ALLOW', paramsTruncated: true },
      { action: query.name, effect: 'DENY', reason: 'policy_denied', paramsTruncated: true },
    ]);
  });

  it('thousands of new calls are judged, over several turns where one is too short, and each call once', async () => {
    const session = `${mode}-many`;
    const calls = Array.from({ length: 5000 }, (_, index) => read(`many-${index}`));
    const before = (await audit.asked()).checks.length;
    const send = () => postHook(mesh.gateways[hurried], hookOf(session, history(calls)));
    const decided = async () => {
      const executed = (await records(session)).filter(({ phase }) => phase === 'executed');
      return new Set(executed.map(({ resource }) => resource?.id)).size;
    };
    let turns = 0;
    do {
      turns += 1;
      expect((await send()).status).toBe(200);
    } while ((await decided()) < calls.length && turns < 200);
    expect(await decided()).toBe(calls.length);
    await eventually(async () => expect((await send()).body.action).toBe('allow'));
    const asked = (await audit.asked()).checks.length - before;
    // What a turn asks while its time runs out may be asked again.
    expect(asked).toBeLessThanOrEqual(calls.length + (turns - 1) * 4 * 50);
  });
});

describe('a request that declares a thousand unknown tools', () => {
  it('costs the PDP a bounded number of plans, and its calls are judged', async () => {
    const tools = Array.from({ length: 1000 }, (_, index) => ({ name: `acme_${index}`, input_schema: {} }));
    const before = (await audit.asked()).plans.length;
    const call: Call = { id: 'acme', name: 'acme_999', input: {} };
    const reply = await postHook(mesh.gateways[CLOSED], hookOf('tools', { tools, ...history([call]) }));
    expect(passed(reply, call)).toBe(false);
    expect((await audit.asked()).plans.length - before).toBeLessThanOrEqual(100);
  });
});
