import { guardrailResponseSchema } from '@iris/contracts';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { z } from 'zod';
import { AGENT_IDS, type AgentId } from '../../apps/gateway/src/agents/agent-protocol.js';
import { type Mesh, startMesh } from '../../apps/sandbox/src/mesh/mesh.js';
import { postHook, preRequest } from './hook-client.js';

const APERTURE_PATHS = [
  '/ext/aperture',
  '/ext/aperture/pre_request',
  '/ext/aperture/tool_call_entire_request',
  '/ext/aperture/entire_request',
] as const;

const text = z.string().min(1);
const deny = z.literal('deny');
const denials = {
  // Another agent's event on this path gets the fields of that agent beside it.
  claude: z.looseObject({
    hookSpecificOutput: z.strictObject({
      hookEventName: z.literal('PreToolUse'),
      permissionDecision: z.enum(['deny', 'ask']),
      permissionDecisionReason: text,
    }),
  }),
  codex: z.strictObject({
    hookSpecificOutput: z.strictObject({
      hookEventName: z.literal('PreToolUse'),
      permissionDecision: deny,
      permissionDecisionReason: text,
    }),
  }),
  copilot: z.looseObject({ permissionDecision: deny, permissionDecisionReason: text, behavior: deny, message: text }),
  cursor: z.strictObject({ permission: deny, user_message: text, agent_message: text }),
  gemini: z.strictObject({ decision: deny, reason: text }),
} satisfies Record<AgentId, z.ZodType>;

const REPLIES: Readonly<Record<string, z.ZodType>> = {
  ...Object.fromEntries(APERTURE_PATHS.map((path) => [path, guardrailResponseSchema])),
  ...Object.fromEntries(AGENT_IDS.map((id) => [`/ext/${id}`, z.union([z.strictObject({}), denials[id]])])),
};

let mesh: Mesh;

beforeAll(async () => {
  mesh = await startMesh({
    root: process.cwd(),
    gatewayEnv: { IRIS_HOOK_MAX_BODY_BYTES: '200000', IRIS_LOG_LEVEL: 'silent' },
  });
});
afterAll(() => mesh?.close());

/** Hooks that are nearly right, so that the inputs reach every room. */
const nearHook = fc.record(
  {
    metadata: fc.oneof(
      fc.record(
        {
          login_name: fc.oneof(fc.constantFrom('ana@lumen.example', 'tagged-devices', ''), fc.jsonValue()),
          url: fc.constantFrom('/v1/messages', '/v1/chat/completions', '/v1/responses', '/model/x/converse', '/other'),
          stable_node_id: fc.oneof(fc.constantFrom('nAnaMacCNTRL', ''), fc.jsonValue()),
          session_id: fc.jsonValue(),
        },
        { requiredKeys: [] },
      ),
      fc.jsonValue(),
    ),
    tool_calls: fc.oneof(fc.array(fc.record({ name: fc.jsonValue(), params: fc.jsonValue() })), fc.jsonValue()),
    request_body: fc.oneof(
      fc.record({
        max_tokens: fc.integer(),
        messages: fc.array(
          fc.record({
            role: fc.constantFrom('user', 'assistant', 'tool'),
            content: fc.oneof(
              fc.string(),
              fc.array(
                fc.record(
                  {
                    type: fc.constantFrom('tool_use', 'tool_result', 'text'),
                    id: fc.constantFrom('a', 'b'),
                    tool_use_id: fc.constantFrom('a', 'b'),
                    name: fc.string(),
                    input: fc.jsonValue(),
                    content: fc.jsonValue(),
                  },
                  { requiredKeys: [] },
                ),
              ),
            ),
          }),
        ),
      }),
      fc.jsonValue(),
    ),
    response_body: fc.jsonValue(),
    raw_responses: fc.jsonValue(),
    hook_event_name: fc.constantFrom('PreToolUse', 'Stop', 'beforeShellExecution', 'BeforeTool'),
    tool_name: fc.jsonValue(),
    tool_input: fc.jsonValue(),
  },
  { requiredKeys: [] },
);

async function expectVerdict(path: string, body: string | Uint8Array, headers?: Record<string, string>): Promise<void> {
  const reply = await postHook(mesh.gateways[0], body, { path, headers });
  expect(reply.status).toBe(200);
  expect(REPLIES[path]?.safeParse(reply.body)).toMatchObject({ success: true });
}

describe.each(Object.keys(REPLIES))('%s', (path) => {
  it('gives a valid verdict to any hook, any JSON and any bytes', async () => {
    await fc.assert(
      fc.asyncProperty(nearHook, (hook) => expectVerdict(path, JSON.stringify(hook))),
      { numRuns: 120 },
    );
    await fc.assert(
      fc.asyncProperty(fc.json(), (text) => expectVerdict(path, text)),
      { numRuns: 60 },
    );
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 400 }), (bytes) => expectVerdict(path, bytes)),
      {
        numRuns: 60,
      },
    );
  });

  it.each([
    ['an empty body', ''],
    ['a byte order mark', '\uFEFF{}'],
    ['something after the JSON', '{} {}'],
    ['a key twice', '{"metadata":{},"metadata":{}}'],
    ['a body over the limit', JSON.stringify({ user_message: 'x'.repeat(300_000) })],
    ['deep nesting', `${'['.repeat(90_000)}${']'.repeat(90_000)}`],
    ['a prototype key', '{"__proto__":{"action":"allow"},"metadata":{"__proto__":{"login_name":"ana@lumen.example"}}}'],
  ])('gives a valid verdict to %s', async (_title, body) => {
    await expectVerdict(path, body);
  });

  it('gives a valid verdict whatever type the body claims to have', async () => {
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'application/json; charset=utf-16', 'x']) {
      await expectVerdict(path, '{}', { 'content-type': type });
    }
  });
});

describe('a pre_request that cannot be judged', () => {
  const path = '/ext/aperture/pre_request';
  it.each([
    ['hook_malformed', '{"metadata":{"login_name":5},"request_body":{}}', /metadata\.login_name/],
    ['duplicate_json_key', '{"metadata":{"login_name":"a","login_name":"b"}}', /metadata\.login_name/],
    ['body_too_large', JSON.stringify({ user_message: 'x'.repeat(300_000) }), /200000 bytes/],
    ['body_too_deep', `{"a":${'['.repeat(300)}${']'.repeat(300)}}`, /200 levels/],
    ['nothing_to_evaluate', JSON.stringify({ metadata: {}, user_message: 'hello' }), /request_body/],
    ['unknown_format', JSON.stringify({ metadata: { url: '/v1/images' }, request_body: { picture: 'x' } }), /format/],
  ])('is blocked with %s and what is wrong', async (reason, body, message) => {
    const reply = await postHook(mesh.gateways[0], body, { path });
    expect(reply.body).toMatchObject({ action: 'block', message: expect.stringContaining(`[${reason}]`) });
    expect(reply.body.message).toMatch(message);
  });
});

describe('authentication', () => {
  const hook = preRequest({ login: 'ben@lumen.example', tool: 'Read', input: {} });
  it.each([
    ['authorization', 'Bearer sandbox-hook-key'],
    ['authorization', 'Splunk sandbox-hook-key'],
    ['x-api-key', 'sandbox-hook-key'],
    ['x-goog-api-key', 'sandbox-hook-key'],
    ['cf-aig-authorization', 'Bearer sandbox-hook-key'],
  ])('accepts the key as %s: %s', async (name, value) => {
    const reply = await postHook(mesh.gateways[0], hook, { headers: { authorization: '', [name]: value } });
    expect(reply.status).toBe(200);
  });

  it.each([
    ['no key', ''],
    ['a wrong key', 'Bearer sandbox-hook-kez'],
    ['an empty key', 'Bearer '],
    ['the key without a scheme', 'sandbox-hook-key'],
  ])('refuses %s with a problem that contains no secret', async (_title, value) => {
    const reply = await postHook(mesh.gateways[0], hook, { headers: { authorization: value } });
    expect(reply.status).toBe(401);
    expect(reply.body).toMatchObject({ status: 401, reason: 'hook_unauthenticated' });
  });
});
