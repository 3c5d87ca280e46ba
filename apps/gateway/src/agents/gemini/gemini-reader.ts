import { AgentEvents } from '../agent-events.js';
import { type AgentReader, NAME_AS_IT_IS, NEVER_ASKS } from '../agent-protocol.js';

/**
 * Gemini CLI. Its hooks allow or deny; no answer asks the person.
 * Source: docs/hooks/reference.md in the package @google/gemini-cli.
 */
export const geminiReader: AgentReader = {
  events: new AgentEvents([
    'AfterTool',
    'BeforeAgent',
    'AfterAgent',
    'BeforeModel',
    'AfterModel',
    'BeforeToolSelection',
    'SessionStart',
    'SessionEnd',
    'Notification',
    'PreCompress',
  ]),
  canAsk: NEVER_ASKS,
  toolName: NAME_AS_IT_IS,
};
