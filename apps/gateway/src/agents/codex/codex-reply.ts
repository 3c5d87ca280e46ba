import { spelling } from '../agent-events.js';
import type { AgentReply } from '../agent-protocol.js';

/**
 * Codex accepts no field that its schema of the event does not list: a reply with one counts as a failed hook, and the
 * call runs. So does a denial without a reason.
 * Source: pre-tool-use.command.output and permission-request.command.output in the Codex binary, 0.171.
 */
export const codexReply: AgentReply = { deny, ask: deny };

function deny(reason: string, event: string | undefined): object {
  if (spelling(event ?? '') === 'permissionrequest') {
    const decision = { behavior: 'deny', message: reason };
    return { hookSpecificOutput: { hookEventName: 'PermissionRequest', decision } };
  }
  return {
    hookSpecificOutput: {
      hookEventName: 'PreToolUse',
      permissionDecision: 'deny',
      permissionDecisionReason: reason,
    },
  };
}
