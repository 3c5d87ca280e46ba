import { readFileSync } from 'node:fs';
import type { Json, JsonObject } from '@iris/contracts';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { parse } from 'yaml';
import { AGENT_IDS, type AgentId } from '../agents/agent-protocol.js';
import { AGENTS, agentReplyText } from '../agents/agents.js';
import { readAgentHook } from './agent-hook.js';

/** A body, what is read in it, and the reply that denies it. */
interface Case {
  readonly title?: string;
  readonly event?: Json;
  readonly body: JsonObject;
  readonly calls?: JsonObject[];
  readonly none?: boolean;
  readonly reason?: string;
  readonly ids?: JsonObject;
  readonly deny?: JsonObject;
}

function casesOf(agent: AgentId): [string, Case][] {
  const cases = parse(readFileSync(`apps/gateway/src/agents/${agent}/${agent}.cases.yaml`, 'utf8')) as Case[];
  return cases.map((each) => [each.title ?? `${JSON.stringify(each.event)} ${JSON.stringify(each.body)}`, each]);
}

const from = (agent: AgentId) => ({ agent, loginName: 'ana@example.com', userAgent: 'claude-cli/2' });

describe.each(AGENT_IDS)('a hook of %s', (agent) => {
  it.each(casesOf(agent))('reads and denies %s', (_title, { event, body, calls, none, reason, ids, deny }) => {
    const read = readAgentHook(event === undefined ? body : { hook_event_name: event, ...body }, from(agent));
    if (reason !== undefined) expect(read).toMatchObject({ ok: false, reason });
    else expect(read).toMatchObject({ ok: true, data: { tool_calls: none === true ? [] : calls } });
    if (ids !== undefined) expect(read).toMatchObject({ data: { metadata: ids } });
    if (deny === undefined) return;
    const verdict = { action: 'block', reason: 'policy_denied', message: 'No.', statusCode: 403 } as const;
    expect(JSON.parse(agentReplyText(agent, verdict, read.facts.event))).toEqual(deny);
  });

  it('never takes the person from the body', () => {
    const claim = { login_name: 'eve@example.com', user_email: 'eve@example.com', metadata: { login_name: 'eve' } };
    const read = readAgentHook({ tool_name: 'x', ...claim }, from(agent));
    expect(read).toMatchObject({ ok: true, data: { metadata: { login_name: 'ana@example.com' } } });
    expect(JSON.stringify(read)).not.toContain('eve');
  });

  it('carries no call only for an event that is listed as preceding none', () => {
    fc.assert(
      fc.property(fc.string(), (event) => {
        const read = readAgentHook({ hook_event_name: event, tool_name: 'x' }, from(agent));
        const hasCall = !read.ok || (read.data.tool_calls as Json[]).length > 0;
        expect(hasCall || AGENTS[agent].reader.events.kindOf(event) === 'harmless').toBe(true);
      }),
    );
  });
});

it('keeps the permission mode as the agent names it, and drops one that is no short text', () => {
  const modeOf = (permission_mode: Json) => readAgentHook({ tool_name: 'x', permission_mode }, from('claude')).facts;
  expect(modeOf('plan')).toEqual({ name: 'claude', permissionMode: 'plan', canAsk: true });
  expect(modeOf('bypassPermissions')).toEqual({ name: 'claude', permissionMode: 'bypassPermissions', canAsk: false });
  expect(modeOf('x'.repeat(65))).toEqual({ name: 'claude', canAsk: false });
  expect(modeOf(5)).toEqual({ name: 'claude', canAsk: false });
});
