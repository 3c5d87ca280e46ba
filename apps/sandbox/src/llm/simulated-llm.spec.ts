import { gzipSync, zstdCompressSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { type SimulatedLlm, startLlm } from './simulated-llm.js';
import { awsMessages, sseMessages } from './stream-framing.js';

let llm: SimulatedLlm;
beforeAll(async () => {
  llm = await startLlm({ maxBodyBytes: 100_000 });
});
afterEach(() => {
  llm.script([]);
  llm.clear();
});
afterAll(() => llm.close());

const send = (url: string, body: string | Uint8Array, headers: Record<string, string> = {}) =>
  fetch(`${llm.url}${url}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: Buffer.from(body),
  });

// biome-ignore lint/suspicious/noExplicitAny: replies are asserted member by member
const ask = async (url: string, body: unknown, headers?: Record<string, string>): Promise<any> =>
  (await send(url, JSON.stringify(body), headers)).json();

const CHAT = { model: 'gpt-5.1', messages: [{ role: 'user', content: 'hi' }] };
const responses = (body: object) => ask('/v1/responses', { model: 'gpt-5.1', ...body });

describe('what it keeps', () => {
  it('is the request byte for byte, with what it means', async () => {
    llm.script([{ text: 'a' }]);
    const text = '{"model":"gpt-5.1", "seed":1e400, "messages":[{"role":"user","content":"\\ud83d"}]}';
    await send('/v1/chat/completions', text, { 'x-probe': '1' });
    expect(llm.requests[0]).toMatchObject({
      format: 'openai_chat',
      url: '/v1/chat/completions',
      model: 'gpt-5.1',
      streaming: false,
      status: 200,
      headers: { 'x-probe': '1' },
    });
    expect(llm.requests[0]?.raw.toString('utf8')).toBe(text);
  });

  it('is compressed bytes as they came', async () => {
    llm.script([{ text: 'a' }, { text: 'b' }]);
    const text = JSON.stringify(CHAT);
    const zstd = zstdCompressSync(text);
    for (const [coding, bytes] of [['gzip', gzipSync(text)] as const, ['zstd', zstd] as const]) {
      expect((await send('/v1/chat/completions', bytes, { 'content-encoding': coding })).status).toBe(200);
      expect(Buffer.compare(llm.requests.at(-1)?.raw ?? Buffer.alloc(0), Buffer.from(bytes))).toBe(0);
    }
  });

  it.each([
    ['an unknown coding', Buffer.from('{}'), { 'content-encoding': 'br' }, 415],
    ['a false coding', Buffer.from('{}'), { 'content-encoding': 'gzip' }, 400],
    ['a bomb', gzipSync(Buffer.alloc(1_000_000)), { 'content-encoding': 'gzip' }, 413],
    ['a body that is no object', Buffer.from('[]'), {}, 400],
    ['a body that is no JSON', Buffer.from('{'), {}, 400],
  ] as [string, Buffer, Record<string, string>, number][])(
    'includes %s, refused',
    async (_name, body, headers, status) => {
      const response = await send('/v1/chat/completions', body, headers);
      expect(response.status).toBe(status);
      expect(await response.json()).toMatchObject({ error: { type: 'invalid_request_error' } });
      expect(llm.requests[0]).toMatchObject({ status, error: expect.any(String) });
    },
  );
});

describe('the script', () => {
  it('may look at the request it answers', async () => {
    llm.script([(request) => ({ calls: request.declaredTools.map((name) => ({ name })) })]);
    const tool = (name: string) => ({ type: 'function', function: { name } });
    const reply = await ask('/v1/chat/completions', { ...CHAT, tools: [tool('a'), tool('b')] });
    expect(reply.choices[0].message.tool_calls.map((call: { function: unknown }) => call.function)).toEqual([
      { name: 'a', arguments: '{}' },
      { name: 'b', arguments: '{}' },
    ]);
  });

  it('fails loudly when it has run out, and a refused request does not use a turn', async () => {
    llm.script([{ text: 'one' }]);
    expect((await send('/v1/chat/completions', '{}')).status).toBe(400);
    expect(llm.remaining()).toBe(1);
    await ask('/v1/chat/completions', CHAT);
    const response = await send('/v1/chat/completions', JSON.stringify(CHAT));
    expect([response.status, await response.json()]).toMatchObject([
      500,
      { error: { message: 'The script has no turn left.' } },
    ]);
  });

  it.each([
    [
      '/v1/messages',
      { model: 'claude', max_tokens: 1, messages: CHAT.messages },
      { type: 'error', error: { type: 'overloaded_error', message: 'busy' } },
    ],
    ['/v1/chat/completions', CHAT, { error: { message: 'busy', type: 'server_error', param: null, code: null } }],
    [
      '/v1beta/models/g:generateContent',
      { contents: [{ parts: [{ text: 'hi' }] }] },
      { error: { code: 529, message: 'busy', status: 'UNKNOWN' } },
    ],
    ['/model/m/converse', { messages: [{ role: 'user', content: [{ text: 'hi' }] }] }, { message: 'busy' }],
  ])('may fail as the provider of %s does', async (url, body, envelope) => {
    llm.script([{ error: { status: 529, message: 'busy' } }]);
    const response = await send(url, JSON.stringify(body), { 'anthropic-version': '2023-06-01' });
    expect([response.status, await response.json()]).toEqual([529, envelope]);
  });

  it('wants the version header of Anthropic', async () => {
    const reply = await ask('/v1/messages', { model: 'claude', max_tokens: 1, messages: CHAT.messages });
    expect(reply.error.message).toBe('anthropic-version: header is required');
  });
});

describe('stored responses', () => {
  const output = (call_id: string) => ({ type: 'function_call_output', call_id, output: 'x' });

  it('carry the history that the next request leaves out', async () => {
    llm.script([{ calls: [{ name: 'f', id: 'c1' }] }, { text: 'done' }]);
    const first = await responses({ input: 'hi' });
    const gap = await responses({ previous_response_id: first.id, input: 'well?' });
    expect(gap.error.message).toBe('No tool output found for function call c1.');
    const second = await responses({ previous_response_id: first.id, input: [output('c1')] });
    expect(second.output[0].content[0].text).toBe('done');
  });

  it('are not kept with store: false', async () => {
    llm.script([{ text: 'a' }]);
    const first = await responses({ input: 'hi', store: false });
    const second = await responses({ previous_response_id: first.id, input: 'more' });
    expect(second.error).toMatchObject({ code: 'previous_response_not_found' });
  });

  it('resolve references, and keep conversations', async () => {
    llm.script([
      { calls: [{ name: 'f', id: 'c2' }] },
      { text: 'b' },
      { calls: [{ name: 'f', id: 'c3' }] },
      { text: 'd' },
    ]);
    const first = await responses({ input: 'hi' });
    const byReference = await responses({ input: [{ type: 'item_reference', id: first.output[0].id }, output('c2')] });
    expect(byReference.status).toBe('completed');
    const conversation = (await ask('/v1/conversations', {})).id;
    await responses({ conversation, input: 'hi' });
    expect((await responses({ conversation, input: [output('c3')] })).status).toBe('completed');
  });

  it('want reasoning back beside what it led to', async () => {
    llm.script([{ thinking: 'hm', calls: [{ name: 'f', id: 'c4' }] }, { text: 'ok' }]);
    const [reasoning, call] = (await responses({ input: 'hi', store: false })).output;
    const without = await responses({ input: [{ role: 'user', content: 'hi' }, call, output('c4')] });
    expect(without.error.message).toBe(
      `Item '${call.id}' of type 'function_call' was provided without its required 'reasoning' item: '${reasoning.id}'.`,
    );
    expect((await responses({ input: [{ role: 'user', content: 'hi' }, reasoning, call, output('c4')] })).status).toBe(
      'completed',
    );
  });
});

describe('the other ways in', () => {
  const contents = [{ role: 'user', parts: [{ text: 'hi' }] }];
  const claude = { anthropic_version: 'vertex-2023-10-16', max_tokens: 1, messages: CHAT.messages };

  it('Gemini without alt=sse streams one JSON array', async () => {
    llm.script([{ text: 'split in pieces' }]);
    const chunks = await ask('/v1beta/models/g:streamGenerateContent', { contents });
    const texts = chunks.map(
      (chunk: { candidates: { content: { parts: { text: string }[] } }[] }) =>
        chunk.candidates[0]?.content.parts[0]?.text,
    );
    expect(texts.length).toBeGreaterThan(1);
    expect(texts.join('')).toBe('split in pieces');
  });

  it('Code Assist wraps request and reply', async () => {
    llm.script([{ text: 'a' }, { text: 'b' }]);
    const body = { model: 'gemini-2.5-pro', request: { contents } };
    const whole = await ask('/v1internal:generateContent', body);
    expect(whole.response.candidates[0].content.parts).toEqual([{ text: 'a' }]);
    expect(llm.requests[0]).toMatchObject({ model: 'gemini-2.5-pro', body: { contents } });
    const streamed = await (await send('/v1internal:streamGenerateContent?alt=sse', JSON.stringify(body))).text();
    expect(sseMessages(streamed)).toEqual([{ response: expect.objectContaining({ candidates: expect.any(Array) }) }]);
  });

  it('Vertex serves both makers', async () => {
    llm.script([{ text: 'a' }, { text: 'b' }, { text: 'c' }]);
    const root = '/v1/projects/p/locations/l/publishers';
    expect((await ask(`${root}/google/models/g:generateContent`, { contents })).candidates).toHaveLength(1);
    expect((await ask(`${root}/anthropic/models/claude@1:rawPredict`, claude)).content).toEqual([
      { type: 'text', text: 'b' },
    ]);
    const stream = await (
      await send(`${root}/anthropic/models/claude@1:streamRawPredict`, JSON.stringify({ ...claude, stream: true }))
    ).text();
    expect(sseMessages(stream)[0]).toMatchObject({ type: 'message_start' });
    expect(llm.requests.map(({ model }) => model)).toEqual(['g', 'claude@1', 'claude@1']);
  });

  it('Bedrock decodes ARNs and frames its streams', async () => {
    llm.script([{ text: 'abc' }]);
    const arn = 'arn:aws:bedrock:us-east-1:1:inference-profile/x';
    const body = JSON.stringify({ messages: [{ role: 'user', content: [{ text: 'hi' }] }] });
    const response = await send(`/model/${encodeURIComponent(arn)}/converse-stream`, body);
    const events = awsMessages(new Uint8Array(await response.arrayBuffer()));
    expect(events.map(({ event }) => event)).toEqual([
      'messageStart',
      'contentBlockDelta',
      'contentBlockStop',
      'messageStop',
      'metadata',
    ]);
    expect(llm.requests[0]?.model).toBe(arn);
  });

  it('knows no other path', async () => {
    expect((await send('/v1/embeddings', '{}')).status).toBe(404);
    expect(llm.requests).toEqual([]);
  });
});
