import { describe, expect, it } from '@jest/globals';
import { AGENT_IDS } from './agent-protocol.js';
import { AGENTS, agentOfPath, agentReplyText } from './agents.js';

describe('agentOfPath', () => {
  it('is the agent of each path, and none of any other', () => {
    for (const id of AGENT_IDS) expect(agentOfPath(`/ext/${id}`)).toBe(id);
    for (const path of ['/ext/aperture', '/ext/claude/', '/ext/CODEX', '/ext', '']) {
      expect(agentOfPath(path)).toBeUndefined();
    }
  });
});

describe.each(AGENT_IDS)('the reply to %s', (id) => {
  it.each(['allow', 'modify'] as const)('is no decision for %s, so that its own prompts stay in force', (action) => {
    expect(agentReplyText(id, { action, reason: 'policy_allowed', body: '{}' }, undefined)).toBe('{}');
  });
});

describe('a question', () => {
  const ask = { action: 'ask', reason: 'policy_allowed', message: 'Sure?' } as const;

  it('is put by Claude Code', () => {
    expect(JSON.parse(agentReplyText('claude', ask, 'PreToolUse'))).toEqual({
      hookSpecificOutput: {
        hookEventName: 'PreToolUse',
        permissionDecision: 'ask',
        permissionDecisionReason: 'Sure?',
      },
    });
  });

  it.each(['codex', 'copilot', 'cursor', 'gemini'] as const)('is a denial for %s', (id) => {
    const text = agentReplyText(id, ask, 'PreToolUse');
    expect(text).toContain('"deny"');
    expect(text).not.toContain('"ask"');
    expect(AGENTS[id].reader.canAsk({ event: 'PreToolUse', mode: 'default', userAgent: 'claude-cli/2' })).toBe(false);
  });
});

describe('Claude Code asks', () => {
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
  ])('as %j in mode %j: %j', (userAgent, mode, expected) => {
    expect(AGENTS.claude.reader.canAsk({ event: 'PreToolUse', mode, userAgent })).toBe(expected);
  });

  it.each(['preToolUse', 'BeforeTool', 'beforeShellExecution', 1, null])(
    'not in the event %j, which is of an agent that runs its settings',
    (event) => {
      expect(AGENTS.claude.reader.canAsk({ event, mode: 'default', userAgent: 'claude-cli/2' })).toBe(false);
    },
  );
});

describe('the denial of Claude Code', () => {
  const deny = (event: string | undefined): Record<string, unknown> => ({ ...AGENTS.claude.reply.deny('No.', event) });

  it.each([undefined, 'PreToolUse', 'SomethingElse'])('for %s has the form of Claude Code alone', (event) => {
    expect(Object.keys(deny(event))).toEqual(['hookSpecificOutput']);
  });

  it.each(['preToolUse', 'beforeShellExecution', 'BeforeTool'])(
    'for %s has the fields of the agents that run its settings',
    (event) => {
      expect(deny(event)).toMatchObject({
        hookSpecificOutput: { permissionDecision: 'deny' },
        permissionDecision: 'deny',
        permission: 'deny',
        decision: 'deny',
        reason: 'No.',
      });
    },
  );

  it('for PermissionRequest denies the permission', () => {
    expect(deny('PermissionRequest')).toMatchObject({
      hookSpecificOutput: { hookEventName: 'PermissionRequest', decision: { behavior: 'deny', message: 'No.' } },
    });
  });
});
