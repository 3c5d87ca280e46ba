import type { HookVerdict } from '../verdict/reply.js';

/**
 * The reply to an agent's PreToolUse hook. An allow is the empty object, no decision: the agent's own prompts and deny
 * rules stay in force. A deny is a 200 as well, since the agent takes every other status as "go on".
 * Source: Claude Code's hooks reference, PreToolUse decision control.
 */
export function agentReplyText(verdict: HookVerdict): string {
  switch (verdict.action) {
    case 'allow':
    case 'modify':
      return '{}';
    case 'ask':
      return decision('ask', verdict.message);
    case 'block':
      return decision('deny', verdict.message);
  }
}

function decision(permissionDecision: 'ask' | 'deny', permissionDecisionReason: string): string {
  return JSON.stringify({
    hookSpecificOutput: { hookEventName: 'PreToolUse', permissionDecision, permissionDecisionReason },
  });
}
