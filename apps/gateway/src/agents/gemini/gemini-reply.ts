import type { AgentReply } from '../agent-protocol.js';

/**
 * A denial is returned to the model as the tool's error.
 * Source: docs/hooks/reference.md in the package @google/gemini-cli, BeforeTool.
 */
export const geminiReply: AgentReply = { deny, ask: deny };

function deny(reason: string): object {
  return { decision: 'deny', reason };
}
