/**
 * The events of agents' own hooks, by what they mean to Iris. Names are compared without case, `_`, `-` and spaces, so
 * `PreToolUse`, `preToolUse` and `pre_tool_use` are one event.
 * Sources: the hooks references of Claude Code, Codex, Copilot CLI, Cursor and Gemini CLI.
 */

/** Before a call runs, and the call is in the tool name and input of the body. */
const BEFORE_TOOL = ['PreToolUse', 'PermissionRequest', 'BeforeTool', 'BeforeToolUse', 'PreToolCall', 'BeforeToolCall'];

/** Cursor's events before a call runs, whose body differs by event. */
const BEFORE_SHELL = ['beforeShellExecution'];
const BEFORE_MCP = ['beforeMCPExecution'];
const BEFORE_READ = ['beforeReadFile', 'beforeTabFileRead'];

/** Events that precede no tool call: the answer is neutral. */
const HARMLESS = [
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
];

/** What an event means: where its tool call is, that it has none, or that it is not known. */
export type AgentEventKind = 'tool' | 'shell' | 'mcp' | 'read' | 'harmless' | 'unknown';

const KINDS: ReadonlyMap<string, AgentEventKind> = new Map(
  (
    [
      ['tool', BEFORE_TOOL],
      ['shell', BEFORE_SHELL],
      ['mcp', BEFORE_MCP],
      ['read', BEFORE_READ],
      ['harmless', HARMLESS],
    ] as const
  ).flatMap(([kind, names]) => names.map((name): [string, AgentEventKind] => [spelling(name), kind])),
);

/** A name without what differs between spellings. */
export function spelling(name: string): string {
  return name.toLowerCase().replace(/[_\-\s]+/g, '');
}

/** What an event means. An absent name is an event before a tool call: some agents send none. */
export function agentEventKind(name: string | undefined): AgentEventKind {
  return name === undefined ? 'tool' : (KINDS.get(spelling(name)) ?? 'unknown');
}

/** The clients and permission modes in which an agent shows a question to a person. All others ask nobody. */
const ASKING_CLIENTS = /^claude-(?:cli|code)(?:[/\s]|$)/i;
const ASKING_MODES: ReadonlySet<string> = new Set(['default', 'acceptEdits', 'plan']);

/**
 * Whether a person sees the question of a rule.
 *
 * @param mode as the agent states it; undefined for versions that state none
 */
export function canAsk(userAgent: string | undefined, mode: unknown): boolean {
  if (!ASKING_CLIENTS.test(userAgent?.trim() ?? '')) return false;
  return mode === undefined || mode === null || (typeof mode === 'string' && ASKING_MODES.has(mode));
}
