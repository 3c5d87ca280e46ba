import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { request as httpRequest } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { constants, gzipSync, zstdCompressSync } from 'node:zlib';
import { eventually, freePort } from '@iris/context-cache/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Mesh, startMesh } from '../../apps/sandbox/src/mesh/mesh.js';
import { deviceOf, postHook, preRequest, type Reply } from './hook-client.js';
import { auditTo, PdpAudit } from './pdp-audit.js';

const ANA = 'ana@lumen.example';
const BEN = 'ben@lumen.example';
const MIB = 1024 * 1024;
/** The second gateway believes the identity headers of this machine's proxy, and fails open for agents. */
const [MAIN, BEHIND_PROXY] = [0, 1];

let folder: string;
let mesh: Mesh;
let audit: PdpAudit;
let metricsPort: number;
const lines: string[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'iris-wiring-'));
  const policies = await packThatAsks();
  metricsPort = await freePort();
  await writeFile(keysFile(), fileWith('first-key-of-edge'));
  const keys = ['sandbox', 'only-post', 'no-body', 'both', 'laptop-of-ana', 'laptop-of-nobody'];
  mesh = await startMesh({
    root: process.cwd(),
    policies,
    gateways: 2,
    commonEnv: { IRIS_BULK_INTERVAL_SECONDS: '0' },
    pdpEnv: auditTo(join(folder, 'audit.log')),
    gatewayEnv: (index) => ({
      IRIS_HOOK_KEYS: keys.map((name) => `${name}=${keyOf(name)}`).join(','),
      IRIS_HOOK_KEYS_FILE: keysFile(),
      IRIS_HOOK_BUDGET_MS: '20000',
      IRIS_PLANS_LIFE_SECONDS: '3600',
      IRIS_AGENTS_LOGINS: JSON.stringify({ 'laptop-of-ana': ANA }),
      ...(index === MAIN
        ? {
            OTEL_METRICS_EXPORTER: 'prometheus',
            OTEL_EXPORTER_PROMETHEUS_HOST: '127.0.0.1',
            OTEL_EXPORTER_PROMETHEUS_PORT: String(metricsPort),
          }
        : { IRIS_AGENTS_TRUSTED_PROXIES: '127.0.0.1', IRIS_FAILURE_PRE_TOOL_USE: 'open' }),
    }),
    onLine: (process, line) => {
      if (process === 'gateway-0') lines.push(line);
    },
  });
  audit = new PdpAudit(mesh, join(folder, 'audit.log'));
});

afterAll(async () => {
  await mesh?.close();
  await rm(folder, { recursive: true, force: true });
});

function keysFile(): string {
  return join(folder, 'hook-keys.yaml');
}

function fileWith(key: string): string {
  return `keys:\n  edge: { key: ${key}, routes: [aperture] }\n`;
}

function keyOf(name: string): string {
  return name === 'sandbox' ? 'sandbox-hook-key' : `key-of-${name}`;
}

function as(name: string): Record<string, string> {
  return { authorization: `Bearer ${keyOf(name)}` };
}

/** The pack with a rule that allows commands when a person confirms them. */
async function packThatAsks(): Promise<string> {
  const pack = join(folder, 'pack');
  await cp('policies/pack', pack, { recursive: true });
  const file = join(pack, 'enforce/aperture_hook.yaml');
  const text = await readFile(file, 'utf8');
  const rule = '{"allowed_by": "engineers may run commands and change files and code"}';
  expect(text).toContain(rule);
  await writeFile(file, text.replace(rule, rule.replace('}', ', "ask": "Engineers confirm changes."}')));
  return pack;
}

function warnings(reason: string, key: string): string[] {
  return lines.filter(
    (line) =>
      line.includes(`"level":"warn"`) && line.includes(`"reason":"${reason}"`) && line.includes(`"hookKey":"${key}"`),
  );
}

async function counted(reason: string, event: string): Promise<number> {
  const text = await (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text();
  const line = text
    .split('\n')
    .find(
      (candidate) =>
        candidate.startsWith('iris_hook_wiring_warnings_total{') &&
        candidate.includes(`reason="${reason}"`) &&
        candidate.includes(`event="${event}"`),
    );
  return line === undefined ? 0 : Number(/\} ([0-9.e+]+)/.exec(line)?.[1]);
}

describe('a hook that is wired so that nothing can be enforced', () => {
  const toolCalls = { metadata: { login_name: BEN }, tool_calls: [] };

  it('without request_body is told so once, with the grant to fix, and counted each time', async () => {
    const hook = { metadata: { login_name: BEN }, user_message: 'hello' };
    for (let time = 0; time < 3; time += 1) {
      const reply = await postHook(mesh.gateways[MAIN], hook, { headers: as('no-body') });
      expect(reply.body).toMatchObject({ action: 'block', message: expect.stringContaining('[nothing_to_evaluate]') });
    }
    await eventually(async () => expect(warnings('nothing_to_evaluate', 'no-body')).toHaveLength(1));
    expect(warnings('nothing_to_evaluate', 'no-body')[0]).toMatch(/request_body.*send_hooks/);
    expect(await counted('nothing_to_evaluate', 'pre_request')).toBe(3);
  });

  it('to events after the response only is told so once for each event, and counted each time', async () => {
    for (const event of ['tool_call_entire_request', 'tool_call_entire_request', 'entire_request']) {
      await postHook(mesh.gateways[MAIN], toolCalls, { headers: as('only-post'), path: `/ext/aperture/${event}` });
    }
    await eventually(async () => expect(warnings('observe_only', 'only-post')).toHaveLength(2));
    for (const line of warnings('observe_only', 'only-post'))
      expect(line).toMatch(/pre_request with send request_body/);
    expect(await counted('observe_only', 'tool_call_entire_request')).toBe(2);
    expect(await counted('observe_only', 'entire_request')).toBe(1);
  });

  it('is not said of a key that sends pre_request as well', async () => {
    const hook = preRequest({ login: BEN, tool: 'Read', input: {} });
    await postHook(mesh.gateways[MAIN], hook, { headers: as('both') });
    await postHook(mesh.gateways[MAIN], toolCalls, {
      headers: as('both'),
      path: '/ext/aperture/tool_call_entire_request',
    });
    await postHook(mesh.gateways[MAIN], '{', { headers: as('both') });
    await eventually(async () => expect(warnings('hook_malformed', 'both')).toHaveLength(1));
    expect(warnings('observe_only', 'both')).toEqual([]);
  });
});

describe('a request with 300 declared tools', () => {
  const names = (of: string) => Array.from({ length: 100 }, (_, index) => `${of}${index}`);
  const conditional = names('mcp__postgres__delete_');
  const tools = [...names('drop_database_'), ...conditional, ...names('mcp__workday__get_')].map((name) => ({
    name,
    input_schema: { type: 'object' },
  }));

  function declare(login: string): Promise<Reply> {
    const hook = preRequest({ login, tool: 'Read', input: {}, nodeId: deviceOf(mesh, login) });
    const body = { max_tokens: 1, tools, messages: [{ role: 'user', content: 'hello' }] };
    return postHook(mesh.gateways[MAIN], { ...hook, request_body: body });
  }

  function kept({ body }: Reply): string[] {
    if (body.action === 'allow') return tools.map(({ name }) => name);
    return (body as { request_body: { tools: { name: string }[] } }).request_body.tools.map(({ name }) => name);
  }

  it('loses those that are never allowed, and costs no plan when warm', async () => {
    const before = (await audit.asked()).plans.length;
    const neverAllowed = tools.filter(({ name }) => !conditional.includes(name));
    // Tools whose plans take longer than a hook may stay in the first request; their calls are judged all the same.
    for (let turn = 0; turn < 200 && kept(await declare(ANA)).length > conditional.length; turn += 1) await sleep(500);
    const { plans, checks } = await audit.asked();
    expect(
      plans
        .slice(before)
        .map(({ action }) => action)
        .sort(),
    ).toEqual(neverAllowed.map(({ name }) => name).sort());

    const warm = await declare(ANA);
    expect(kept(warm)).toEqual(conditional);
    const after = await audit.asked();
    expect(after.plans).toHaveLength(plans.length);
    expect(after.checks).toHaveLength(checks.length);
  });

  it('keeps what it had while a source of facts is unavailable, and when it is back', async () => {
    const before = await declare(ANA);
    await mesh.sandbox.admin.setFaults('workday', { mode: 'down' });
    await mesh.redis?.kill();
    await mesh.redis?.start();
    const readIs = async (action: string) => {
      const read = preRequest({ login: ANA, tool: 'Read', input: {}, nodeId: deviceOf(mesh, ANA) });
      expect((await postHook(mesh.gateways[MAIN], read)).body.action).toBe(action);
    };
    await eventually(() => readIs('modify'));
    expect((await declare(ANA)).body).toEqual(before.body);
    await mesh.sandbox.admin.setFaults('workday');
    await eventually(() => readIs('allow'));
    expect((await declare(ANA)).body).toEqual(before.body);
  });
});

describe('a large body', () => {
  // As little compressible as an image is.
  const image = randomBytes(300_000)
    .toString('base64')
    .repeat(Math.ceil((50 * MIB) / 400_000));

  function large(): string {
    const hook = preRequest({ login: BEN, tool: 'mcp__acme__do', input: {} });
    const text = JSON.stringify(hook);
    const source = `{"type":"image","source":{"type":"base64","media_type":"image/png","data":"${image}"}}`;
    const prompt = JSON.stringify('go on');
    return text.replace(`"content":${prompt}`, `"content":[${source},{"type":"text","text":${prompt}}]`);
  }

  it.each([
    ['identity', (text: string) => Buffer.from(text)],
    ['gzip', (text: string) => gzipSync(text, { level: 1 })],
    ['zstd', (text: string) => zstdCompressSync(text, { params: { [constants.ZSTD_c_compressionLevel]: 1 } })],
  ] as const)('of 50 MiB is judged in %s, and comes back whole', async (coding, encode) => {
    const reply = await postHook(mesh.gateways[MAIN], encode(large()), {
      headers: coding === 'identity' ? {} : { 'content-encoding': coding },
    });
    expect(reply.body.action).toBe('modify');
    const body = JSON.stringify(reply.body);
    expect(body.includes(image)).toBe(true);
    expect(body.includes('RESULT')).toBe(false);
  });
});

describe('a client', () => {
  const text = JSON.stringify(preRequest({ login: BEN, tool: 'Read', input: {} }));

  function open(onStatus: (status: number | undefined) => void) {
    const call = httpRequest(`${mesh.gateways[MAIN]?.url}/ext/aperture/pre_request`, {
      method: 'POST',
      headers: as('sandbox'),
    });
    call.on('response', (response) => {
      response.resume();
      onStatus(response.statusCode);
    });
    call.on('error', () => onStatus(undefined));
    return call;
  }

  it('that sends slowly gets its verdict', async () => {
    const status = new Promise<number | undefined>((resolve) => {
      const call = open(resolve);
      void (async () => {
        for (let at = 0; at < text.length; at += 200) {
          call.write(text.slice(at, at + 200));
          await sleep(20);
        }
        call.end();
      })();
    });
    expect(await status).toBe(200);
  });

  it('that hangs up in the middle disturbs nobody', async () => {
    const gone = Array.from({ length: 10 }, () => {
      return new Promise((resolve) => {
        const call = open(resolve);
        call.write(text.slice(0, 200), () => call.destroy());
      });
    });
    expect(await Promise.all(gone)).toEqual(Array(10).fill(undefined));
    expect((await postHook(mesh.gateways[MAIN], text)).body.action).toBe('allow');
  });
});

describe('a path below /ext/ that does not exist', () => {
  it('is blocked, and the reason names the path and not the size', async () => {
    for (const path of ['/ext/nothing', '/ext/aperture/pre_requests', '/ext/aperture/']) {
      const reply = await postHook(mesh.gateways[MAIN], {}, { path });
      expect(reply).toMatchObject({ status: 200, body: { action: 'block' } });
      expect(reply.body.message).toMatch(/there is no hook at this path.*\[hook_malformed\]/);
    }
  });
});

describe('the keys file', () => {
  const hook = () => preRequest({ login: BEN, tool: 'Read', input: {} });
  const statusOf = async (key: string) => {
    const reply = await postHook(mesh.gateways[MAIN], hook(), { headers: { authorization: `Bearer ${key}` } });
    return reply.status;
  };

  it('replaces a key without a restart, and keeps the keys when it is broken', async () => {
    expect(await statusOf('first-key-of-edge')).toBe(200);
    await writeFile(keysFile(), fileWith('second-key-of-edge'));
    await eventually(async () => expect(await statusOf('second-key-of-edge')).toBe(200));
    expect(await statusOf('first-key-of-edge')).toBe(401);
    await writeFile(keysFile(), 'keys: { edge: [');
    await eventually(async () => expect(lines.join('\n')).toContain('the hook keys stay as they are'));
    expect(await statusOf('second-key-of-edge')).toBe(200);
    expect(await statusOf(keyOf('sandbox'))).toBe(200);
  });

  it('names a key to the holder for doctor, and a wrong key to nobody', async () => {
    const routesOf = async (key: string) => {
      const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
      const response = await fetch(`${mesh.gateways[MAIN]?.url}/explain`, { method: 'POST', headers, body: '{}' });
      return response.headers.get('iris-hook-key-routes');
    };
    expect(await routesOf('second-key-of-edge')).toBe('aperture');
    expect(await routesOf(keyOf('laptop-of-ana'))).toBe('agent');
    expect(await routesOf('wrong')).toBeNull();
  });
});

describe("an agent's own hook", () => {
  const call = (tool: string, input: object = {}) => ({
    session_id: 'claude-session',
    hook_event_name: 'PreToolUse',
    tool_name: tool,
    tool_input: input,
    // Claims in the body, which are nobody's identity.
    login_name: 'ana@lumen.example',
    metadata: { login_name: 'ana@lumen.example' },
  });
  const headers = (key: string) => ({ ...as(key), 'user-agent': 'claude-cli/2.1.278 (external, cli)' });

  function send(gateway: number, body: unknown, key: string, more: Record<string, string> = {}): Promise<Reply> {
    return postHook(mesh.gateways[gateway], body, { path: '/ext/claude', headers: { ...headers(key), ...more } });
  }

  const decision = (permissionDecision: 'deny' | 'ask', reason: RegExp) => ({
    hookSpecificOutput: {
      hookEventName: 'PreToolUse',
      permissionDecision,
      permissionDecisionReason: expect.stringMatching(reason),
    },
  });

  it('is allowed by no decision, so that the prompts of the agent stay in force', async () => {
    expect((await send(MAIN, call('Read'), 'laptop-of-ana')).body).toEqual({});
  });

  it('is denied with the reason', async () => {
    const reply = await send(MAIN, call('drop_database'), 'laptop-of-ana');
    expect(reply).toMatchObject({ status: 200, body: decision('deny', /never available.*\[policy_denied .*never/) });
  });

  it('asks where a rule that allows wants a person to confirm', async () => {
    const reply = await send(MAIN, call('Bash', { command: 'ls' }), 'laptop-of-ana');
    expect(reply.body).toEqual(decision('ask', /^Engineers confirm changes\.$/));
  });

  it.each([
    ['bypassPermissions', {}],
    ['auto', {}],
    ['somethingNew', {}],
    ['default', { 'user-agent': 'codex_cli_rs/0.60' }],
  ])('denies instead of asking in the mode %s of %j', async (permission_mode, more) => {
    const body = { ...call('Bash', { command: 'ls' }), permission_mode };
    const reply = await send(MAIN, body, 'laptop-of-ana', more);
    expect(reply.body).toEqual(decision('deny', /^Engineers confirm changes\..*\[nobody_to_ask\]$/));
  });

  it.each(['preToolUse', 'pre_tool_use', 'BeforeTool', 'PermissionRequest', null, ''])(
    'is judged when the event is spelled %j',
    async (hook_event_name) => {
      const reply = await send(MAIN, { ...call('drop_database'), hook_event_name }, 'laptop-of-ana');
      expect(reply.body).toMatchObject({ hookSpecificOutput: { permissionDecision: 'deny' } });
      expect(JSON.stringify(reply.body)).toContain('policy_denied');
    },
  );

  it.each([
    ['an event that is not known', { hook_event_name: 'BeforeEverything' }, /\[unknown_agent_event\]/],
    ['no tool', { tool_name: '' }, /\[unknown_agent_event\]/],
    ['two tools', { toolName: 'drop_database' }, /\[conflicting_fields\]/],
    ['a huge id', { tool_use_id: 'i'.repeat(20_000) }, /\[id_too_long\]/],
  ])('is denied for %s, also by a gateway that fails open', async (_title, rest, reason) => {
    for (const gateway of [MAIN, BEHIND_PROXY]) {
      const reply = await send(gateway, { ...call('Read'), ...rest }, 'laptop-of-ana');
      expect(reply.status).toBe(200);
      expect(reply.body).toMatchObject({
        hookSpecificOutput: { permissionDecision: 'deny', permissionDecisionReason: expect.stringMatching(reason) },
      });
    }
  });

  it('answers the command of its documentation as printed', async () => {
    const page = await readFile('docs/agent-hook.md', 'utf8');
    const [printed] = [...page.matchAll(/"command": ("curl .*")$/gm)].map(
      ([, text]) => JSON.parse(text ?? '""') as string,
    );
    const command = printed?.replace('https://iris.example.ts.net', mesh.gateways[MAIN]?.url ?? '') ?? '';
    const run = (body: object, key: string) => {
      const child = spawn('sh', ['-c', command], { env: { PATH: process.env.PATH, IRIS_HOOK_KEY: key } });
      child.stdin.end(JSON.stringify(body));
      return new Promise<string>((resolve) => {
        let output = '';
        child.stdout.on('data', (chunk) => {
          output += chunk;
        });
        child.on('close', (code) => resolve(`${code} ${output}`));
      });
    };
    expect(await run(call('Read'), keyOf('laptop-of-ana'))).toBe('0 {}');
    expect(await run(call('drop_database'), keyOf('laptop-of-ana'))).toMatch(/^0 .*"permissionDecision":"deny"/);
    // A wrong key is no answer, and status 2 blocks the call.
    expect(await run(call('Read'), 'wrong')).toMatch(/^2 /);
  });

  it("speaks for its person alone, and on Aperture's path for nobody", async () => {
    for (const path of ['/ext/aperture', '/ext/aperture/pre_request', '/ext/aperture/entire_request']) {
      const forged = preRequest({ login: BEN, tool: 'Read', input: {} });
      const reply = await postHook(mesh.gateways[MAIN], forged, { path, headers: as('laptop-of-ana') });
      expect(reply).toMatchObject({ status: 200, body: { action: 'block' } });
      expect(reply.body.message).toMatch(/\[hook_key_not_permitted\]/);
    }
    const grants = { 'iris.dev/cap/roles': [{ roles: ['platform_admin'] }] };
    const body = { ...call('drop_database'), grants, metadata: { login_name: BEN, grants } };
    expect((await send(MAIN, body, 'laptop-of-ana')).body).toEqual(decision('deny', /policy_denied/));
  });

  it('leaves other events of the agent alone', async () => {
    const stop = { session_id: 's', hook_event_name: 'Stop', metadata: { login_name: ANA } };
    expect((await send(MAIN, stop, 'laptop-of-ana')).body).toEqual({});
  });

  it('is nobody with a key that is mapped to nobody, whatever the body contains', async () => {
    const reply = await send(MAIN, call('Read'), 'laptop-of-nobody');
    expect(reply.body).toEqual(decision('deny', /\[anonymous_principal/));
  });

  it('is whom the proxy names, only from an address of a trusted proxy', async () => {
    const header = { 'tailscale-user-login': ANA };
    expect((await send(BEHIND_PROXY, call('Read'), 'laptop-of-nobody', header)).body).toEqual({});
    const direct = await send(MAIN, call('Read'), 'laptop-of-nobody', header);
    expect(direct.body).toEqual(decision('deny', /\[anonymous_principal/));
    // The proxy knows better than the key.
    const other = { 'tailscale-user-login': 'ivo@lumen.example' };
    expect((await send(BEHIND_PROXY, call('Read'), 'laptop-of-ana', other)).body).toEqual(
      decision('deny', /inactive-account/),
    );
  });

  it.each([
    ['no JSON', '{', /\[hook_malformed\]/],
    ['a coding that is not accepted', '{}', /\[unsupported_encoding\]/],
  ])('is denied for %s, with status 200', async (_title, body, reason) => {
    const coding: Record<string, string> = body === '{}' ? { 'content-encoding': 'br' } : {};
    const reply = await send(MAIN, body, 'laptop-of-ana', coding);
    expect(reply).toMatchObject({ status: 200, body: decision('deny', reason) });
  });

  it('fails closed while the PDP is unavailable, and open where that was asked for', async () => {
    await mesh.pdp.process.kill();
    const closed = await send(MAIN, call('Read'), 'laptop-of-ana');
    expect(closed).toMatchObject({ status: 200, body: decision('deny', /\[pdp_(unavailable|timeout)\]/) });
    const open = await send(BEHIND_PROXY, call('Read'), 'laptop-of-ana');
    expect(open).toMatchObject({ status: 200, body: {} });
  });
});
