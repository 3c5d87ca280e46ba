import { spelling } from '../agent-events.js';
import type { AgentReply } from '../agent-protocol.js';

/**
 * Flat fields: `permissionDecision` before a tool, `behavior` for a permission request. A camelCase body does not name
 * its event, so a denial has both. An event in PascalCase gets Claude's form as well, whose format it has.
 * Source: GitHub's Copilot hooks reference.
 */
export const copilotReply: AgentReply = { deny, ask: deny };

function deny(reason: string, event: string | undefined): object {
  const flat = {
    permissionDecision: 'deny',
    permissionDecisionReason: reason,
    behavior: 'deny',
    message: reason,
  };
  if (event === undefined || !/^[A-Z]/.test(event)) return flat;
  const isRequest = spelling(event) === 'permissionrequest';
  const output = isRequest
    ? { hookEventName: 'PermissionRequest', decision: { behavior: 'deny', message: reason } }
    : { hookEventName: 'PreToolUse', permissionDecision: 'deny', permissionDecisionReason: reason };
  return { ...flat, hookSpecificOutput: output };
}
