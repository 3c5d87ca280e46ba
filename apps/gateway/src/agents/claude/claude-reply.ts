import { spelling } from '../agent-events.js';
import type { AgentReply } from '../agent-protocol.js';
import { claudeReader } from './claude-reader.js';

/**
 * Claude Code gets the form of its event alone, because it validates the reply. An event in the spelling of another
 * agent comes from one that runs Claude's settings: the fields of those agents are beside it, each of which reads its
 * own: Copilot CLI `permissionDecision`, Cursor `permission`, Gemini CLI `decision`.
 * Sources: the hooks references of Claude Code, Copilot CLI, Cursor and Gemini CLI.
 */
export const claudeReply: AgentReply = {
  deny: (reason, event) => decision('deny', reason, event),
  ask: (question, event) => decision('ask', question, event),
};

function decision(permissionDecision: 'ask' | 'deny', reason: string, event: string | undefined): object {
  const output = { permissionDecision, permissionDecisionReason: reason };
  if (spelling(event ?? '') === 'permissionrequest') {
    // The person is asked anyway unless the hook decides, so a question is no decision.
    if (permissionDecision === 'ask') return {};
    const answer = { behavior: 'deny', message: reason };
    return { hookSpecificOutput: { hookEventName: 'PermissionRequest', decision: answer, ...output } };
  }
  const forClaude = { hookSpecificOutput: { hookEventName: 'PreToolUse', ...output } };
  if (event === undefined || event === 'PreToolUse' || claudeReader.events.kindOf(event) === 'unknown') {
    return forClaude;
  }
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
