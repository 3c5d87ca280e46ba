import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from '@iris/context-cache/testing';
import type { EvidenceRecord } from '@iris/evidence';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Mesh, startMesh } from '../../apps/sandbox/src/mesh/mesh.js';
import { deviceOf, evidenceOf, PRODUCTION, postHook, type Reply, STAGING } from './hook-client.js';
import { auditTo, PdpAudit } from './pdp-audit.js';

const SQL = 'mcp__postgres__execute_sql';
const BEN = 'ben@lumen.example';
const ANA = 'ana@lumen.example';
/** Two replicas that keep verdicts, and one that makes them again when the policies change. */
const [KEEP, REPLICA, RECHECK] = [0, 1, 2];
const ALL = [KEEP, REPLICA, RECHECK];

interface Call {
  readonly id: string;
  readonly name: string;
  readonly input: Readonly<Record<string, unknown>>;
}

let folder: string;
let policies: string;
let mesh: Mesh;
let audit: PdpAudit;
let sessions = 0;
let requests = 0;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'iris-verdicts-'));
  policies = join(folder, 'pack');
  await cp('policies/pack', policies, { recursive: true });
  mesh = await startMesh({
    root: process.cwd(),
    policies,
    gateways: ALL.length,
    commonEnv: { IRIS_BULK_INTERVAL_SECONDS: '0' },
    pdpEnv: auditTo(join(folder, 'audit.log')),
    gatewayEnv: (index) => ({
      IRIS_HOOK_BUDGET_MS: '20000',
      ...(index === RECHECK ? { IRIS_VERDICTS_ON_POLICY_CHANGE: 'recheck' } : {}),
    }),
  });
  audit = new PdpAudit(mesh, join(folder, 'audit.log'));
});

afterAll(async () => {
  await mesh?.close();
  await rm(folder, { recursive: true, force: true });
});

function newSession(): string {
  sessions += 1;
  return `sess_${sessions}`;
}

function metadata(session: string, login: string, rest: Readonly<Record<string, unknown>> = {}) {
  requests += 1;
  return {
    login_name: login,
    stable_node_id: deviceOf(mesh, login),
    user_agent: 'claude-cli/2.1.278 (external, cli)',
    url: '/v1/messages',
    model: 'claude-sonnet-5',
    provider: 'anthropic',
    request_id: `req_${requests}`,
    session_id: session,
    ...rest,
  };
}

/** The history of all calls, each in a turn of its own. */
function history(calls: readonly Call[]) {
  return {
    max_tokens: 1,
    messages: calls.flatMap(({ id, name, input }) => [
      { role: 'assistant', content: [{ type: 'tool_use', id, name, input }] },
      { role: 'user', content: [{ type: 'tool_result', tool_use_id: id, content: `RESULT of ${id}.` }] },
    ]),
  };
}

function turn(gateway: number, session: string, calls: readonly Call[], login = BEN): Promise<Reply> {
  return postHook(mesh.gateways[gateway], { metadata: metadata(session, login), request_body: history(calls) });
}

/** What replaces each result. */
function resultsOf(reply: Reply, calls: readonly Call[]): unknown[] {
  expect(reply.status).toBe(200);
  expect(reply.body.action).not.toBe('block');
  if (reply.body.action === 'allow') return history(calls).messages.filter(({ role }) => role === 'user');
  const body = reply.body.request_body as ReturnType<typeof history>;
  return body.messages.filter(({ role }) => role === 'user');
}

function isWithheld(reply: Reply, id: string): boolean {
  expect(['allow', 'modify']).toContain(reply.body.action);
  return reply.body.action === 'modify' && !JSON.stringify(reply.body).includes(`RESULT of ${id}.`);
}

/** The records of a session, of every gateway. */
async function records(session: string): Promise<EvidenceRecord[]> {
  const all = await Promise.all(ALL.map((index) => evidenceOf(mesh.gateways[index])));
  return all.flat().filter(({ sessionId, phase }) => sessionId === session && phase !== 'none');
}

const denied = (id: string): Call => ({ id, name: SQL, input: PRODUCTION });
const allowed = (id: string): Call => ({ id, name: 'Read', input: { file_path: `/${id}` } });

/** An event after the response, of a request whose answer holds the calls. */
function entireRequest(session: string, calls: readonly Call[], rest: Readonly<Record<string, unknown>> = {}) {
  return {
    metadata: metadata(session, BEN, rest),
    response_body: {
      id: 'msg_1',
      type: 'message',
      role: 'assistant',
      model: 'm',
      stop_reason: 'tool_use',
      content: calls.map(({ id, name, input }) => ({ type: 'tool_use', id, name, input })),
    },
  };
}

/** The other event of the same request: without ids, and with the keys in Go's order. */
function toolCalls({ metadata }: { metadata: object }, calls: readonly Call[]) {
  return {
    metadata,
    tool_calls: calls.map(({ name, input }) => ({
      name,
      params: Object.fromEntries(Object.entries(input).sort(([a], [b]) => (a < b ? -1 : 1))),
    })),
  };
}

const ENTIRE = { path: '/ext/aperture/entire_request' };
const CALLS = { path: '/ext/aperture/tool_call_entire_request' };

describe('a history that is sent again', () => {
  it('costs the PDP the new calls only, and looks the same on every turn and in every replica', async () => {
    const session = newSession();
    const old = Array.from({ length: 200 }, (_, index) =>
      index % 40 === 7 ? denied(`h${index}`) : allowed(`h${index}`),
    );
    const first = await turn(KEEP, session, old);
    expect(resultsOf(first, old).filter((result) => JSON.stringify(result).includes('withheld'))).toHaveLength(5);
    expect(await records(session)).toHaveLength(200);
    const before = (await audit.asked()).checks.length;

    const more = [...old, allowed('new-1'), denied('new-2')];
    const second = await turn(KEEP, session, more);
    expect(resultsOf(second, more).slice(0, 200)).toEqual(resultsOf(first, old));
    expect(isWithheld(second, 'new-1')).toBe(false);
    expect(isWithheld(second, 'new-2')).toBe(true);
    const { checks } = await audit.asked();
    expect(checks.slice(before).map(({ action }) => action)).toEqual(['Read', SQL]);
    expect(await records(session)).toHaveLength(202);

    const elsewhere = await turn(REPLICA, session, more);
    expect(elsewhere.body).toEqual(second.body);
    expect((await audit.asked()).checks).toHaveLength(checks.length);
    expect(await records(session)).toHaveLength(202);
  });
});

describe('the same id', () => {
  it('in another session is another call', async () => {
    const [one, other] = [newSession(), newSession()];
    await turn(KEEP, one, [denied('same')]);
    await turn(KEEP, other, [denied('same')]);
    expect(await records(one)).toHaveLength(1);
    expect(await records(other)).toHaveLength(1);
  });

  it('of another person in the same session is another call', async () => {
    const session = newSession();
    expect(isWithheld(await turn(KEEP, session, [denied('same')], ANA), 'same')).toBe(false);
    expect(isWithheld(await turn(KEEP, session, [denied('same')], BEN), 'same')).toBe(true);
    expect(isWithheld(await turn(KEEP, session, [denied('same')], ANA), 'same')).toBe(false);
  });

  it('with other parameters is judged by them, whatever was remembered', async () => {
    const session = newSession();
    const staging: Call = { id: 'same', name: SQL, input: STAGING };
    expect(isWithheld(await turn(KEEP, session, [staging]), 'same')).toBe(false);
    expect(isWithheld(await turn(REPLICA, session, [denied('same')]), 'same')).toBe(true);
    expect(isWithheld(await turn(KEEP, session, [staging]), 'same')).toBe(false);
    expect((await records(session)).map(({ effect }) => effect).sort()).toEqual(['ALLOW', 'DENY']);
    expect(isWithheld(await turn(REPLICA, session, [staging]), 'same')).toBe(false);
  });

  it('without a session is another call in every request', async () => {
    const [one, two] = [await turn(KEEP, '', [denied('same')]), await turn(KEEP, '', [denied('same')])];
    expect([one, two].map((reply) => isWithheld(reply, 'same'))).toEqual([true, true]);
    expect(await records('')).toHaveLength(2);
  });
});

describe('another result of the same call', () => {
  const results = (calls: readonly Call[], text: string) => ({
    max_tokens: 1,
    messages: history(calls).messages.map((message) =>
      JSON.parse(JSON.stringify(message).replaceAll('RESULT of', text)),
    ),
  });
  const send = (session: string, body: object, rest: Readonly<Record<string, unknown>> = {}, gateway = KEEP) =>
    postHook(mesh.gateways[gateway], { metadata: metadata(session, BEN, rest), request_body: body });

  it('is evaluated again, and the same one is not, wherever its cache mark is', async () => {
    const session = newSession();
    const calls = [allowed('same')];
    await send(session, results(calls, 'RESULT of'));
    await send(session, results(calls, 'RESULT of'), {}, REPLICA);
    expect(await records(session)).toHaveLength(1);
    await send(session, results(calls, 'OTHER of'));
    expect(await records(session)).toHaveLength(2);
    const marked = JSON.stringify(results(calls, 'OTHER of')).replace(
      '"type":"tool_result"',
      '"type":"tool_result","cache_control":{"type":"ephemeral"}',
    );
    await send(session, JSON.parse(marked));
    expect(await records(session)).toHaveLength(2);
  });

  it.each([
    ['client', { user_agent: 'claude-cli/9.9.9 (external, cli)' }],
    ['device', { stable_node_id: 'nOther' }],
    ['rights', { grants: { 'iris.dev/cap/roles': [{ roles: ['admin'] }] } }],
  ])('and the same result for other %s too', async (_title, rest) => {
    const session = newSession();
    await send(session, results([allowed('same')], 'RESULT of'));
    await send(session, results([allowed('same')], 'RESULT of'), rest);
    await send(session, results([allowed('same')], 'RESULT of'));
    expect(await records(session)).toHaveLength(2);
  });

  it('under the name of calls that are not known is judged by that name', async () => {
    const session = newSession();
    const calls = [allowed('same')];
    expect(isWithheld(await send(session, results(calls, 'RESULT of')), 'same')).toBe(false);
    const renamed = [{ ...allowed('same'), name: 'unknown' }];
    expect(isWithheld(await send(session, results(renamed, 'RESULT of')), 'same')).toBe(true);
  });
});

describe('a call seen after the response', () => {
  it('is redacted on the next turn by that verdict, without another question', async () => {
    const session = newSession();
    const calls = [denied('seen-1'), allowed('seen-2')];
    await postHook(mesh.gateways[KEEP], entireRequest(session, calls), ENTIRE);
    const before = (await audit.asked()).checks.length;
    const reply = await turn(REPLICA, session, calls);
    expect(isWithheld(reply, 'seen-1')).toBe(true);
    expect(isWithheld(reply, 'seen-2')).toBe(false);
    expect((await audit.asked()).checks).toHaveLength(before);
    expect(await records(session)).toMatchObject([
      { phase: 'requested', enforced: false, effect: 'DENY' },
      { phase: 'requested', enforced: false, effect: 'ALLOW' },
    ]);
  });

  it('is one decision when the event comes later than the next turn', async () => {
    const session = newSession();
    await turn(KEEP, session, [denied('late')]);
    await postHook(mesh.gateways[KEEP], entireRequest(session, [denied('late')]), ENTIRE);
    expect(await records(session)).toHaveLength(1);
  });

  /** A turn of OpenAI Responses that leaves the history to the provider: calls are known by their ids only. */
  const stateful = (session: string, ids: readonly string[]) => ({
    metadata: metadata(session, BEN, { url: '/v1/responses', provider: 'openai' }),
    request_body: {
      previous_response_id: 'resp_1',
      input: ids.map((id) => ({ type: 'function_call_output', call_id: id, output: `RESULT of ${id}.` })),
    },
  });

  it('lends its verdict to a call of which only the id comes back', async () => {
    const session = newSession();
    const calls = [denied('call_1'), allowed('call_2')];
    const response = {
      metadata: metadata(session, BEN, { url: '/v1/responses', provider: 'openai' }),
      response_body: {
        id: 'resp_1',
        object: 'response',
        output: calls.map(({ id, name, input }) => ({
          type: 'function_call',
          id: `fc_${id}`,
          call_id: id,
          name,
          arguments: JSON.stringify(input),
        })),
      },
    };
    await postHook(mesh.gateways[KEEP], response, ENTIRE);
    const reply = await postHook(mesh.gateways[KEEP], stateful(session, ['call_1', 'call_2']));
    expect(isWithheld(reply, 'call_1')).toBe(true);
    expect(JSON.stringify(reply.body)).toContain('production-systems');
    expect(isWithheld(reply, 'call_2')).toBe(false);
    expect((await records(session)).map(({ action }) => action)).toEqual([SQL, 'Read']);
  });

  it('lends its verdict also where the event without ids comes first', async () => {
    const session = newSession();
    const calls = [denied('call_1'), allowed('call_2')];
    const meta = metadata(session, BEN, { url: '/v1/responses', provider: 'openai' });
    const output = calls.map(({ id, name, input }) => ({
      type: 'function_call',
      id: `fc_${id}`,
      call_id: id,
      name,
      arguments: JSON.stringify(input),
    }));
    const response = { metadata: meta, response_body: { id: 'resp_1', object: 'response', output } };
    await postHook(mesh.gateways[KEEP], toolCalls({ metadata: meta }, calls), CALLS);
    await postHook(mesh.gateways[REPLICA], response, ENTIRE);
    const reply = await postHook(mesh.gateways[KEEP], stateful(session, ['call_1', 'call_2']));
    expect(['call_1', 'call_2'].map((id) => isWithheld(reply, id))).toEqual([true, false]);
    expect(await records(session)).toHaveLength(2);
  });

  it('that nobody saw is judged as unknown', async () => {
    const session = newSession();
    const reply = await postHook(mesh.gateways[KEEP], stateful(session, ['call_1']));
    expect(isWithheld(reply, 'call_1')).toBe(true);
    expect(await records(session)).toMatchObject([{ action: 'unknown', effect: 'DENY' }]);
  });
});

describe('both events of one request', () => {
  const calls = [denied('both-1'), allowed('both-2'), allowed('both-3')];

  it.each([
    ['one after the other', false, KEEP, KEEP],
    ['one after the other at two replicas', false, KEEP, REPLICA],
    ['at the same time', true, KEEP, KEEP],
    ['at the same time at two replicas', true, KEEP, REPLICA],
  ])('%s are one decision on each call', async (_title, together, first, second) => {
    const session = newSession();
    const entire = entireRequest(session, calls);
    const send = [
      () => postHook(mesh.gateways[first], entire, ENTIRE),
      () => postHook(mesh.gateways[second], toolCalls(entire, calls), CALLS),
    ];
    const replies: Reply[] = [];
    if (together) replies.push(...(await Promise.all(send.map((post) => post()))));
    else for (const post of send) replies.push(await post());
    expect(replies.map(({ body }) => body.action)).toEqual(['block', 'block']);
    expect(await records(session)).toHaveLength(calls.length);
  });

  it('are two decisions on two equal calls, not one and not four', async () => {
    const session = newSession();
    const twice = [
      { ...allowed('x'), id: 'eq-1' },
      { ...allowed('x'), id: 'eq-2' },
    ];
    const entire = entireRequest(session, twice);
    await postHook(mesh.gateways[KEEP], toolCalls(entire, twice), CALLS);
    await postHook(mesh.gateways[KEEP], entire, ENTIRE);
    expect(await records(session)).toHaveLength(2);
  });

  it('are not taken for those of another request that makes the same call', async () => {
    const session = newSession();
    for (const request of [{}, {}, { request_id: '' }, { request_id: '' }]) {
      await postHook(mesh.gateways[KEEP], toolCalls(entireRequest(session, [], request), [allowed('x')]), CALLS);
    }
    expect(await records(session)).toHaveLength(4);
  });
});

describe('a call that an agent is about to make', () => {
  it('is evaluated again each time, whatever was decided on an equal one', async () => {
    const session = newSession();
    const input = { hook_event_name: 'PreToolUse', session_id: session, tool_name: 'Read', tool_input: {} };
    for (const rest of [{}, {}, { tool_use_id: 'toolu_1' }, { tool_use_id: 'toolu_1' }]) {
      await postHook(mesh.gateways[KEEP], { ...input, ...rest }, { path: '/ext/claude' });
    }
    expect(await records(session)).toHaveLength(4);
  });
});

describe('a memory that is lost', () => {
  it('means that calls are judged again, never that they are allowed', async () => {
    const session = newSession();
    const calls = [denied('lost-1'), allowed('lost-2')];
    const before = await turn(REPLICA, session, calls);
    await mesh.redis?.kill();
    await mesh.redis?.start();
    await mesh.restartGateway(REPLICA);
    const after = await turn(REPLICA, session, calls);
    expect(after.body).toEqual(before.body);
    expect(isWithheld(after, 'lost-1')).toBe(true);
    expect(await records(session)).toHaveLength(4);
  });
});

describe('a change of policy', () => {
  it('leaves history as it was, or rewrites it where that was asked for', async () => {
    const calls = [denied('policy-1'), allowed('policy-2')];
    const [kept, rechecked] = [newSession(), newSession()];
    const before = { kept: await turn(KEEP, kept, calls), rechecked: await turn(RECHECK, rechecked, calls) };
    expect(isWithheld(before.kept, 'policy-1')).toBe(true);
    expect((await turn(RECHECK, rechecked, calls)).body).toEqual(before.rechecked.body);
    expect(await records(rechecked)).toHaveLength(2);

    await denyReading();
    await eventually(async () => {
      for (const index of [KEEP, RECHECK]) {
        const health = await fetch(`${mesh.gateways[index]?.url}/readyz`);
        expect(await health.json()).toMatchObject({ pdp: { revision: 'without-reading' } });
      }
    });

    const more = [...calls, allowed('policy-3')];
    const keptAfter = await turn(KEEP, kept, more);
    expect(more.map(({ id }) => isWithheld(keptAfter, id))).toEqual([true, false, true]);
    expect(resultsOf(keptAfter, more).slice(0, 2)).toEqual(resultsOf(before.kept, calls));
    const recheckedAfter = await turn(RECHECK, rechecked, more);
    expect(more.map(({ id }) => isWithheld(recheckedAfter, id))).toEqual([true, true, true]);
    expect(await records(rechecked)).toHaveLength(5);
  });
});

/** The pack as it would be if files were no open category. The PDP watches its folder. */
async function denyReading(): Promise<void> {
  const edit = async (file: string, from: string | RegExp, to: string) => {
    const path = join(policies, file);
    const text = await readFile(path, 'utf8');
    expect(text).toMatch(from);
    await writeFile(path, text.replace(from, to));
  };
  await edit('_iris_constants.yaml', 'open_read_categories: [files, ', 'open_read_categories: [');
  await edit('_iris_revision.yaml', /revision: ".*"/, 'revision: "without-reading"');
}
