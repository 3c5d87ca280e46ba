import { setTimeout as sleep } from 'node:timers/promises';
import { SAMPLES } from '../../apps/sandbox/src/demo/sample-hooks.js';
import { AGENT_HOOK_KEY, type Mesh } from '../../apps/sandbox/src/mesh/mesh.js';
import { deviceOf, postHook, preRequest } from '../e2e/hook-client.js';

/** Sends hooks at a steady pace until it is told to stop. */
export class Traffic {
  private stopped = false;
  private readonly under = new Set<Promise<unknown>>();
  private sent = 0;

  private constructor(
    private readonly everyMs: number,
    private readonly send: (index: number) => Promise<unknown>,
  ) {}

  /** @param send one hook, or a few; what it throws is passed over, since errors are what is watched */
  static start(everyMs: number, send: (index: number) => Promise<unknown>): Traffic {
    const traffic = new Traffic(everyMs, send);
    void traffic.run();
    return traffic;
  }

  async stop(): Promise<void> {
    this.stopped = true;
    await Promise.all(this.under);
  }

  private async run(): Promise<void> {
    while (!this.stopped) {
      // A mesh that does not answer must not make this process run full.
      if (this.under.size < MOST_AT_ONCE) {
        const hook = this.send(this.sent++)
          .catch(() => undefined)
          .finally(() => this.under.delete(hook));
        this.under.add(hook);
      }
      await sleep(this.everyMs);
    }
  }
}

const MOST_AT_ONCE = 12;

const AGENT_HEADERS = { authorization: `Bearer ${AGENT_HOOK_KEY}` };

/** What an ordinary day brings: the samples' people and tools, each twice, declared tools, and an agent's own hook. */
export async function ordinaryHook(mesh: Mesh, index: number): Promise<void> {
  const sample = SAMPLES[index % SAMPLES.length] ?? SAMPLES[0];
  if (sample === undefined) return;
  const hook = preRequest({ ...sample, nodeId: deviceOf(mesh, sample.login) });
  await postHook(mesh.gateways[0], hook);
  if (index % 4 === 0) await postHook(mesh.gateways[0], hook);
  if (index % 4 === 1) await postHook(mesh.gateways[0], declaredTools(mesh));
  if (index % 4 === 2)
    await postHook(mesh.gateways[0], agentHook(index), { path: '/ext/claude', headers: AGENT_HEADERS });
}

/** Somebody whom no source knows, so that every source is asked. */
export async function hookOfStranger(mesh: Mesh, index: number): Promise<void> {
  const login = `stranger-${process.pid}-${index}@lumen.example`;
  await postHook(mesh.gateways[0], preRequest({ login, tool: 'Read', input: {}, nodeId: `node-${index}` }));
}

/** An event after the response, which the second gateway decides about and cannot enforce. */
export async function eventAfterResponse(mesh: Mesh, index: number): Promise<void> {
  const { metadata } = preRequest({ login: 'ben@lumen.example', tool: 'Read', input: {} });
  const calls = Array.from({ length: 5 }, (_, call) => ({ name: `tool_${index % 5}`, params: { call } }));
  await postHook(mesh.gateways[1], { metadata, tool_calls: calls }, { path: '/ext/aperture/tool_call_entire_request' });
}

/** A hook whose grant in Aperture lacks the request's body. */
export async function hookWithoutBody(mesh: Mesh): Promise<void> {
  await postHook(mesh.gateways[0], { metadata: { login_name: 'ben@lumen.example' }, user_message: 'hello' });
}

export async function hookWithWrongKey(mesh: Mesh): Promise<void> {
  const hook = preRequest({ login: 'ben@lumen.example', tool: 'Read', input: {} });
  await postHook(mesh.gateways[0], hook, { headers: { authorization: 'Bearer no-key-of-this-gateway' } });
}

/** A request with a content block that no list of its format has. */
export async function hookOfUnlistedKind(mesh: Mesh): Promise<void> {
  const hook = preRequest({ login: 'ben@lumen.example', tool: 'Read', input: {} });
  const messages = [{ role: 'user', content: [{ type: 'memory_recall', data: 'x' }] }];
  await postHook(mesh.gateways[0], { ...hook, request_body: { max_tokens: 1, messages } });
}

/** A webhook that no vendor has signed. */
export async function forgedPush(mesh: Mesh): Promise<void> {
  const enricher = mesh.enrichers.find(({ vendor }) => vendor === 'pagerduty');
  await fetch(`${enricher?.httpUrl}/webhook`, { method: 'POST', body: '{}' });
}

function declaredTools(mesh: Mesh): Record<string, unknown> {
  const login = 'ben@lumen.example';
  const hook = preRequest({ login, tool: 'Read', input: {}, nodeId: deviceOf(mesh, login) });
  const tools = ['Read', 'drop_database'].map((name) => ({ name, input_schema: { type: 'object' } }));
  return { ...hook, request_body: { max_tokens: 1, tools, messages: [{ role: 'user', content: 'hello' }] } };
}

function agentHook(index: number): Record<string, unknown> {
  return {
    session_id: `session-${process.pid}-${index}`,
    hook_event_name: 'PreToolUse',
    tool_name: 'mcp__postgres__execute_sql',
    tool_input: { connection_string: 'postgres://iris@orders-prod.db.lumen.example/orders', sql: 'select 1' },
    tool_use_id: `toolu_agent_${index}`,
  };
}
