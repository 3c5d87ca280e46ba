import { AgentEvents } from '../agent-events.js';
import { type AgentReader, NAME_AS_IT_IS, NEVER_ASKS } from '../agent-protocol.js';

/**
 * Copilot CLI. Its camelCase bodies name no event. No body states whether somebody is at the terminal, so nobody is
 * asked.
 * Source: GitHub's Copilot hooks reference.
 */
export const copilotReader: AgentReader = {
  events: new AgentEvents([
    'SessionStart',
    'SessionEnd',
    'UserPromptSubmit',
    'UserPromptSubmitted',
    'PostToolUse',
    'PostToolUseFailure',
    'Stop',
    'AgentStop',
    'SubagentStart',
    'SubagentStop',
    'ErrorOccurred',
    'PreCompact',
    'Notification',
  ]),
  canAsk: NEVER_ASKS,
  toolName: NAME_AS_IT_IS,
};
