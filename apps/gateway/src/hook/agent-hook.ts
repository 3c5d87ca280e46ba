import { isDeepStrictEqual } from 'node:util';
import type { AgentHookFacts, Json, JsonObject, ReasonId } from '@iris/contracts';
import { spelling } from '../agents/agent-events.js';
import type { AgentReader } from '../agents/agent-protocol.js';
import { AGENTS } from '../agents/agents.js';
import type { AgentIdentity } from '../protocol/incoming-hook.js';
import { isEmpty } from './empty.js';

/** The body of an agent's hook as Aperture would send it, or why it cannot be judged. */
export type AgentHook =
  | { readonly ok: true; readonly data: JsonObject; readonly facts: AgentHookFacts }
  | { readonly ok: false; readonly reason: ReasonId; readonly detail: string; readonly facts: AgentHookFacts };

/** Fields that are read, by every name that agents use for them. */
const FIELDS = {
  event: ['hook_event_name'],
  tool: ['tool_name'],
  input: ['tool_input', 'tool_args'],
  session: ['session_id'],
  conversation: ['conversation_id'],
  call: ['tool_use_id', 'tool_call_id'],
  mode: ['permission_mode'],
  command: ['command'],
  cwd: ['cwd'],
  filePath: ['file_path'],
} as const;

type Field = keyof typeof FIELDS;

const FIELD_OF: ReadonlyMap<string, Field> = new Map(
  (Object.entries(FIELDS) as [Field, readonly string[]][]).flatMap(([field, names]) =>
    names.map((name): [string, Field] => [spelling(name), field]),
  ),
);

/** Events and permission modes are short words; a longer text is neither. */
const MAX_WORD_LENGTH = 64;

class Refusal extends Error {
  constructor(
    readonly reason: ReasonId,
    message: string,
  ) {
    super(message);
  }
}

/**
 * Reads the hook of an agent. An event before a call is judged whatever its spelling; one that is not known, or that
 * names no tool, is refused; one that the agent lists as preceding no call carries none. The body's own claims of a
 * person, such as `user_email`, are not read.
 * Sources: the hooks references of Claude Code, Codex, Copilot CLI, Cursor and Gemini CLI.
 */
export function readAgentHook(body: JsonObject, agent: AgentIdentity): AgentHook {
  const fields = new Map<Field, Json>();
  const { reader } = AGENTS[agent.agent];
  const facts = (): AgentHookFacts => factsOf(fields, agent, reader, Object.hasOwn(body, 'toolName'));
  try {
    collect(body, fields);
    const calls = callsOf(fields, reader);
    const metadata = {
      login_name: agent.loginName ?? null,
      user_agent: agent.userAgent ?? null,
      session_id: fields.get('session') ?? fields.get('conversation') ?? null,
      request_id: fields.get('call') ?? null,
    };
    return { ok: true, data: { metadata, tool_calls: calls }, facts: facts() };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return { ok: false, reason: error.reason, detail: error.message, facts: facts() };
  }
}

/** Empty fields say nothing. Two spellings of one field must have the same value: an agent reads only one of them. */
function collect(body: JsonObject, fields: Map<Field, Json>): void {
  let conflict: string | undefined;
  for (const [key, value] of Object.entries(body)) {
    const field = FIELD_OF.get(spelling(key));
    // The empty input is an input: a tool without parameters has it.
    if (field === undefined || value === null || (field !== 'input' && isEmpty(value))) continue;
    const known = fields.get(field);
    if (known === undefined) fields.set(field, value);
    else if (!isDeepStrictEqual(known, value)) conflict ??= FIELDS[field][0];
  }
  if (conflict !== undefined) {
    throw new Refusal('conflicting_fields', `${conflict} has two spellings with different values`);
  }
}

function callsOf(fields: ReadonlyMap<Field, Json>, reader: AgentReader): JsonObject[] {
  const event = fields.get('event');
  if (event !== undefined && typeof event !== 'string') {
    throw new Refusal('unknown_agent_event', 'hook_event_name is not a text');
  }
  const calls: JsonObject[] = [];
  switch (reader.events.kindOf(event)) {
    case 'harmless':
      return [];
    case 'unknown':
      throw new Refusal('unknown_agent_event', 'hook_event_name is not an event that Iris knows');
    case 'shell':
      // Cursor's shell has no name of its own; the catalog lists it as the shell of an agent.
      if (fields.has('command')) calls.push({ name: 'shell', params: present(fields, 'command', 'cwd') });
      break;
    case 'read':
      if (fields.has('filePath')) calls.push({ name: 'read_file', params: present(fields, 'filePath') });
      break;
    case 'tool':
    case 'mcp':
      break;
  }
  const tool = fields.get('tool');
  if (tool !== undefined && typeof tool !== 'string') {
    throw new Refusal('unknown_agent_event', 'tool_name is not a text');
  }
  if (tool !== undefined) calls.push({ name: reader.toolName(tool), params: fields.get('input') ?? null });
  if (calls.length === 0) throw new Refusal('unknown_agent_event', 'the event names no tool that can be read');
  return calls;
}

function present(fields: ReadonlyMap<Field, Json>, ...names: readonly Field[]): JsonObject {
  const params: JsonObject = {};
  for (const name of names) {
    const value = fields.get(name);
    if (value !== undefined) params[FIELDS[name][0]] = value;
  }
  return params;
}

/** @param isCopilot whether the body has the form of Copilot CLI, which names no event */
function factsOf(
  fields: ReadonlyMap<Field, Json>,
  agent: AgentIdentity,
  reader: AgentReader,
  isCopilot: boolean,
): AgentHookFacts {
  const event = fields.get('event') ?? (isCopilot ? 'preToolUse' : undefined);
  const mode = fields.get('mode');
  return {
    name: agent.agent,
    ...(isWord(event) ? { event } : {}),
    ...(isWord(mode) ? { permissionMode: mode } : {}),
    canAsk: reader.canAsk({ event, mode, userAgent: agent.userAgent }),
  };
}

function isWord(value: Json | undefined): value is string {
  return typeof value === 'string' && value.length <= MAX_WORD_LENGTH;
}
