import type { EvidenceRecord } from '@iris/evidence';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Mesh, startMesh } from '../../apps/sandbox/src/mesh/mesh.js';
import { deviceOf, evidenceOf, PRODUCTION, postHook, type Reply } from './hook-client.js';

const SQL = 'mcp__postgres__execute_sql';
const BEN = 'ben@lumen.example';

interface Call {
  readonly id: unknown;
  readonly name: string;
  readonly input: Readonly<Record<string, unknown>>;
  readonly result: string;
}

type Body = Readonly<Record<string, unknown>>;

/** How a format writes a history of calls with their results, each in a turn of its own, and a response with calls. */
interface Dialect {
  readonly url: string;
  history(calls: readonly Call[]): Body;
  response?(calls: readonly Call[]): Body;
}

const chatCall = ({ id, name, input }: Call) => ({
  id,
  type: 'function',
  function: { name, arguments: JSON.stringify(input) },
});
const item = ({ id, name, input }: Call) => ({
  type: 'function_call',
  call_id: id,
  name,
  arguments: JSON.stringify(input),
});
const part = ({ id, name, input }: Call) => ({
  functionCall: { ...(id === undefined ? {} : { id }), name, args: input },
});
const use = ({ id, name, input }: Call) => ({ toolUse: { toolUseId: id, name, input } });

const DIALECTS: Readonly<Record<string, Dialect>> = {
  messages: {
    url: '/v1/messages',
    history: (calls) => ({
      max_tokens: 1,
      messages: calls.flatMap(({ id, name, input, result }) => [
        { role: 'assistant', content: [{ type: 'tool_use', id, name, input }] },
        { role: 'user', content: [{ type: 'tool_result', tool_use_id: id, content: result }] },
      ]),
    }),
    response: (calls) => ({
      id: 'msg_1',
      type: 'message',
      role: 'assistant',
      content: calls.map(({ id, name, input }) => ({ type: 'tool_use', id, name, input })),
    }),
  },
  chat: {
    url: '/v1/chat/completions',
    history: (calls) => ({
      messages: calls.flatMap((call) => [
        { role: 'assistant', tool_calls: [chatCall(call)] },
        { role: 'tool', tool_call_id: call.id, content: call.result },
      ]),
    }),
    response: (calls) => ({
      id: 'c',
      object: 'chat.completion',
      choices: [{ index: 0, message: { role: 'assistant', tool_calls: calls.map(chatCall) } }],
    }),
  },
  responses: {
    url: '/v1/responses',
    history: (calls) => ({
      input: calls.flatMap((call) => [
        item(call),
        { type: 'function_call_output', call_id: call.id, output: call.result },
      ]),
    }),
    response: (calls) => ({ id: 'r', object: 'response', output: calls.map(item) }),
  },
  gemini: {
    url: '/v1beta/models/g:generateContent',
    history: (calls) => ({
      contents: calls.flatMap((call) => [
        { role: 'model', parts: [part(call)] },
        {
          role: 'user',
          parts: [
            {
              functionResponse: {
                ...(call.id === undefined ? {} : { id: call.id }),
                name: call.name,
                response: { text: call.result },
              },
            },
          ],
        },
      ]),
    }),
    response: (calls) => ({ candidates: [{ content: { role: 'model', parts: calls.map(part) } }] }),
  },
  converse: {
    url: '/model/anthropic.claude/converse',
    history: (calls) => ({
      messages: calls.flatMap((call) => [
        { role: 'assistant', content: [use(call)] },
        { role: 'user', content: [{ toolResult: { toolUseId: call.id, content: [{ text: call.result }] } }] },
      ]),
    }),
    response: (calls) => ({
      output: { message: { role: 'assistant', content: calls.map(use) } },
      stopReason: 'tool_use',
    }),
  },
};

let mesh: Mesh;
let sessions = 0;
let requests = 0;

beforeAll(async () => {
  mesh = await startMesh({
    root: process.cwd(),
    commonEnv: { IRIS_BULK_INTERVAL_SECONDS: '0' },
    gatewayEnv: () => ({ IRIS_HOOK_BUDGET_MS: '20000' }),
  });
});
afterAll(() => mesh?.close());

function newSession(): string {
  sessions += 1;
  return `attack_${sessions}`;
}

function metadata(session: string, url: string) {
  requests += 1;
  return {
    login_name: BEN,
    stable_node_id: deviceOf(mesh, BEN),
    user_agent: 'claude-cli/2.1.278 (external, cli)',
    url,
    request_id: `attack_req_${requests}`,
    session_id: session,
  };
}

function send(session: string, { url }: Dialect, request_body: Body): Promise<Reply> {
  return postHook(mesh.gateways[0], { metadata: metadata(session, url), request_body });
}

async function records(session: string): Promise<EvidenceRecord[]> {
  const all = await evidenceOf(mesh.gateways[0]);
  return all.filter(({ sessionId, phase }) => sessionId === session && phase !== 'none');
}

/** Whether the provider never sees the text. */
function isWithheld(reply: Reply, text: string): boolean {
  expect(reply.status).toBe(200);
  return reply.body.action !== 'allow' && !JSON.stringify(reply.body).includes(text);
}

const read = (id: unknown, result = 'FINE'): Call => ({ id, name: 'Read', input: { file_path: '/x' }, result });
const query = (id: unknown, result = 'SECRET'): Call => ({ id, name: SQL, input: PRODUCTION, result });

const IDS = [
  ['no', undefined],
  ['an empty', ''],
  ['a usual', 'u1'],
  ['a numeric', 7],
  ['a made', `call~${'0'.repeat(24)}~1`],
] as const;
const CASES = Object.entries(DIALECTS).flatMap(([name, dialect]) =>
  IDS.map(([title, id]): [string, string, Dialect, unknown] => [name, title, dialect, id]),
);

describe('a verdict on one result', () => {
  it.each(CASES)('of %s under %s id covers no other result, wherever it stands', async (_name, _title, dialect, id) => {
    const session = newSession();
    await send(session, dialect, dialect.history([read(id, 'FIRST')]));
    const before = (await records(session)).length;
    await send(session, dialect, dialect.history([read(id, 'SECOND')]));
    expect((await records(session)).length).toBe(before + 1);
    // Behind it another turn, so that the new result is not of the newest one.
    await send(session, dialect, dialect.history([read(id, 'THIRD'), read('later', 'LATER')]));
    expect((await records(session)).length).toBe(before + 3);
  });

  it.each(CASES)('of %s under %s id covers no other call', async (_name, _title, dialect, id) => {
    const session = newSession();
    await send(session, dialect, dialect.history([read(id, 'SAME')]));
    expect(isWithheld(await send(session, dialect, dialect.history([query(id, 'SAME')])), 'SAME')).toBe(true);
    const renamed = { ...read(id, 'SAME'), name: 'unknown' };
    expect(isWithheld(await send(session, dialect, dialect.history([renamed])), 'SAME')).toBe(true);
  });

  it('covers no second result of the same call', async () => {
    const dialect = DIALECTS.messages as Dialect;
    const session = newSession();
    const body = dialect.history([read('u1', 'FIRST')]) as { messages: { content: object[] }[] };
    await send(session, dialect, body);
    body.messages[1]?.content.push({ type: 'tool_result', tool_use_id: 'u1', content: 'SECOND' });
    expect(isWithheld(await send(session, dialect, body), 'SECOND')).toBe(true);
  });

  it('of a call that stays with the provider covers no other result', async () => {
    const dialect = DIALECTS.responses as Dialect;
    const session = newSession();
    const meta = metadata(session, dialect.url);
    const response = { metadata: meta, response_body: dialect.response?.([read('c1')]) };
    await postHook(mesh.gateways[0], response, { path: '/ext/aperture/entire_request' });
    const output = (text: string) => ({
      previous_response_id: 'r',
      input: [{ type: 'function_call_output', call_id: 'c1', output: text }],
    });
    expect((await send(session, dialect, output('FIRST'))).body.action).toBe('allow');
    expect((await send(session, dialect, output('FIRST'))).body.action).toBe('allow');
    expect(isWithheld(await send(session, dialect, output('SECOND')), 'SECOND')).toBe(true);
  });
});

describe('both events of one response, in either order', () => {
  const ORDERS = [
    ['with ids first', false],
    ['without ids first', true],
  ] as const;
  it.each(
    Object.entries(DIALECTS).flatMap(([name, dialect]) =>
      ORDERS.map(([title, reversed]): [string, string, Dialect, boolean] => [name, title, dialect, reversed]),
    ),
  )('of %s, the one %s, give each call one decision that the next turn obeys', async (_n, _t, dialect, reversed) => {
    const session = newSession();
    const calls = [query('c1'), read('c2')];
    const meta = metadata(session, dialect.url);
    const events = [
      () =>
        postHook(
          mesh.gateways[0],
          { metadata: meta, response_body: dialect.response?.(calls) },
          { path: '/ext/aperture/entire_request' },
        ),
      () =>
        postHook(
          mesh.gateways[0],
          { metadata: meta, tool_calls: calls.map(({ name, input }) => ({ name, params: input })) },
          { path: '/ext/aperture/tool_call_entire_request' },
        ),
    ];
    for (const event of reversed ? events.reverse() : events) await event();
    const reply = await send(session, dialect, dialect.history(calls));
    expect(isWithheld(reply, 'SECRET')).toBe(true);
    expect(JSON.stringify(reply.body)).toContain('FINE');
    expect(await records(session)).toHaveLength(2);
  });
});
