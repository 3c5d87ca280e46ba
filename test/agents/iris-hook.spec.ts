import { spawn } from 'node:child_process';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { AGENT_IDS, type AgentId } from '../../apps/gateway/src/agents/agent-protocol.js';
import { AGENTS } from '../../apps/gateway/src/agents/agents.js';

const HOOK = 'deploy/agents/iris-hook.mjs';
const KEY = 'key-of-ana';

let server: Server;
let url: string;
/** What the server does with the next hook. */
let answer: RequestListener;
let received: { path?: string; key?: string; client?: string; body: string }[];

beforeAll(async () => {
  server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { authorization: key, 'user-agent': client } = request.headers;
      received.push({ path: request.url, key, client, body: Buffer.concat(chunks).toString() });
      answer(request, response);
    });
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
beforeEach(() => {
  received = [];
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

interface Run {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function run(
  args: readonly string[],
  options: { readonly input?: string; readonly env?: Record<string, string>; readonly keepOpen?: boolean } = {},
): Promise<Run> {
  const child = spawn(process.execPath, [HOOK, ...args], {
    env: { PATH: process.env.PATH, IRIS_HOOK_URL: url, IRIS_HOOK_KEY: KEY, ...options.env },
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk) => (stdout += chunk));
  child.stderr.on('data', (chunk) => (stderr += chunk));
  child.stdin.on('error', () => undefined);
  child.stdin.write(options.input ?? '{"hook_event_name":"PreToolUse","tool_name":"Bash"}');
  if (options.keepOpen !== true) child.stdin.end();
  return new Promise((done) => child.on('close', (code) => done({ code, stdout, stderr })));
}

const replying =
  (status: number, body: string, headers: Record<string, string> = {}): RequestListener =>
  (_request, response) =>
    void response.writeHead(status, headers).end(body);

/** The denial that Iris itself would send, with the reason that the hook gives. */
function expectDenial(agent: AgentId, { code, stdout }: Run, why: RegExp, event = 'PreToolUse'): void {
  const [, reason] = /"(Blocked: [^"]*\[iris_hook_failed\])"/.exec(stdout) ?? [];
  expect(reason).toMatch(why);
  const sent = AGENTS[agent].reply.deny(reason ?? '', agent === 'copilot' ? undefined : event);
  expect({ code, reply: JSON.parse(stdout) }).toEqual({ code: 0, reply: sent });
}

describe.each(AGENT_IDS)('the hook of %s', (agent) => {
  it('sends the hook as it is, and prints the reply', async () => {
    const input = '{ "hook_event_name": "PreToolUse",\n"tool_name":"Bash","tool_input":{"command":"ls ü"}}';
    answer = replying(200, '{}');
    expect(await run([agent], { input })).toEqual({ code: 0, stdout: '{}\n', stderr: '' });
    expect(received).toMatchObject([{ path: `/ext/${agent}`, key: `Bearer ${KEY}`, body: input }]);

    const denial = AGENTS[agent].reply.deny('Ask IT. [policy_denied]', 'PreToolUse');
    answer = replying(200, JSON.stringify(denial));
    const { code, stdout } = await run([agent], { input });
    expect({ code, reply: JSON.parse(stdout) }).toEqual({ code: 0, reply: denial });
  });

  it.each<[string, RequestListener, RegExp]>([
    ['a wrong key', replying(401, '{}'), /hook key \(401\)/],
    ['an error', replying(500, '{}'), /status 500/],
    ['no content', replying(204, ''), /status 204/],
    ['a redirect', replying(302, '{}', { location: '/allows' }), /status 302/],
    ['a page', replying(200, '<html>sign in</html>'), /not JSON/],
    ['nothing', replying(200, ''), /not JSON/],
    ['half a reply', replying(200, '{"hookSpecificOutput":'), /not JSON/],
    ['null', replying(200, 'null'), /not an object/],
    ['a list', replying(200, '[{}]'), /not an object/],
    ['a reply of another kind', replying(200, '{"status":"ok"}'), /not one for/],
    ['a denial without a reason', replying(200, '{"hookSpecificOutput":{"permissionDecision":"deny"}}'), /not one for/],
    ['a reply that is too large', replying(200, `{"a":"${'x'.repeat(1_100_000)}"}`), /larger than/],
    ['a connection that ends', (request) => void request.socket.destroy(), /cannot be reached/],
    [
      'a body that ends early',
      (request, response) => {
        response.writeHead(200, { 'content-length': '100' });
        response.write('{}');
        setImmediate(() => request.socket.destroy());
      },
      /Blocked/,
    ],
  ])('denies after %s', async (_title, listener, why) => {
    answer = listener;
    expectDenial(agent, await run([agent]), why);
  });

  it('denies when Iris is not there, is silent, or starts a reply that does not end', async () => {
    expectDenial(agent, await run([agent, '--url', 'http://127.0.0.1:9']), /ECONNREFUSED/);
    answer = () => undefined;
    expectDenial(agent, await run([agent, '--timeout-ms', '300']), /no reply within 300 ms/);
    answer = (_request, response) => void response.writeHead(200).write('{');
    expectDenial(agent, await run([agent, '--timeout-ms', '300']), /no reply within 300 ms/);
  });
});

describe('the hook', () => {
  it.each([
    ['no key', [], { IRIS_HOOK_KEY: '' }, /no hook key/],
    ['a key file that is not there', ['--key-file', '/nowhere/key'], {}, /\/nowhere\/key cannot be read \(ENOENT\)/],
    ['no address', [], { IRIS_HOOK_URL: '' }, /no address/],
    ['an address that is none', ['--url', 'iris'], {}, /not an http or https URL/],
    ['a timeout that is none', ['--timeout-ms', '0'], {}, /not a whole number/],
  ])('denies with %s', async (_title, args, env, why) => {
    answer = replying(200, '{}');
    expectDenial('codex', await run(['codex', ...args], { env: env as Record<string, string> }), why);
    expect(received).toEqual([]);
  });

  it('denies a hook that does not end, and one that is too large', async () => {
    answer = replying(200, '{}');
    expectDenial('codex', await run(['codex', '--timeout-ms', '300'], { input: '{', keepOpen: true }), /within 300 ms/);
    expectDenial('codex', await run(['codex'], { input: 'x'.repeat(33 * 1024 * 1024) }), /hook is larger than/);
    expect(received).toEqual([]);
  });

  it('denies a request for permission in the form of that event', async () => {
    const input = '{"hook_event_name":"PermissionRequest","tool_name":"Bash"}';
    answer = replying(500, '');
    expectDenial('codex', await run(['codex'], { input }), /500/, 'PermissionRequest');
  });

  it('prints a question that Claude Code can put, and no other agent', async () => {
    const ask = JSON.stringify(AGENTS.claude.reply.ask('Sure?', 'PreToolUse'));
    answer = replying(200, ask);
    expect((await run(['claude'])).stdout.trim()).toBe(ask);
    expectDenial('codex', await run(['codex']), /not one for codex/);
  });

  it('takes an option before its variable, so that the managed settings count', async () => {
    answer = replying(200, '{}');
    expect((await run(['gemini', '--url', url], { env: { IRIS_HOOK_URL: 'http://127.0.0.1:9' } })).stdout).toBe('{}\n');
  });

  it('never prints the key', async () => {
    const { stdout, stderr } = await run(['codex', '--url', 'http://127.0.0.1:9'], {
      env: { IRIS_HOOK_KEY: 'a\nsecret' },
    });
    expect(stdout).toContain('Blocked');
    expect(stdout + stderr).not.toContain('secret');
  });

  it('explains itself, and blocks by its exit code when no agent is named', async () => {
    expect(await run(['--help'])).toMatchObject({ code: 0, stdout: expect.stringContaining('Usage: iris-hook.mjs') });
    for (const args of [[], ['other'], ['codex', 'claude'], ['codex', '--unknown']]) {
      expect(await run(args)).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('is blocked') });
    }
  });
});
