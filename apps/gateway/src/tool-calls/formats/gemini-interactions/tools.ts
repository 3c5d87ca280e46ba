import type { JsonObject } from '@iris/contracts';
import type { Edit, JsonPath } from '@iris/json-document';
import { listed, statedKind, unrecognisedTool } from '../../closed-world/index.js';
import { below, objectOf, objectsIn, textOf, uniqueByKey } from '../../json-access.js';
import type { DeclaredTool, EditPlan } from '../llm-format.js';
import { hostedGroup, mcpGroup, memberTool, namedTool } from '../tool-keys.js';
import { TOOLS } from './kinds.js';

/** The tools of the request. An agent has tools of its own that the request does not list, so it counts as one. */
export function declaredTools(body: JsonObject): DeclaredTool[] {
  const tools = [...objectsIn(body.tools)].flatMap(([, entry]) => toolsOfEntry(entry));
  return uniqueByKey([...tools, ...agentOf(body)]);
}

function agentOf(body: JsonObject): DeclaredTool[] {
  const agent = textOf(body.agent);
  return agent === undefined ? [] : [hostedGroup(`agent:${agent}`, agent)];
}

/** An MCP server with lists of allowed tools declares these alone; one without is a group. */
function toolsOfEntry(entry: JsonObject): DeclaredTool[] {
  const kind = statedKind(TOOLS, entry);
  if (kind === undefined) return [];
  if (!listed(TOOLS, kind)) return [unrecognisedTool('gemini-interactions', kind)];
  if (kind === 'function') return [namedTool(textOf(entry.name) ?? '')];
  if (kind !== 'mcp_server') return [hostedGroup(kind)];
  const server = textOf(entry.name) ?? '';
  const members = membersOf(entry).map(({ name }) => memberTool('mcp', server, name));
  return members.length === 0 ? [mcpGroup(server)] : members;
}

interface Member {
  readonly name: string;
  readonly list: number;
  readonly index: number;
  /** How many members its list has. */
  readonly of: number;
}

function membersOf(entry: JsonObject): Member[] {
  const members: Member[] = [];
  for (const [list, { tools }] of objectsIn(entry.allowed_tools)) {
    if (!Array.isArray(tools)) continue;
    for (const [index, name] of tools.entries()) {
      if (typeof name === 'string') members.push({ name, list, index, of: tools.length });
    }
  }
  return members;
}

/** Removes tools from `tools` and from the choice; an agent cannot be without its tools. */
export function stripTools(body: JsonObject, keys: ReadonlySet<string>): EditPlan {
  const toolKey = agentOf(body).find(({ key }) => keys.has(key))?.key;
  if (toolKey !== undefined) return { status: 'not_representable', toolKey };
  const entries = [...objectsIn(body.tools)];
  const edits: Edit[] = [];
  const removed: number[] = [];
  for (const [index, entry] of entries) {
    const tools = toolsOfEntry(entry);
    if (tools.length > 0 && tools.every(({ key }) => keys.has(key))) removed.push(index);
    else if (entry.type === 'mcp_server') edits.push(...withoutMembers(['tools', index], entry, keys));
  }
  if (removed.length === 0) return { status: 'planned', edits: [...edits, ...repairChoice(body, keys)] };
  if (removed.length === entries.length) {
    const choice = ['generation_config', 'tool_choice'];
    const hasChoice = objectOf(body.generation_config)?.tool_choice !== undefined;
    const all: Edit[] = [{ op: 'remove', path: ['tools'] }];
    return { status: 'planned', edits: hasChoice ? [...all, { op: 'remove', path: choice }] : all };
  }
  for (const index of removed) edits.push({ op: 'remove', path: ['tools', index] });
  return { status: 'planned', edits: [...edits, ...repairChoice(body, keys)] };
}

/** A list that is emptied goes whole, since an empty one might mean all. */
function withoutMembers(path: JsonPath, entry: JsonObject, keys: ReadonlySet<string>): Edit[] {
  const server = textOf(entry.name) ?? '';
  const gone = membersOf(entry).filter(({ name }) => keys.has(memberTool('mcp', server, name).key));
  const counts = new Map<number, number>();
  for (const { list } of gone) counts.set(list, (counts.get(list) ?? 0) + 1);
  const emptied = new Set(gone.filter(({ list, of }) => counts.get(list) === of).map(({ list }) => list));
  return [
    ...[...emptied].map((list): Edit => ({ op: 'remove', path: below(path, 'allowed_tools', list) })),
    ...gone
      .filter(({ list }) => !emptied.has(list))
      .map(({ list, index }): Edit => ({ op: 'remove', path: below(path, 'allowed_tools', list, 'tools', index) })),
  ];
}

/** The names that the model may be held to; without any it may call nothing. */
function repairChoice(body: JsonObject, keys: ReadonlySet<string>): Edit[] {
  const path = ['generation_config', 'tool_choice'];
  const choice = objectOf(objectOf(body.generation_config)?.tool_choice);
  const names = objectOf(choice?.allowed_tools)?.tools;
  if (!Array.isArray(names)) return [];
  const gone = [...names.entries()].filter(([, name]) => typeof name === 'string' && keys.has(namedTool(name).key));
  if (gone.length > 0 && gone.length === names.length) return [{ op: 'set', path, json: '"none"' }];
  return gone.map(([index]) => ({ op: 'remove', path: below(path, 'allowed_tools', 'tools', index) }));
}
