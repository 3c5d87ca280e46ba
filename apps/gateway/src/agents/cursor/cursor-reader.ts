import { AgentEvents } from '../agent-events.js';
import { type AgentReader, NEVER_ASKS } from '../agent-protocol.js';

/**
 * Cursor. It accepts `ask` before a tool without asking anybody, and states no permission mode, so nobody is asked.
 * Source: Cursor's hooks reference.
 */
export const cursorReader: AgentReader = {
  events: new AgentEvents([
    'sessionStart',
    'sessionEnd',
    'postToolUse',
    'postToolUseFailure',
    'subagentStart',
    'subagentStop',
    'afterShellExecution',
    'afterMCPExecution',
    'afterFileEdit',
    'afterTabFileEdit',
    'beforeSubmitPrompt',
    'preCompact',
    'stop',
    'afterAgentResponse',
    'afterAgentThought',
    'workspaceOpen',
  ]),
  canAsk: NEVER_ASKS,
  /** The generic event marks an MCP tool by a prefix, which the event of MCP tools does not have. */
  toolName: (name) => name.replace(/^MCP:(?=.)/, ''),
};
