/**
 * The events of agents' own hooks, by what they mean to Iris. Names are compared without case, `_`, `-` and spaces, so
 * `PreToolUse`, `preToolUse` and `pre_tool_use` are one event. An event before a call is judged on the path of every
 * agent; which events precede no call is a list of each agent's own.
 * Sources: the hooks references of Claude Code, Codex, Copilot CLI, Cursor and Gemini CLI.
 */

/** Before a call runs, and the call is in the tool name and input of the body. */
const BEFORE_TOOL = ['PreToolUse', 'PermissionRequest', 'BeforeTool', 'BeforeToolUse', 'PreToolCall', 'BeforeToolCall'];

/** Cursor's events before a call runs, whose body differs by event. */
const BEFORE_SHELL = ['beforeShellExecution'];
const BEFORE_MCP = ['beforeMCPExecution'];
const BEFORE_READ = ['beforeReadFile', 'beforeTabFileRead'];

/** Where the tool call of an event is. */
export type CallEventKind = 'tool' | 'shell' | 'mcp' | 'read';

/** What an event means: where its tool call is, that it has none, or that it is not known. */
export type AgentEventKind = CallEventKind | 'harmless' | 'unknown';

const CALL_KINDS: ReadonlyMap<string, CallEventKind> = new Map(
  (
    [
      ['tool', BEFORE_TOOL],
      ['shell', BEFORE_SHELL],
      ['mcp', BEFORE_MCP],
      ['read', BEFORE_READ],
    ] as const
  ).flatMap(([kind, names]) => names.map((name): [string, CallEventKind] => [spelling(name), kind])),
);

/** A name without what differs between spellings. */
export function spelling(name: string): string {
  return name.toLowerCase().replace(/[_\-\s]+/g, '');
}

/** The events of one agent. */
export class AgentEvents {
  readonly #harmless: ReadonlySet<string>;

  /** @param harmless events that precede no tool call, whose answer is neutral */
  constructor(harmless: readonly string[]) {
    this.#harmless = new Set(harmless.map(spelling));
  }

  /** What an event means. An absent name is an event before a tool call: some agents send none. */
  kindOf(name: string | undefined): AgentEventKind {
    if (name === undefined) return 'tool';
    const plain = spelling(name);
    return CALL_KINDS.get(plain) ?? (this.#harmless.has(plain) ? 'harmless' : 'unknown');
  }
}
