import { agentEventKind, spelling } from '../protocol/agent-events.js';
import type { HookVerdict } from '../protocol/hook-verdict.js';

/**
 * The reply to an agent's own hook. An allow is the empty object, no decision: the agent's own prompts and deny rules
 * stay in force. A deny is a 200 as well, since agents take every other status as "continue".
 *
 * Claude Code gets the form of its event alone, because it validates the reply. An event of another agent gets the fields
 * of those agents beside it, each of which reads its own: Copilot CLI `permissionDecision`, Cursor `permission`, Gemini
 * CLI `decision`.
 * Sources: the hooks references of Claude Code, Copilot CLI, Cursor and Gemini CLI.
 *
 * @param event as the agent spells it; undefined when the body names none or cannot be read
 */
export function agentReplyText(verdict: HookVerdict, event: string | undefined): string {
  switch (verdict.action) {
    case 'allow':
    case 'modify':
      return '{}';
    case 'ask':
      return JSON.stringify(decision('ask', verdict.message, event));
    case 'block':
      return JSON.stringify(decision('deny', verdict.message, event));
  }
}

function decision(permissionDecision: 'ask' | 'deny', reason: string, event: string | undefined): object {
  const output = { permissionDecision, permissionDecisionReason: reason };
  if (spelling(event ?? '') === 'permissionrequest') {
    // The person is asked anyway unless the hook decides, so a question is no decision.
    if (permissionDecision === 'ask') return {};
    const answer = { behavior: 'deny', message: reason };
    return { hookSpecificOutput: { hookEventName: 'PermissionRequest', decision: answer, ...output } };
  }
  const forClaude = { hookSpecificOutput: { hookEventName: 'PreToolUse', ...output } };
  if (event === undefined || event === 'PreToolUse' || agentEventKind(event) === 'unknown') return forClaude;
  return {
    ...forClaude,
    ...output,
    permission: permissionDecision,
    user_message: reason,
    agent_message: reason,
    decision: permissionDecision,
    reason,
  };
}
