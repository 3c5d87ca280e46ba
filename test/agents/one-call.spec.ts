import { mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { JoinedCall } from '@iris/evidence';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { AGENT_HOOK_KEY } from '../../apps/sandbox/src/mesh/mesh.js';
import { runIris } from '../cli/run-iris.js';
import { fateOf, postHook } from '../e2e/hook-client.js';
import { CLIENT, type McpMesh, startMcpMesh } from '../mcp/mcp-mesh.js';

const BEN = 'ben@lumen.example';
const MCP_KEY = 'mcp-key-of-ben';
/** A client that the policies do not sanction. */
const UNLISTED = { name: 'unlisted', version: '1.0.0' };
const TOOL = 'read_text_file';

let folder: string;
let mesh: McpMesh;

beforeAll(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'iris-files-')));
  await writeFile(join(folder, 'a.txt'), 'CONTENT');
  const filesystem = 'node_modules/@modelcontextprotocol/server-filesystem/dist/index.js';
  mesh = await startMcpMesh([{ server: { id: 'filesystem', command: process.execPath, args: [filesystem, folder] } }], {
    gateways: 1,
    // Content joins calls only under one key of all gateways.
    commonEnv: { IRIS_EVIDENCE_HASH_KEY: 'one key of all gateways' },
    mcpEnv: { IRIS_AUTH_KEYS: `ben=${MCP_KEY}`, IRIS_AUTH_LOGINS: JSON.stringify({ ben: BEN }) },
  });
});
afterAll(async () => {
  await mesh?.close();
  await rm(folder, { recursive: true, force: true });
});

interface Call {
  readonly session: string;
  readonly path: string;
  readonly id?: string;
}

/** The agent's own hook, before the call. */
async function byHook(agent: string, body: object, userAgent: string): Promise<string> {
  const headers = { authorization: `Bearer ${AGENT_HOOK_KEY}`, 'user-agent': userAgent };
  return JSON.stringify((await postHook(mesh.mesh.gateways[0], body, { path: `/ext/${agent}`, headers })).body);
}

/** The call itself, through the MCP gateway. */
async function byMcp({ path, id }: Call, clientInfo: { readonly name: string; readonly version: string }) {
  const client = new Client(clientInfo);
  const headers = { authorization: `Bearer ${MCP_KEY}`, 'user-agent': `${clientInfo.name}/${clientInfo.version}` };
  await client.connect(
    new StreamableHTTPClientTransport(new URL(mesh.urlOf('filesystem')), { requestInit: { headers } }),
  );
  const _meta = id === undefined ? {} : { _meta: { 'claudecode/toolUseId': id } };
  const result = await client.callTool({ name: TOOL, arguments: { path }, ..._meta });
  await client.close();
  return result;
}

/** The request that brings the result to the model. */
function byAperture({ session, path, id = 'toolu_of_the_provider_only' }: Call) {
  return postHook(mesh.mesh.gateways[0], {
    metadata: {
      login_name: BEN,
      user_agent: 'claude-cli/2.1.278 (external, cli)',
      url: '/v1/messages',
      model: 'claude-sonnet-5',
      provider: 'anthropic',
      request_id: `req_${session}`,
      session_id: session,
    },
    request_body: {
      model: 'claude-sonnet-5',
      max_tokens: 100,
      messages: [
        { role: 'user', content: 'go on' },
        {
          role: 'assistant',
          content: [{ type: 'tool_use', id, name: `mcp__filesystem__${TOOL}`, input: { path } }],
        },
        { role: 'user', content: [{ type: 'tool_result', tool_use_id: id, content: 'RESULT' }] },
      ],
    },
  });
}

/** What each entry point states of each call of a session. */
async function statementsOf(session: string): Promise<(string | undefined)[][][]> {
  const { gateways } = mesh.mesh;
  const folders = [mesh.gateway, ...gateways].map(({ evidenceDirectory }) => evidenceDirectory);
  const run = await runIris(['evidence', 'session', session, ...folders, '--json']);
  return run
    .json<JoinedCall[]>()
    .map(({ statements }) => statements.map(({ entryPoint, effect, reason }) => [entryPoint, effect, reason]));
}

describe('one call of Claude Code', () => {
  const call = { id: 'toolu_0123456789abcdefghij', session: 'session-of-aperture', path: '' };
  const hook = { hook_event_name: 'PreToolUse', session_id: 'session-of-claude', tool_use_id: call.id };

  it('that was denied before it ran stays denied, and is one call with three statements', async () => {
    const about = { ...call, path: join(folder, 'a.txt') };
    const input = { tool_name: `mcp__filesystem__${TOOL}`, tool_input: { path: about.path } };
    expect(await byHook('claude', { ...hook, ...input }, 'unlisted/1')).toContain('"deny"');
    expect(await byMcp(about, UNLISTED)).toMatchObject({ isError: true });
    // The client of this request may use the tool; the call was denied nevertheless.
    const reply = await byAperture(about);
    expect(fateOf(reply)).toBe('withheld');
    expect(JSON.stringify(reply.body)).toContain('denied_before_execution');

    const statements = [
      [
        ['claude', 'DENY', 'policy_denied'],
        ['mcp', 'DENY', 'policy_denied'],
        ['aperture', 'DENY', 'denied_before_execution'],
      ],
    ];
    expect(await statementsOf(call.session)).toEqual(statements);
    expect(await statementsOf('session-of-claude')).toEqual(statements);
  });
});

describe('one call of an agent that states no id', () => {
  it('is joined by its content', async () => {
    const about: Call = { session: 'session-of-aperture-2', path: join(folder, 'a.txt') };
    const body = {
      hook_event_name: 'BeforeTool',
      session_id: 'session-of-gemini',
      tool_name: `mcp_filesystem_${TOOL}`,
      tool_input: { path: about.path },
    };
    expect(await byHook('gemini', body, 'GeminiCLI/0.61')).toBe('{}');
    expect(await byMcp(about, CLIENT)).toMatchObject({ content: [{ text: 'CONTENT' }] });
    expect(fateOf(await byAperture(about))).toBe('passed');
    expect(await statementsOf('session-of-gemini')).toEqual([
      [
        ['gemini', 'ALLOW', 'policy_allowed'],
        ['mcp', 'ALLOW', 'policy_allowed'],
        ['aperture', 'ALLOW', 'policy_allowed'],
      ],
    ]);
  });
});
