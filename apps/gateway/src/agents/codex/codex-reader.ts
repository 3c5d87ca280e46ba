import { AgentEvents } from '../agent-events.js';
import { type AgentReader, NAME_AS_IT_IS, NEVER_ASKS } from '../agent-protocol.js';

/**
 * Codex. It rejects the answer `ask` and runs the call, so it is never asked.
 * Source: the JSON schemas of hooks in the Codex binary (codex-rs/hooks/schema/generated), 0.171.
 */
export const codexReader: AgentReader = {
  events: new AgentEvents([
    'PostToolUse',
    'PreCompact',
    'PostCompact',
    'SessionStart',
    'SessionEnd',
    'SubagentStart',
    'SubagentStop',
    'UserPromptSubmit',
    'Stop',
    'Interrupt',
  ]),
  canAsk: NEVER_ASKS,
  toolName: NAME_AS_IT_IS,
};
