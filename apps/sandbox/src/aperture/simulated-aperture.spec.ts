import { gunzipSync, gzipSync, zstdDecompressSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { type SimulatedLlm, startLlm } from '../llm/simulated-llm.js';
import type { ApertureOptions, SimulatedAperture } from './aperture-api.js';
import type { ApertureConfigInput } from './aperture-config.js';
import type { ApertureIdentity } from './identity.js';
import { startAperture } from './simulated-aperture.js';

const ANA: ApertureIdentity = {
  loginName: 'ana@example.com',
  stableNodeId: 'n1',
  tailnetName: 'example.ts.net',
  sessionId: 's1',
};
const CI: ApertureIdentity = {
  loginName: 'ignored',
  stableNodeId: 'n2',
  tailnetName: 'example.ts.net',
  tags: ['tag:ci'],
};
const CHAT =
  '{"model": "gpt-5.1", "seed": 12345678901234567890, "messages": [{"role":"user","content":"h\\u0069 <b>"}]}';

interface Received {
  path: string;
  headers: FastifyRequest['headers'];
  raw: Buffer;
}

let llm: SimulatedLlm;
let hookServer: FastifyInstance;
let hookUrl: string;
let received: Received[];
let answer: (request: Received, reply: FastifyReply) => unknown;
let aperture: SimulatedAperture;

beforeAll(async () => {
  llm = await startLlm({ afterScript: { text: 'hello' } });
  hookServer = fastify({ forceCloseConnections: true });
  hookServer.removeAllContentTypeParsers();
  hookServer.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
  hookServer.post('*', (request, reply) => {
    const call = { path: request.url, headers: request.headers, raw: request.body as Buffer };
    received.push(call);
    return answer(call, reply);
  });
  hookUrl = await hookServer.listen({ host: '127.0.0.1', port: 0 });
});

beforeEach(() => {
  received = [];
  answer = () => ({ action: 'allow' });
});

afterEach(async () => {
  await aperture.close();
  llm.clear();
});

afterAll(async () => {
  await hookServer.close();
  await llm.close();
});

type HookInput = NonNullable<ApertureConfigInput['hooks']>[string];
type SendHook = {
  name: string;
  events: ('pre_request' | 'entire_request' | 'tool_call_entire_request')[];
  send?: string[];
};

const hook = (path: string, more: Partial<HookInput> = {}): HookInput => ({ url: `${hookUrl}/${path}`, ...more });
const capability = (send_hooks: SendHook[], models = '**') => ({ models, send_hooks });
const grant = (capabilities: unknown[], src = ['*'], other: Record<string, unknown[]> = {}) => ({
  src,
  app: { 'tailscale.com/cap/aperture': capabilities, ...other },
});
const pre = (name: string, send: string[] = ['request_body']): SendHook => ({ name, events: ['pre_request'], send });

async function start(config: Record<string, unknown>, more: Partial<ApertureOptions> = {}): Promise<void> {
  const whole = { providers: { openai: { models: ['gpt-*'] } }, ...config } as ApertureConfigInput;
  aperture = await startAperture({ config: whole, llmUrl: llm.url, identity: ANA, ...more });
}

const ask = (body: string | Buffer = CHAT, url = aperture.url, headers: Record<string, string> = {}) =>
  fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'user-agent': 'probe/1', ...headers },
    body,
  });

const payload = (at = 0) => JSON.parse(received[at]?.raw.toString('utf8') ?? '');

describe('what a hook is sent', () => {
  it('is metadata and the chosen fields, the body as the client wrote it', async () => {
    await start(
      {
        hooks: { h: hook('h') },
        grants: [
          grant(
            [
              capability([
                pre('h', [
                  'request_body',
                  'user_message',
                  'grants',
                  'estimated_cost',
                  'quotas',
                  'tools',
                  'response_body',
                ]),
              ]),
            ],
            ['*'],
            {
              'example.com/cap/role': [{ role: 'dev' }],
            },
          ),
        ],
      },
      {
        quotas: { daily: { current: 5_000_000_000, capacity: 10_000_000_000, rate: '$5.00/day' } },
        prices: { 'openai/gpt-5.1': { input: 0.5, output: 1 } },
      },
    );
    await ask();
    const tokens = Math.ceil(CHAT.length / 4);
    expect(payload()).toEqual({
      metadata: {
        login_name: 'ana@example.com',
        user_agent: 'probe/1',
        url: '/v1/chat/completions',
        model: 'gpt-5.1',
        provider: 'openai',
        tailnet_name: 'example.ts.net',
        stable_node_id: 'n1',
        request_id: aperture.exchanges[0]?.requestId,
        session_id: 's1',
        grants: { 'example.com/cap/role': [{ role: 'dev' }] },
        estimated_cost: { dollars: tokens * 0.5, cost_basis: 'openai/gpt-5.1', usage: { input_tokens: tokens } },
        quotas: { daily: { current: 5_000_000_000, capacity: 10_000_000_000, rate: '$5.00/day' } },
      },
      request_body: JSON.parse(CHAT),
      user_message: 'hi <b>',
    });
    expect(received[0]?.raw.toString('utf8')).toContain(`"request_body":${CHAT}`);
    expect(llm.requests[0]?.raw.toString('utf8')).toBe(CHAT);
  });

  it('has absolute URLs where so configured', async () => {
    await start({ hooks: { h: hook('h') }, grants: [grant([capability([pre('h', [])])])] }, { urlForm: 'absolute' });
    await ask();
    expect(payload()).toEqual({ metadata: expect.objectContaining({ url: `${aperture.url}/v1/chat/completions` }) });
  });

  it.each([
    ['bearer', 'authorization', 'Bearer k'],
    ['x-api-key', 'x-api-key', 'k'],
    ['x-goog-api-key', 'x-goog-api-key', 'k'],
    ['hec', 'authorization', 'Splunk k'],
    ['cf-aig-authorization', 'cf-aig-authorization', 'Bearer k'],
  ] as const)('carries the key as %s', async (authorization, header, value) => {
    await start({ hooks: { h: hook('h', { apikey: 'k', authorization }) }, grants: [grant([capability([pre('h')])])] });
    await ask();
    expect(received[0]?.headers[header]).toBe(value);
  });

  it('carries no key when there is none', async () => {
    await start({ hooks: { h: hook('h') }, grants: [grant([capability([pre('h')])])] });
    await ask();
    expect(received[0]?.headers.authorization).toBeUndefined();
  });
});

describe('who is asked', () => {
  it('is the union of all matching grants, once per event', async () => {
    await start({
      hooks: { h: hook('h'), other: hook('other'), off: hook('off', { disabled: true }) },
      grants: [
        grant([capability([pre('h', ['user_message'])])]),
        grant(
          [capability([pre('h', ['request_body'])], 'openai/gpt-*'), capability([pre('other')], 'anthropic/**')],
          ['ana@example.com'],
        ),
        grant([capability([pre('other')])], ['bob@example.com']),
        grant([{ send_hooks: [pre('off')] }]),
      ],
    });
    await ask();
    expect(received.map(({ path }) => path)).toEqual(['/h']);
    expect(Object.keys(payload()).sort()).toEqual(['metadata', 'request_body', 'user_message']);
  });

  it('follows preference, then the key', async () => {
    await start({
      hooks: { b: hook('b'), a: hook('a'), z: hook('z', { preference: 5 }) },
      grants: [grant([capability([pre('b'), pre('a'), pre('z')])])],
    });
    await ask();
    expect(received.map(({ path }) => path)).toEqual(['/z', '/a', '/b']);
  });

  it('takes the older form of wiring', async () => {
    const match = { events: ['pre_request'] };
    await start({
      hooks: { h: hook('h'), other: hook('other') },
      temp_grants: [
        {
          src: ['*'],
          grants: [
            { role: 'user' },
            {
              hook: {
                match: { ...match, providers: ['openai'], models: ['gpt-*'] },
                hook: 'h',
                fields: ['user_message'],
              },
            },
            { hook: { match: { ...match, providers: ['anthropic'] }, hook: 'other', fields: [] } },
          ],
        },
      ],
    });
    await ask();
    expect(received.map(({ path }) => path)).toEqual(['/h']);
    expect(payload()).toEqual({ metadata: expect.any(Object), user_message: 'hi <b>' });
  });

  it('knows each connection by its identity; tagged devices have no user', async () => {
    await start({
      hooks: { h: hook('h') },
      grants: [grant([capability([pre('h', ['grants'])])], ['tag:ci'], { 'example.com/cap/role': [{ role: 'ci' }] })],
    });
    const url = await aperture.connect(CI);
    expect((await ask(CHAT, url)).status).toBe(200);
    expect(payload().metadata).toMatchObject({
      login_name: 'tagged-devices',
      stable_node_id: 'n2',
      grants: { 'example.com/cap/role': [{ role: 'ci' }] },
      session_id: expect.stringMatching(/^oacc_/),
    });
    const denied = await ask();
    expect([denied.status, await denied.json()]).toEqual([
      403,
      { error: { message: 'access denied: no role granted', type: 'guardrail_blocked' } },
    ]);
  });

  it.each([
    ['an unknown hook', { grants: [grant([capability([pre('nobody')])])] }],
    ['a destination', { grants: [{ ...grant([capability([])]), dst: ['tag:aperture'] }] }],
    ['an unknown event', { grants: [grant([capability([{ name: 'h', events: ['post_request' as never] }])])] }],
    ['an unknown send value', { grants: [grant([capability([pre('h', ['tool_calls'])])])] }],
    ['a timeout that is no duration', { hooks: { h: { url: 'http://127.0.0.1/', timeout: '5' } } }],
    ['an unknown hook member', { hooks: { h: { url: 'http://127.0.0.1/', retries: 3 } } }],
  ])('is refused at the start with %s', async (_name, wrong) => {
    await start({});
    const config = { providers: {}, hooks: { h: hook('h') }, ...wrong } as ApertureConfigInput;
    expect(() => aperture.reconfigure(config)).toThrow();
  });
});

describe('what a reply does', () => {
  const two = (first: Partial<HookInput> = {}) => ({
    hooks: { first: hook('first', { preference: 1, ...first }), second: hook('second') },
    grants: [grant([capability([pre('first'), pre('second')])])],
  });
  const reply = (body: unknown) => {
    answer = ({ path }) => (path === '/first' ? body : { action: 'allow' });
  };

  it('ends the chain by a block, with defaults', async () => {
    await start(two());
    reply({ action: 'block' });
    const response = await ask();
    expect([response.status, await response.json()]).toEqual([
      403,
      { error: { message: 'request blocked by guardrail', type: 'guardrail_blocked' } },
    ]);
    expect(received.map(({ path }) => path)).toEqual(['/first']);
    expect(llm.requests).toEqual([]);
    expect(aperture.exchanges[0]).toMatchObject({ status: 403, refusedBy: 'first' });
  });

  it('feeds a modified body to the next hook and to the provider, whole and byte for byte', async () => {
    await start(two());
    const text = '{"model":"gpt-5.1",  "seed": 1e400, "messages":[{"role":"user","content":"\\u0041"}]}';
    answer = ({ path }, response) =>
      path === '/first'
        ? response.type('application/json').send(`{"extra":1,"request_body": ${text} ,"action":"modify"}`)
        : { action: 'allow' };
    await ask();
    expect(received[1]?.raw.toString('utf8')).toContain(`"request_body":${text}`);
    expect(llm.requests[0]?.raw.toString('utf8')).toBe(text);
  });

  it.each([
    ['modify without a body', { action: 'modify' }],
    ['modify with a string', { action: 'modify', request_body: CHAT }],
    ['modify with null', { action: 'modify', request_body: null }],
    ['another key', { decision: 'block' }],
    ['upper case', { action: 'BLOCK' }],
  ])('is an allow with %s', async (_name, body) => {
    await start(two({ fail_policy: 'fail_closed' }));
    reply(body);
    expect((await ask()).status).toBe(200);
    expect(llm.requests[0]?.raw.toString('utf8')).toBe(CHAT);
  });

  const FAILURES: [string, HookInput | Partial<HookInput>, (reply: FastifyReply) => unknown, string | undefined][] = [
    ['a non-2xx status', {}, (response) => response.code(403).send({ action: 'block' }), 'status'],
    ['no JSON', {}, (response) => response.send('blocked'), undefined],
    ['an array', {}, (response) => response.send([]), undefined],
    ['no answer in time', { timeout: '60ms' }, () => new Promise(() => {}), 'timeout'],
    ['nobody there', { url: 'http://127.0.0.1:1/' }, () => ({}), 'unreachable'],
  ];

  it.each(FAILURES)(
    'is a failure with %s: open by default, 503 when closed',
    async (_name, first, respond, failure) => {
      answer = ({ path }, response) => (path === '/first' ? respond(response) : { action: 'allow' });
      await start(two(first));
      expect((await ask()).status).toBe(200);
      expect(aperture.hooks.map((record) => [record.hook, record.failure])).toEqual([
        ['first', failure],
        ['second', undefined],
      ]);
      aperture.reconfigure({
        providers: { openai: {} },
        ...two({ ...first, fail_policy: 'fail_closed' }),
      } as ApertureConfigInput);
      const closed = await ask();
      expect([closed.status, aperture.exchanges[1]?.refusedBy]).toEqual([503, 'first']);
      expect(llm.requests).toHaveLength(1);
    },
  );

  it.each([
    ['/v1/messages', {}, { type: 'error', error: { type: 'invalid_request_error', message: 'no' } }],
    ['/v1/responses', {}, { error: { message: 'no', type: 'guardrail_blocked' } }],
    ['/v1beta/models/gpt-g:generateContent', {}, { error: { code: 451, message: 'no', status: 'PERMISSION_DENIED' } }],
    ['/model/gpt-b/converse', { 'x-amzn-errortype': 'AccessDeniedException' }, { message: 'no' }],
    ['/model/gpt-b/invoke', { 'x-amzn-errortype': 'AccessDeniedException' }, { message: 'no' }],
  ])('blocks %s in the envelope of its provider', async (path, headers, envelope) => {
    await start(two());
    reply({ action: 'block', status_code: 451, message: 'no' });
    const response = await fetch(`${aperture.url}${path}`, { method: 'POST', body: '{"model":"gpt-5.1"}' });
    expect([response.status, await response.json()]).toEqual([451, envelope]);
    for (const [name, value] of Object.entries(headers)) expect(response.headers.get(name)).toBe(value);
  });
});

describe('post-response events', () => {
  const events: SendHook['events'] = ['tool_call_entire_request', 'entire_request'];
  const wired = (send: string[], fail_policy: HookInput['fail_policy'] = 'fail_open') => ({
    hooks: { h: hook('h', { fail_policy }) },
    grants: [grant([capability([{ name: 'h', events, send }])])],
  });

  it('come once per event, tool calls only if there are any, replies ignored', async () => {
    await start(wired(['tools', 'response_body', 'raw_responses', 'estimated_cost'], 'fail_closed'));
    answer = (_request, reply) => reply.code(500).send({ action: 'block' });
    llm.script([
      {
        calls: [
          { name: 'a', args: { x: 1 } },
          { name: 'b', rawArguments: '{"cut' },
        ],
      },
      { text: 'plain' },
    ]);
    const first = await ask();
    expect(first.status).toBe(200);
    const body = await first.json();
    await aperture.settled();
    expect(aperture.hooks.map(({ event, failure }) => [event, failure]).sort()).toEqual([
      ['entire_request', 'status'],
      ['tool_call_entire_request', 'status'],
    ]);
    expect(payload()).toMatchObject({
      tool_calls: [
        { name: 'a', params: { x: 1 } },
        { name: 'b', params: '{"cut' },
      ],
      response_body: body,
      raw_responses: [body],
    });
    expect(payload(0).metadata.request_id).toBe(payload(1).metadata.request_id);
    await ask();
    await aperture.settled();
    expect(aperture.hooks.slice(2).map(({ event }) => event)).toEqual(['entire_request']);
    expect(payload(2).tool_calls).toEqual([]);
  });

  it('carry every stream message, and do not follow a refused request', async () => {
    await start(wired(['raw_responses']));
    llm.script([{ text: 'streamed text' }]);
    const response = await ask(CHAT.replace('{', '{"stream":true,'));
    const text = await response.text();
    await aperture.settled();
    const chunks: unknown[] = payload().raw_responses;
    expect(chunks.map((chunk) => `data: ${JSON.stringify(chunk)}\n\n`).join('')).toBe(
      text.replace('data: [DONE]\n\n', ''),
    );
    expect((await ask('{"model":"gpt-5.1"}')).status).toBe(400);
    await aperture.settled();
    expect(received).toHaveLength(1);
  });
});

describe('content codings', () => {
  const config = () => ({ hooks: { h: hook('h') }, grants: [grant([capability([pre('h')])])] });
  const decoded = (at: number): string => {
    const { raw = Buffer.alloc(0), headers = {} } = received[at] ?? {};
    const coding = headers['content-encoding'];
    if (coding === 'gzip') return gunzipSync(raw).toString('utf8');
    return Buffer.from(coding === 'zstd' ? zstdDecompressSync(raw) : raw).toString('utf8');
  };
  const codings = () => received.map(({ headers }) => headers['content-encoding']);

  it('are learned from a reply, unless told not to', async () => {
    answer = (_request, reply) => reply.header('accept-encoding', 'gzip, zstd').send({ action: 'allow' });
    await start(config());
    await ask();
    await ask();
    expect(codings()).toEqual([undefined, 'zstd']);
    expect(decoded(1)).toContain(CHAT);
    await aperture.close();
    await start(config(), { learnsCodings: false });
    await ask();
    await ask();
    expect(codings().slice(2)).toEqual([undefined, undefined]);
  });

  it.each(['gzip', 'identity'])('step down to %s on 415', async (accepted) => {
    answer = ({ headers }, reply) =>
      headers['content-encoding'] === 'zstd'
        ? reply.code(415).header('accept-encoding', accepted).send()
        : { action: 'block' };
    await start(config(), { hookCodings: { h: 'zstd' } });
    expect((await ask()).status).toBe(403);
    await ask();
    const later = accepted === 'identity' ? undefined : accepted;
    expect(codings()).toEqual(['zstd', later, later]);
    expect(decoded(1)).toContain(CHAT);
    expect(aperture.hooks[0]?.attempts.map(({ status }) => status)).toEqual([415, 200]);
  });

  it('of replies may be gzip', async () => {
    answer = (_request, reply) =>
      reply
        .header('content-encoding', 'gzip')
        .type('application/json')
        .send(gzipSync('{"action":"block","message":"packed"}'));
    await start(config());
    const response = await ask();
    expect(await response.json()).toMatchObject({ error: { message: 'packed' } });
  });

  it('of client bodies are undone for hooks and kept for the provider', async () => {
    await start(config());
    const packed = gzipSync(CHAT);
    expect((await ask(packed, aperture.url, { 'content-encoding': 'gzip' })).status).toBe(200);
    expect(decoded(0)).toContain(`"request_body":${CHAT}`);
    expect(llm.requests[0]?.raw).toEqual(packed);
    answer = () => ({
      action: 'modify',
      request_body: { model: 'gpt-5.1', messages: [{ role: 'user', content: 'new' }] },
    });
    await ask(packed, aperture.url, { 'content-encoding': 'gzip' });
    expect(llm.requests[1]?.headers['content-encoding']).toBeUndefined();
    expect(llm.requests[1]?.body.messages).toEqual([{ role: 'user', content: 'new' }]);
  });
});
