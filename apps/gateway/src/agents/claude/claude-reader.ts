import { AgentEvents } from '../agent-events.js';
import { type AgentReader, type AskingFacts, NAME_AS_IT_IS } from '../agent-protocol.js';

/** The clients and permission modes in which Claude Code shows a question to a person. All others ask nobody. */
const ASKING_CLIENTS = /^claude-(?:cli|code)(?:[/\s]|$)/i;
const ASKING_MODES: ReadonlySet<string> = new Set(['default', 'acceptEdits', 'plan']);

/** Claude Code's own spellings; another one is of an agent that runs Claude's settings, which may show no question. */
const OWN_EVENTS: ReadonlySet<unknown> = new Set([undefined, 'PreToolUse', 'PermissionRequest']);

/**
 * Claude Code. Cursor and Copilot CLI run the hooks of Claude's settings too, under their own event names, so their
 * events are here as well.
 * Source: Claude Code's hooks reference; Cursor's page on third-party hooks.
 */
export const claudeReader: AgentReader = {
  events: new AgentEvents([
    'PostToolUse',
    'PostToolUseFailure',
    'PostToolBatch',
    'PermissionDenied',
    'Notification',
    'UserPromptSubmit',
    'UserPromptSubmitted',
    'UserPromptExpansion',
    'Stop',
    'StopFailure',
    'SubagentStart',
    'SubagentStop',
    'AgentStop',
    'PreCompact',
    'PostCompact',
    'Elicitation',
    'ElicitationResult',
    'TeammateIdle',
    'TaskCreated',
    'TaskCompleted',
    'Setup',
    'InstructionsLoaded',
    'CwdChanged',
    'FileChanged',
    'ConfigChange',
    'DirectoryAdded',
    'WorktreeCreate',
    'WorktreeRemove',
    'SessionStart',
    'SessionEnd',
    'PreModelSwitch',
    'PostModelSwitch',
    'MessageDisplay',
    'ErrorOccurred',
    'AfterTool',
    'BeforeAgent',
    'AfterAgent',
    'BeforeModel',
    'AfterModel',
    'BeforeToolSelection',
    'PreCompress',
    'beforeSubmitPrompt',
    'afterShellExecution',
    'afterMCPExecution',
    'afterFileEdit',
    'afterTabFileEdit',
    'afterAgentResponse',
    'afterAgentThought',
  ]),
  toolName: NAME_AS_IT_IS,
  canAsk({ event, mode, userAgent }: AskingFacts): boolean {
    if (!OWN_EVENTS.has(event) || !ASKING_CLIENTS.test(userAgent?.trim() ?? '')) return false;
    return mode === undefined || mode === null || (typeof mode === 'string' && ASKING_MODES.has(mode));
  },
};
