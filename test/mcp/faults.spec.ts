import { readFileSync } from 'node:fs';
import { eventually, freePort } from '@iris/context-cache/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { OpenServer } from './conformance-server/open-conformance-server.js';
import { ANA_KEY, CLIENT, type McpMesh, openTools, startMcpMesh } from './mcp-mesh.js';
import { openRawServer, type RawCall, writeLarge } from './raw-server.js';

const MB = 1_048_576;
const SESSIONS = 500;

let server: OpenServer;
let mesh: McpMesh;
let left = 0;

/** What the server does with a call, by the name of the tool. */
const ANSWERS: Readonly<Record<string, (call: RawCall) => void | Promise<void>>> = {
  quick: ({ id, response }) => {
    const result = { content: [{ type: 'text', text: 'quick' }] };
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ jsonrpc: '2.0', id, result }));
  },
  silent: ({ response }) => void response.on('close', () => (left += 1)),
  garbage: ({ response }) => void response.writeHead(200, { 'content-type': 'application/json' }).end('{"jsonrpc'),
  page: ({ response }) => void response.writeHead(200, { 'content-type': 'text/html' }).end('<html>'),
  redirect: ({ response }) => void response.writeHead(307, { location: 'http://127.0.0.1:1/' }).end(),
  broken: ({ response }) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write(': hello\n\ndata: {"jsonrpc":"2.0",');
    setTimeout(() => response.destroy(), 100);
  },
  large_json: (call) => writeLarge(call, 100 * MB, false),
  large_event: (call) => writeLarge(call, 100 * MB, true),
  small_json: (call) => writeLarge(call, 8 * MB, false),
  small_event: (call) => writeLarge(call, 8 * MB, true),
};

beforeAll(async () => {
  server = await openRawServer((call) => ANSWERS[call.tool]?.(call));
  mesh = await startMcpMesh(
    [
      { server: { id: 'raw', url: server.url, timeoutSeconds: 2 }, catalog: openTools('raw', '*') },
      { server: { id: 'dead', url: `http://127.0.0.1:${await freePort()}/mcp` }, catalog: openTools('dead', '*') },
    ],
    { mcpEnv: { IRIS_MCP_MAX_SESSIONS_PER_CALLER: String(2 * SESSIONS), IRIS_MCP_BUDGET_MS: '20000' } },
  );
});
afterAll(async () => {
  await mesh?.close();
  await server?.close();
});

interface Answer {
  readonly result?: { readonly isError?: boolean; readonly content?: readonly { readonly text?: string }[] };
  readonly error?: { readonly code: number; readonly message: string };
}

class Session {
  private constructor(
    private readonly url: string,
    private readonly id: string,
  ) {}

  static async begin(path = 'raw'): Promise<Session> {
    const url = mesh.urlOf(path);
    const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: CLIENT };
    const response = await post(url, { jsonrpc: '2.0', id: 0, method: 'initialize', params });
    const id = response.headers.get('mcp-session-id');
    const body = await response.text();
    if (id === null) throw new Error(body);
    return new Session(url, id);
  }

  call(tool: string, signal?: AbortSignal): Promise<Response> {
    const message = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: tool, arguments: {} } };
    return post(this.url, message, { 'mcp-session-id': this.id }, signal);
  }

  async answer(tool: string): Promise<Answer> {
    return (await (await this.call(tool)).json()) as Answer;
  }
}

function post(
  url: string,
  message: unknown,
  headers: Record<string, string> = {},
  signal?: AbortSignal,
): Promise<Response> {
  return fetch(url, {
    method: 'POST',
    body: JSON.stringify(message),
    signal,
    headers: {
      authorization: `Bearer ${ANA_KEY}`,
      accept: 'application/json, text/event-stream',
      'content-type': 'application/json',
      ...headers,
    },
  });
}

/** Memory of the gateway now, in bytes. Source: proc(5). */
function memory(): number {
  const status = readFileSync(`/proc/${mesh.gateway.process.pid}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) * 1024;
}

describe('a server that fails', () => {
  it.each([
    ['is late', 'silent', /no answer/],
    ['sends garbage', 'garbage', /broken off/],
    ['sends a page', 'page', /content type/],
    ['sends its client elsewhere', 'redirect', /redirect/],
  ])('gives an error of the request when it %s', async (_title, tool, problem) => {
    const session = await Session.begin();
    expect(await session.answer(tool)).toMatchObject({
      error: { code: -32603, message: expect.stringMatching(problem) },
    });
    expect(await session.answer('quick')).toMatchObject({ result: { content: [{ text: 'quick' }] } });
  });

  it('breaks off the stream that it breaks off', async () => {
    const session = await Session.begin();
    await expect(session.call('broken').then((response) => response.text())).rejects.toThrow();
  });

  it('gives an error when it is dead', async () => {
    await expect(Session.begin('dead')).rejects.toThrow(/the server gives no answer/);
  });
});

describe('a client that leaves', () => {
  it('ends its call at the server', async () => {
    const session = await Session.begin();
    const before = left;
    const leaving = new AbortController();
    const call = session.call('silent', leaving.signal).catch(() => undefined);
    setTimeout(() => leaving.abort(), 200);
    await call;
    await eventually(async () => expect(left).toBeGreaterThan(before));
  });
});

describe('a result of 100 MB', () => {
  it.each(['json', 'event'])('passes without growing the memory by more than 32 MB, as %s', async (form) => {
    const session = await Session.begin();
    const read = async (tool: string) => {
      let size = 0;
      let peak = 0;
      for await (const chunk of (await session.call(tool)).body ?? []) {
        size += chunk.length;
        peak = Math.max(peak, memory());
      }
      return { size, peak };
    };
    // What the process takes once, such as compiled code, is no part of a result.
    for (let round = 0; round < 5; round += 1) await read(`small_${form}`);
    const before = memory();
    const { size, peak } = await read(`large_${form}`);
    expect(size).toBeGreaterThan(100 * MB);
    process.stdout.write(`100 MB as ${form}: memory grows by ${((peak - before) / MB).toFixed(1)} MB\n`);
    expect(peak - before).toBeLessThan(32 * MB);
  });
});

describe('many sessions', () => {
  it('are served side by side', async () => {
    const sessions = await Promise.all(Array.from({ length: SESSIONS }, () => Session.begin()));
    const answers = await Promise.all(sessions.map((session) => session.answer('quick')));
    expect(answers.filter(({ result }) => result?.content?.[0]?.text === 'quick')).toHaveLength(SESSIONS);
  });
});

describe('without the PDP', () => {
  it('every call is denied, and allowed again after its return', async () => {
    const session = await Session.begin();
    await mesh.mesh.pdp.process.kill();
    const denied = await session.answer('quick');
    expect(denied).toMatchObject({ result: { isError: true, content: [{ text: expect.stringMatching(/pdp_/) }] } });
    await mesh.mesh.restartPdp();
    await eventually(async () =>
      expect(await session.answer('quick')).not.toMatchObject({ result: { isError: true } }),
    );
  });
});
