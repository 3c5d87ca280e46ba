import type { AgentReply } from '../agent-protocol.js';

/**
 * One form for all of Cursor's events before a call.
 * Source: Cursor's hooks reference.
 */
export const cursorReply: AgentReply = { deny, ask: deny };

function deny(reason: string): object {
  return { permission: 'deny', user_message: reason, agent_message: reason };
}
