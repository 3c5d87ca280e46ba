import type { JsonObject } from '@iris/contracts';
import { afterEach, describe, expect, it } from '@jest/globals';
import { ANA_KEY, BEN_KEY, type OpenGateway, openGateway } from '../testing/open-gateway.js';
import { accepted, events, json, PlainClient, parts, ScriptedUpstream, text } from '../testing/scripted-upstream.js';
import { UpstreamError, type UpstreamResponse } from '../upstreams/upstream.js';

let gateway: OpenGateway;
let upstream: ScriptedUpstream;
afterEach(() => gateway?.close());

type Answer = ConstructorParameters<typeof ScriptedUpstream>[1];

async function opened(answer: Answer, key: string | undefined = ANA_KEY): Promise<PlainClient> {
  upstream = new ScriptedUpstream('files', answer);
  gateway = await openGateway([upstream], 262_144);
  return new PlainClient(`${gateway.url}/mcp/files`, key);
}

async function inSession(answer: Answer, capabilities?: JsonObject): Promise<PlainClient> {
  const client = await opened(answer);
  await client.initialize(capabilities);
  return client;
}

const echo: Answer = (message) =>
  message.id === undefined ? accepted() : json(message, { content: [{ type: 'text', text: 'done' }], extra: 1 });

describe('a request before authentication', () => {
  it('is refused without a known key, and its body is not read', async () => {
    const client = await opened(echo, 'unknown-key');
    const response = await client.request('tools/call', { name: 'x' });
    expect([response.status, response.headers.get('www-authenticate')]).toEqual([401, 'Bearer error="invalid_token"']);
    expect(upstream.requests).toEqual([]);
  });

  it('is refused with another content type than JSON', async () => {
    const client = await opened(echo);
    expect((await client.request('ping', {}, { 'content-type': 'text/plain' })).status).toBe(415);
  });

  it('is refused when a page of another host sends it', async () => {
    const client = await opened(echo);
    expect((await client.request('ping', {}, { origin: 'https://evil.example' })).status).toBe(403);
  });
});

describe('a session', () => {
  it('is of its person alone, and hides that of the server', async () => {
    const ana = await inSession(echo);
    expect(ana.sessionId).not.toMatch(/upstream/);
    const ben = new PlainClient(`${gateway.url}/mcp/files`, BEN_KEY);
    ben.sessionId = ana.sessionId;
    expect((await ben.request('tools/call', { name: 'x' })).status).toBe(404);
    expect(await ana.call('x')).toMatchObject({ result: { extra: 1 } });
    expect(upstream.requests.at(-1)?.headers['mcp-session-id']).toBe('upstream-1');
  });

  it('is required, apart from the handshake', async () => {
    const client = await opened(echo);
    expect((await client.request('tools/list')).status).toBe(400);
  });

  it('announces changes of the list of tools', async () => {
    const client = await opened(echo);
    expect(await client.initialize()).toMatchObject({ result: { capabilities: { tools: { listChanged: true } } } });
  });
});

describe('what a server gets', () => {
  it('is the body byte for byte, and never the credential of the client', async () => {
    const client = await inSession(echo);
    const body =
      '{"jsonrpc":"2.0", "id":7,"method":"tools/call","params":{"name":"x","arguments":{"n":1.0,"u":"\\u0041"}}}';
    await client.post(body, { 'mcp-param-region': 'eu', cookie: 'a=b', 'x-forwarded-for': '1.2.3.4' });
    const { body: sent, headers } = upstream.requests.at(-1) ?? {};
    expect(sent).toBe(body);
    expect(Object.keys(headers ?? {}).sort()).toEqual(['accept', 'content-type', 'mcp-param-region', 'mcp-session-id']);
  });

  it.each([
    ['an unknown method', { method: 'tools/run', params: {} }, 200, -32601],
    ['a batch', [{ jsonrpc: '2.0', id: 1, method: 'ping' }], 400, -32600],
    ['another member', { method: 'ping', Method: 'tools/call' }, 400, -32600],
    ['a parameter that differs by case', { method: 'tools/call', params: { name: 'x', Name: 'denied' } }, 400, -32602],
  ])('is not %s', async (_title, message, status, code) => {
    const client = await inSession(echo);
    const before = upstream.requests.length;
    const response = await client.post(Array.isArray(message) ? message : { jsonrpc: '2.0', id: 1, ...message });
    expect([response.status, await response.json()]).toMatchObject([status, { error: { code } }]);
    expect(upstream.requests.length).toBe(before);
  });

  it('is no object that has a key twice', async () => {
    const client = await inSession(echo);
    const twice = '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a","name":"denied"}}';
    expect(await (await client.post(twice)).json()).toMatchObject({
      error: { message: 'Parse error: duplicate_json_key' },
    });
  });
});

describe('a denied request', () => {
  it('is a tool error with the message of the rule, and never reaches the server', async () => {
    const client = await inSession(echo);
    const before = upstream.requests.length;
    expect(await client.call('denied_tool')).toMatchObject({
      result: { isError: true, content: [{ type: 'text', text: 'not now [policy_denied]' }] },
    });
    expect(upstream.requests.length).toBe(before);
  });

  it.each(['resources/read', 'prompts/get', 'completion/complete', 'resources/subscribe', 'tasks/result'])(
    'is a protocol error for %s',
    async (method) => {
      const client = await inSession(echo);
      const response = await client.request(method, { uri: 'denied://x' });
      expect(await response.json()).toMatchObject({ error: { code: -32001, message: 'not now [policy_denied]' } });
      expect(gateway.decider.calls.at(-1)).toMatchObject({ method, server: 'files', params: { uri: 'denied://x' } });
    },
  );

  it('states arguments that are no object', async () => {
    const client = await inSession(echo);
    await client.request('tools/call', { name: 'x', arguments: 'text' });
    expect(gateway.decider.calls.at(-1)).toMatchObject({ paramsStatus: 'not_object' });
  });
});

describe('a listing of tools', () => {
  const tools: JsonObject[] = [{ name: 'read', x: 1 }, { name: 'denied_write' }, { name: 'list' }];
  const sent = { name: ['read', 'list'] };

  it.each([
    ['JSON', (message: JsonObject) => json(message, { tools })],
    [
      'an event',
      (message: JsonObject) => events(': hello\n\n', { jsonrpc: '2.0', id: message.id ?? null, result: { tools } }),
    ],
  ])('as %s leaves out tools that are never allowed', async (_title, answer) => {
    const client = await inSession(answer);
    const body = await (await client.request('tools/list')).text();
    const message = JSON.parse(body.replace(/^[\s\S]*data: /, ''));
    expect(message.result.tools.map(({ name }: JsonObject) => name)).toEqual(sent.name);
    expect(message.result.ttlMs).toBeUndefined();
  });

  it('of the stateless specification is private, for no longer than its facts', async () => {
    const client = await opened((message) => json(message, { tools, ttlMs: 9_000_000, cacheScope: 'public' }));
    const response = await stateless(client, 'tools/list');
    expect(await response.json()).toMatchObject({ result: { ttlMs: 5000, cacheScope: 'private' } });
  });
});

function stateless(client: PlainClient, method: string, params: JsonObject = {}, headers = {}): Promise<Response> {
  const _meta = { 'io.modelcontextprotocol/protocolVersion': '2026-07-28' };
  const standard = { 'mcp-protocol-version': '2026-07-28', 'mcp-method': method };
  return client.request(method, { ...params, _meta }, { ...standard, ...headers });
}

describe('a request of the stateless specification', () => {
  it.each([
    ['Mcp-Method', { 'mcp-method': 'tools/list', 'mcp-name': 'x' }],
    ['Mcp-Name', { 'mcp-name': 'other' }],
    ['MCP-Protocol-Version', { 'mcp-name': 'x', 'mcp-protocol-version': '2027-01-01' }],
  ])('is refused when %s differs from the body', async (_title, headers) => {
    const client = await opened(echo);
    const response = await stateless(client, 'tools/call', { name: 'x' }, headers);
    expect([response.status, await response.json()]).toMatchObject([400, { error: { code: -32020 } }]);
    expect(upstream.requests).toEqual([]);
  });

  it('passes with a name that a header cannot hold', async () => {
    const client = await opened(echo);
    const headers = { 'mcp-name': `=?base64?${Buffer.from('größe').toString('base64')}?=` };
    expect((await stateless(client, 'tools/call', { name: 'größe' }, headers)).status).toBe(200);
  });

  it('gets no question to sample that is denied', async () => {
    const request = { method: 'sampling/createMessage', params: { text: 'denied' } };
    const client = await opened((message) =>
      json(message, { resultType: 'input_required', requestState: 's', inputRequests: { a: request } }),
    );
    const response = await stateless(client, 'tools/call', { name: 'x' }, { 'mcp-name': 'x' });
    expect(await response.json()).toMatchObject({ error: { code: -32001 } });
  });
});

describe('what a server sends', () => {
  const result = (id: unknown) => ({ jsonrpc: '2.0', id: id as string, result: { content: [] } });

  it('keeps progress, questions to the person and the ids of events', async () => {
    const question = { jsonrpc: '2.0', id: 0, method: 'elicitation/create', params: {} };
    const progress = { jsonrpc: '2.0', method: 'notifications/progress', params: { progress: 1 } };
    const client = await inSession((message) =>
      events(
        'id: 4\ndata: \n\n',
        progress,
        question,
        `id: 5\nevent: message\ndata: ${JSON.stringify(result(message.id))}\n\n`,
      ),
    );
    const body = await (await client.request('tools/call', { name: 'x' })).text();
    expect(body.match(/^id: .*/gm)).toEqual(['id: 4', 'id: 5']);
    expect(body.split('\n\n').length).toBe(5);
    expect(body).toContain(JSON.stringify(question));
  });

  it('does not reach the client when it is a denied or an unknown request, and is answered', async () => {
    const asked: JsonObject[] = [
      { jsonrpc: '2.0', id: 8, method: 'sampling/createMessage', params: { text: 'denied' } },
      { jsonrpc: '2.0', id: 9, method: 'shell/run', params: {} },
    ];
    const client = await inSession((message) =>
      message.method === undefined ? accepted() : events(...asked, result(message.id)),
    );
    const body = await (await client.request('tools/call', { name: 'x' })).text();
    expect(body.match(/^data: /gm)).toHaveLength(1);
    expect(upstream.messages.slice(-2)).toMatchObject([
      { id: 8, error: { code: -32001 } },
      { id: 9, error: { code: -32601 } },
    ]);
  });

  const big = 'x'.repeat(600_000);
  it.each([
    ['JSON', (message: JsonObject) => json(message, { content: [{ type: 'text', text: big }] })],
    ['an event', ({ id }: JsonObject) => events({ jsonrpc: '2.0', id: id ?? null, result: { content: [big] } })],
  ])('streams when it is a result of any size, as %s', async (_title, answer) => {
    const client = await inSession(answer);
    expect((await (await client.request('tools/call', { name: 'x' })).text()).length).toBeGreaterThan(big.length);
  });

  it.each<[string, () => UpstreamResponse | Promise<UpstreamResponse>, RegExp]>([
    ['no JSON', () => text('application/json', '{"jsonrpc":'), /broken off/],
    ['no message', () => text('application/json', '[1]'), /batch/],
    ['another content type', () => text('text/html', '<html>'), /content type/],
    ['a refusal of the credential', () => text('application/json', '{}', 401), /refuses the gateway \(401\)/],
    [
      'a listing larger than is read',
      () => text('application/json', `{"result":{"tools":["${big}`),
      /mcp.maxReadBytes/,
    ],
    ['no answer', () => Promise.reject(new UpstreamError('the server gives no answer (ECONNREFUSED)')), /no answer/],
  ])('becomes an error of the request when it is %s', async (_title, answer, problem) => {
    const client = await inSession(answer);
    const reply = await client.call('x');
    expect(reply).toMatchObject({ id: 2, error: { code: -32603, message: expect.stringMatching(problem) } });
    expect(gateway.problems).toHaveLength(1);
  });

  it('is broken off when a request hides in a large result', async () => {
    const hidden = parts(`{"jsonrpc":"2.0","id":2,"result":{"a":"${big}`, '"},"method":"sampling/createMessage"}');
    const client = await inSession(() => ({ ...text('application/json', ''), body: hidden }));
    await expect(client.request('tools/call', { name: 'x' }).then((response) => response.text())).rejects.toThrow();
  });

  it('ends when the client leaves', async () => {
    const ended = new Promise<void>((resolve) => {
      void inSession((_message, { signal }) => {
        signal.addEventListener('abort', () => resolve());
        return { ...events(), body: forever(signal) };
      }).then(async (client) => {
        const leaving = new AbortController();
        const response = await fetch(`${gateway.url}/mcp/files`, {
          method: 'POST',
          signal: leaving.signal,
          headers: {
            authorization: `Bearer ${ANA_KEY}`,
            'mcp-session-id': client.sessionId ?? '',
            'content-type': 'application/json',
          },
          body: JSON.stringify({ jsonrpc: '2.0', id: 5, method: 'tools/call', params: { name: 'x' } }),
        });
        response.body
          ?.getReader()
          .read()
          .catch(() => undefined);
        leaving.abort();
      });
    });
    await ended;
    expect(gateway.problems).toEqual([]);
  });
});

async function* forever(signal: AbortSignal): AsyncGenerator<Uint8Array> {
  yield Buffer.from(': hello\n\n');
  await new Promise((resolve) => signal.addEventListener('abort', resolve));
}

describe('a stream of a session', () => {
  const silent: Answer = (message) =>
    message.method === undefined ? { status: 405, headers: {}, body: parts() } : accepted();

  it('is one of a few, and ends with the process', async () => {
    const client = await inSession(silent);
    const leaving = new AbortController();
    const open = await Promise.all([1, 2, 3, 4].map(() => client.stream(leaving.signal)));
    expect(open.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    expect((await client.stream(leaving.signal)).status).toBe(409);
    gateway.sessions.endStreams();
    expect(await Promise.all(open.map((response) => response.text()))).toHaveLength(4);
  });
});

describe('a change of facts', () => {
  it.each([
    ['a server without a stream', (): UpstreamResponse => ({ status: 405, headers: {}, body: parts() })],
    ['a server with one', (): UpstreamResponse => ({ ...events(), body: forever(new AbortController().signal) })],
  ])('is announced to the streams of the person, for %s', async (_title, stream) => {
    const client = await inSession((message) => (message.method === undefined ? stream() : accepted()));
    const leaving = new AbortController();
    const response = await client.stream(leaving.signal);
    expect(response.status).toBe(200);
    gateway.decider.change('ben@lumen.example');
    gateway.decider.change('ana@lumen.example');
    let received = '';
    for await (const chunk of response.body ?? []) {
      received += Buffer.from(chunk).toString();
      if (received.includes('list_changed')) break;
    }
    expect(received.match(/list_changed/g)).toHaveLength(1);
    leaving.abort();
  });
});

describe('a result that is not read', () => {
  it('arrives byte for byte', async () => {
    const sent = '{"result" : {"content":[{"type":"text","text":"größe ✓ \\u00e4"}],"n":1.0},"jsonrpc":"2.0","id":2}';
    const client = await inSession(() => text('application/json', sent));
    expect(await (await client.request('tools/call', { name: 'x' })).text()).toBe(sent);
  });
});
