import type { JsonObject } from '@iris/contracts';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ANA_KEY, type OpenGateway, openGateway } from '../testing/open-gateway.js';
import { accepted, events, json, PlainClient, ScriptedUpstream } from '../testing/scripted-upstream.js';
import { UpstreamError } from '../upstreams/upstream.js';

let gateway: OpenGateway;
let files: ScriptedUpstream;
let client: PlainClient;

const LISTED: Record<string, JsonObject[]> = {
  files: [{ name: 'read_a', title: 'A' }, { name: 'denied_b' }],
  db: [{ name: 'query' }],
};

function server(id: string): ScriptedUpstream {
  return new ScriptedUpstream(id, (message) => {
    const { method, params } = message;
    if (message.id === undefined) return accepted();
    if (method === 'tools/list') {
      const page = Number((params as JsonObject).cursor ?? 0);
      const tools = (LISTED[id] ?? []).slice(page, page + 1);
      const more = page + 1 < (LISTED[id] ?? []).length;
      return json(message, { tools, ...(more && { nextCursor: String(page + 1) }) });
    }
    return events({ jsonrpc: '2.0', id: message.id ?? null, result: { of: id, params: params ?? null } });
  });
}

beforeEach(async () => {
  files = server('files');
  const dead = new ScriptedUpstream('dead', () => Promise.reject(new UpstreamError('the server gives no answer')));
  gateway = await openGateway([files, server('db'), dead]);
  client = new PlainClient(`${gateway.url}/mcp`, ANA_KEY);
});
afterEach(() => gateway.close());

const resultOf = async (response: Response): Promise<JsonObject> =>
  JSON.parse((await response.text()).replace(/^[\s\S]*data: /, '')).result;

describe('all servers as one', () => {
  it('list the tools that are allowed, every page, by server and name', async () => {
    await client.initialize();
    const { tools } = await resultOf(await client.request('tools/list'));
    expect(tools).toEqual([{ name: 'files_read_a', title: 'A' }, { name: 'db_query' }]);
    expect(gateway.problems).toEqual(['the server gives no answer']);
  });

  it('call a tool on its server, judged by its server and its own name', async () => {
    await client.initialize();
    const result = await resultOf(await client.request('tools/call', { name: 'files_read_a', arguments: { p: 1 } }));
    expect(result).toEqual({ of: 'files', params: { name: 'read_a', arguments: { p: 1 } } });
    expect(gateway.decider.calls.at(-1)).toMatchObject({ server: 'files', tool: 'read_a', params: { p: 1 } });
    expect(await client.call('files_denied_b')).toMatchObject({ result: { isError: true } });
    expect(await client.call('other_tool')).toMatchObject({ error: { code: -32602 } });
  });

  it('begin one session at each server, and end it', async () => {
    await client.initialize();
    await Promise.all([1, 2, 3].map(async () => (await client.request('tools/call', { name: 'files_read_a' })).text()));
    expect(files.messages.filter(({ method }) => method === 'initialize')).toHaveLength(1);
    const headers = { authorization: `Bearer ${ANA_KEY}`, 'mcp-session-id': client.sessionId ?? '' };
    expect((await fetch(`${gateway.url}/mcp`, { method: 'DELETE', headers })).status).toBe(200);
    expect(files.requests.filter(({ method }) => method === 'DELETE')).toHaveLength(1);
    expect((await client.request('ping')).status).toBe(404);
  });

  it('need no session in the stateless specification', async () => {
    const _meta = { 'io.modelcontextprotocol/protocolVersion': '2026-07-28' };
    const headers = (method: string) => ({ 'mcp-protocol-version': '2026-07-28', 'mcp-method': method });
    const discovered = await client.request('server/discover', { _meta }, headers('server/discover'));
    expect(await resultOf(discovered)).toMatchObject({ supportedVersions: ['2026-07-28'] });
    const listed = await client.request('tools/list', { _meta }, headers('tools/list'));
    expect(await resultOf(listed)).toMatchObject({ cacheScope: 'private', ttlMs: 0, tools: { length: 2 } });
    const named = { ...headers('tools/call'), 'mcp-name': 'db_query' };
    const called = await client.request('tools/call', { name: 'db_query', _meta }, named);
    expect(await resultOf(called)).toMatchObject({ of: 'db', params: { name: 'query' } });
  });
});
