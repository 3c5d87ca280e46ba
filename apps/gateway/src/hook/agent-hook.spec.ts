import { readFileSync } from 'node:fs';
import type { Json, JsonObject } from '@iris/contracts';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { parse } from 'yaml';
import { agentEventKind, canAsk } from '../protocol/agent-events.js';
import { readAgentHook } from './agent-hook.js';

interface Case {
  readonly title?: string;
  readonly event?: Json;
  readonly body: JsonObject;
  readonly calls?: JsonObject[];
  readonly none?: boolean;
  readonly reason?: string;
}

const CASES = parse(readFileSync('apps/gateway/src/hook/agent-hook.cases.yaml', 'utf8')) as Case[];
const agent = { loginName: 'ana@example.com', userAgent: 'claude-cli/2' };

describe('readAgentHook', () => {
  it.each(
    CASES.map((each): [string, Case] => [
      each.title ?? `${JSON.stringify(each.event)} ${JSON.stringify(each.body)}`,
      each,
    ]),
  )('reads %s', (_title, { event, body, calls, none, reason }) => {
    const read = readAgentHook(event === undefined ? body : { hook_event_name: event, ...body }, agent);
    if (reason !== undefined) expect(read).toMatchObject({ ok: false, reason });
    else expect(read).toMatchObject({ ok: true, data: { tool_calls: none === true ? [] : calls } });
  });

  it('never takes the person from the body', () => {
    const claim = { login_name: 'eve@example.com', user_email: 'eve@example.com', metadata: { login_name: 'eve' } };
    const read = readAgentHook({ tool_name: 'x', ...claim }, agent);
    expect(read).toMatchObject({ ok: true, data: { metadata: { login_name: 'ana@example.com' } } });
    expect(JSON.stringify(read)).not.toContain('eve');
  });

  it('keeps the permission mode as the agent names it, and drops one that is no short text', () => {
    const modeOf = (permission_mode: Json) => readAgentHook({ tool_name: 'x', permission_mode }, agent).facts;
    expect(modeOf('plan')).toEqual({ permissionMode: 'plan', canAsk: true });
    expect(modeOf('bypassPermissions')).toEqual({ permissionMode: 'bypassPermissions', canAsk: false });
    expect(modeOf('x'.repeat(65))).toEqual({ canAsk: false });
    expect(modeOf(5)).toEqual({ canAsk: false });
  });

  it('carries no call only for an event that is listed as preceding none', () => {
    fc.assert(
      fc.property(fc.string(), (event) => {
        const read = readAgentHook({ hook_event_name: event, tool_name: 'x' }, agent);
        const hasCall = !read.ok || (read.data.tool_calls as Json[]).length > 0;
        expect(hasCall || agentEventKind(event) === 'harmless').toBe(true);
      }),
    );
  });
});

describe('canAsk', () => {
  it.each([
    ['claude-cli/2.1.278 (external, cli)', undefined, true],
    ['claude-code/2', 'default', true],
    ['claude-cli', 'acceptEdits', true],
    ['claude-cli/2', 'plan', true],
    ['claude-cli/2', 'auto', false],
    ['claude-cli/2', 'dontAsk', false],
    ['claude-cli/2', 'bypassPermissions', false],
    ['claude-cli/2', 'DEFAULT', false],
    ['claude-cli/2', 'somethingNew', false],
    ['claude-cli/2', ['default'], false],
    ['claude-cli-fork/2', 'default', false],
    ['codex_cli_rs/0.60', 'default', false],
    ['GeminiCLI/1', 'default', false],
    ['curl/8', 'default', false],
    [undefined, 'default', false],
  ])('of %j in mode %j is %j', (client, mode, expected) => {
    expect(canAsk(client, mode)).toBe(expected);
  });
});
