import type { Json, JsonObject } from '@iris/contracts';
import type { Edit, JsonPath } from '@iris/json-document';
import { listed, statedKind, unrecognisedTool } from '../../closed-world/index.js';
import { below, objectOf, objectsIn, textOf, uniqueByKey } from '../../json-access.js';
import type { DeclaredTool, EditPlan } from '../llm-format.js';
import { STUB_TOOL_DESCRIPTION, stubToolName } from '../stub-tool.js';
import { hostedGroup, mcpGroup, memberTool, namedTool } from '../tool-keys.js';
import { serverOf } from './calls.js';
import { dependantsOf, type KeptTool } from './dependants.js';
import { TOOLS } from './kinds.js';

export function declaredTools(body: JsonObject): DeclaredTool[] {
  return uniqueByKey(declarations(body));
}

function* declarations(body: JsonObject): Generator<DeclaredTool> {
  for (const [, entry] of objectsIn(body.tools)) yield* toolsOfEntry(entry);
  for (const [, item] of objectsIn(body.input)) {
    if (item.type === 'additional_tools' || item.type === 'tool_search_output') {
      for (const [, entry] of objectsIn(item.tools)) yield* toolsOfEntry(entry);
    } else if (item.type === 'mcp_list_tools') yield* listedTools(item);
  }
  // A choice may name a tool of a server whose tools are listed nowhere else.
  const labels = new Set([...allEntries(body)].map((entry) => textOf(entry.server_label)));
  const choice = objectOf(body.tool_choice);
  for (const entry of choice?.type === 'allowed_tools' ? allowedIn(choice) : choice ? [choice] : []) {
    const isNamed = textOf(entry.name) !== undefined;
    if (entry.type === 'mcp' && (isNamed || !labels.has(textOf(entry.server_label)))) yield* toolsOfChoice(entry);
  }
}

function listedTools(item: JsonObject): DeclaredTool[] {
  const label = textOf(item.server_label) ?? '';
  return [...objectsIn(item.tools)].map(([, tool]) => memberTool('mcp', label, textOf(tool.name) ?? ''));
}

/**
 * What one entry of a list of tools declares. An MCP server with a list of allowed tools declares these alone; one
 * without is a group.
 */
function toolsOfEntry(entry: JsonObject): DeclaredTool[] {
  const type = textOf(entry.type);
  const kind = statedKind(TOOLS, entry);
  if (kind !== undefined && !listed(TOOLS, kind)) return [unrecognisedTool('openai-responses', kind)];
  if (type === 'namespace') return childrenOf(entry).map(([, tool]) => tool);
  if (type === 'mcp') {
    const label = textOf(entry.server_label) ?? '';
    const members = allowedNames(entry).map((name) => memberTool('mcp', label, name));
    return admitsOnlyNames(entry) ? members : [mcpGroup(label), ...members];
  }
  const name = textOf(entry.name) ?? textOf(objectOf(entry.function)?.name);
  if (name !== undefined) return [namedTool(name)];
  return type === undefined ? [] : [hostedGroup(type, hostedName(type))];
}

/** The name under which calls of a hosted tool appear, whatever the version of its type. */
function hostedName(type: string): string {
  if (/^web_search(?:_|$)/.test(type)) return 'web_search';
  return type === 'computer_use_preview' ? 'computer' : type;
}

function childrenOf(entry: JsonObject): [number, DeclaredTool][] {
  const namespace = textOf(entry.name) ?? '';
  return [...objectsIn(entry.tools)].map(([index, child]) => {
    const { server, ...tool } = memberTool('namespace', namespace, textOf(child.name) ?? textOf(child.type) ?? '');
    const own = serverOf(server);
    return [index, own === undefined ? tool : { ...tool, server: own }];
  });
}

/** Where an MCP entry lists the tools that may be called, and which they are. */
function allowedList(entry: JsonObject): { readonly path: JsonPath; readonly names: readonly Json[] } | undefined {
  if (Array.isArray(entry.allowed_tools)) return { path: ['allowed_tools'], names: entry.allowed_tools };
  const names = objectOf(entry.allowed_tools)?.tool_names;
  return Array.isArray(names) ? { path: ['allowed_tools', 'tool_names'], names } : undefined;
}

function allowedNames(entry: JsonObject): string[] {
  return (allowedList(entry)?.names ?? []).filter((name) => typeof name === 'string');
}

/** Whether the list names the tools that may be called. An entry that is no name may admit any, so the server counts too. */
function admitsOnlyNames(entry: JsonObject): boolean {
  const names = allowedList(entry)?.names ?? [];
  return names.length > 0 && names.every((name) => typeof name === 'string');
}

interface Strip {
  readonly keys: ReadonlySet<string>;
  /** By label: the tools that a listing in the history shows. */
  readonly listings: ReadonlyMap<string, readonly DeclaredTool[]>;
  readonly isGone: (tool: DeclaredTool) => boolean;
  readonly edits: Edit[];
}

/** Removes tools from every list of tools in the request and from the choice. */
export function stripTools(body: JsonObject, keys: ReadonlySet<string>): EditPlan {
  const listings = new Map<string, DeclaredTool[]>();
  for (const [, item] of objectsIn(body.input)) {
    if (item.type !== 'mcp_list_tools') continue;
    const label = textOf(item.server_label) ?? '';
    const known = listings.get(label) ?? [];
    listings.set(label, known);
    for (const tool of listedTools(item)) known.push(tool);
  }
  const dropped = droppedServers(body, keys, listings);
  const isGone = (tool: DeclaredTool) =>
    keys.has(tool.key) || (tool.key.startsWith('mcp:') && dropped.has(tool.server ?? ''));
  const strip: Strip = { keys, listings, isGone, edits: [] };
  const emptied = stripList(strip, ['tools'], body.tools);
  stripItems(strip, body);
  const isRepaired = repairDependants(strip, body);
  const left = declaredTools(body).some((tool) => !isGone(tool));
  if (emptied) {
    strip.edits.push({ op: 'remove', path: ['tools'] });
    if (!left) {
      for (const key of ['tool_choice', 'parallel_tool_calls']) {
        if (body[key] !== undefined) strip.edits.push({ op: 'remove', path: [key] });
      }
    }
  } else if (!isRepaired) keepOneLoaded(strip, body);
  if (!emptied || left) repairChoice(strip, body);
  return { status: 'planned', edits: strip.edits };
}

/** Servers that are denied, or of whose allowed tools none is left: an emptied list might be read as "all". */
function droppedServers(
  body: JsonObject,
  keys: ReadonlySet<string>,
  listings: ReadonlyMap<string, readonly DeclaredTool[]>,
): ReadonlySet<string> {
  const dropped = new Set<string>();
  for (const entry of allEntries(body)) {
    if (entry.type !== 'mcp') continue;
    const label = textOf(entry.server_label) ?? '';
    const visible = allowedNames(entry).length > 0 ? toolsOfEntry(entry) : (listings.get(label) ?? []);
    const noneLeft = visible.length > 0 && visible.every((tool) => keys.has(tool.key));
    if (keys.has(mcpGroup(label).key) || noneLeft) dropped.add(label);
  }
  return dropped;
}

function* allEntries(body: JsonObject): Generator<JsonObject> {
  for (const [, entry] of objectsIn(body.tools)) yield entry;
  for (const [, item] of objectsIn(body.input)) {
    if (item.type === 'additional_tools' || item.type === 'tool_search_output') {
      for (const [, entry] of objectsIn(item.tools)) yield entry;
    }
  }
}

/** Answers whether nothing is left of the list, in which case the caller takes the list away. */
function stripList(strip: Strip, path: JsonPath, list: Json | undefined): boolean {
  const removed: number[] = [];
  for (const [index, entry] of objectsIn(list)) {
    if (isEntryGone(strip, entry)) removed.push(index);
    else stripInside(strip, below(path, index), entry);
  }
  if (Array.isArray(list) && removed.length > 0 && removed.length === list.length) return true;
  for (const index of removed) strip.edits.push({ op: 'remove', path: below(path, index) });
  return false;
}

function isEntryGone(strip: Strip, entry: JsonObject): boolean {
  const tools = toolsOfEntry(entry);
  if (tools.some((tool) => tool.kind === 'group' && strip.isGone(tool))) return true;
  if (entry.type === 'namespace' || entry.type === 'mcp') return tools.length > 0 && tools.every(strip.isGone);
  return tools[0] !== undefined && strip.isGone(tools[0]);
}

/** Children of a namespace, and the allowed tools of an MCP server. */
function stripInside(strip: Strip, path: JsonPath, entry: JsonObject): void {
  if (entry.type === 'namespace') {
    for (const [index, child] of childrenOf(entry)) {
      if (strip.isGone(child)) strip.edits.push({ op: 'remove', path: below(path, 'tools', index) });
    }
    return;
  }
  if (entry.type !== 'mcp') return;
  const label = textOf(entry.server_label) ?? '';
  const allowed = allowedList(entry);
  const isNameGone = (name: string) => strip.isGone(memberTool('mcp', label, name));
  if (allowed) {
    for (const [index, name] of allowed.names.entries()) {
      if (typeof name === 'string' && isNameGone(name)) {
        strip.edits.push({ op: 'remove', path: [...path, ...allowed.path, index] });
      }
    }
    return;
  }
  const listed = strip.listings.get(label) ?? [];
  if (!listed.some(strip.isGone)) return;
  const rest = [...new Set(listed.filter((tool) => !strip.isGone(tool)).map((tool) => tool.name))];
  const filter = objectOf(entry.allowed_tools);
  const target = below(path, 'allowed_tools', ...(filter ? ['tool_names'] : []));
  strip.edits.push({ op: 'set', path: target, json: JSON.stringify(rest) });
}

/** Stands where an item that only declared removed tools stood: items are never deleted. */
const REMOVED_ITEM = JSON.stringify({
  type: 'message',
  role: 'developer',
  content: [{ type: 'input_text', text: 'A tool declaration was removed by policy.' }],
});

function stripItems(strip: Strip, body: JsonObject): void {
  for (const [index, item] of objectsIn(body.input)) {
    const path = ['input', index, 'tools'];
    if (item.type === 'additional_tools') {
      if (stripList(strip, path, item.tools))
        strip.edits.push({ op: 'set', path: ['input', index], json: REMOVED_ITEM });
    } else if (item.type === 'tool_search_output') {
      // A search that found nothing has an empty list.
      if (stripList(strip, path, item.tools)) strip.edits.push({ op: 'set', path, json: '[]' });
    } else if (item.type === 'mcp_list_tools') {
      for (const [position, tool] of listedTools(item).entries()) {
        if (strip.isGone(tool)) strip.edits.push({ op: 'remove', path: below(path, position) });
      }
    }
  }
}

/** Answers whether something was repaired; tools that are loaded on demand are loaded at once then. */
function repairDependants(strip: Strip, body: JsonObject): boolean {
  const kept: KeptTool[] = [];
  const removedTypes = new Set<Json | undefined>();
  const lists: [JsonPath, Json | undefined][] = [[['tools'], body.tools]];
  for (const [index, item] of objectsIn(body.input)) {
    if (item.type === 'additional_tools') lists.push([['input', index, 'tools'], item.tools]);
  }
  for (const [path, list] of lists) {
    for (const [index, entry] of objectsIn(list)) {
      if (isEntryGone(strip, entry)) removedTypes.add(entry.type);
      else kept.push({ path: below(path, index), entry });
    }
  }
  const edits = dependantsOf(kept, removedTypes);
  for (const edit of edits) strip.edits.push(edit);
  return edits.length > 0;
}

/** A request in which every tool is to be searched for needs one that is not. */
function keepOneLoaded(strip: Strip, body: JsonObject): void {
  const entries = [...objectsIn(body.tools)].map(([, entry]) => entry);
  const kept = entries.filter((entry) => !isEntryGone(strip, entry));
  if (kept.length === entries.length || !kept.every(isDeferred) || entries.every(isDeferred)) return;
  const taken = new Set(kept.flatMap(toolsOfEntry).map((tool) => tool.name));
  const stub = {
    type: 'function',
    name: stubToolName(taken),
    description: STUB_TOOL_DESCRIPTION,
    parameters: { type: 'object', properties: {}, additionalProperties: false },
    strict: true,
  };
  strip.edits.push({ op: 'append', path: ['tools'], json: JSON.stringify(stub) });
}

function isDeferred(entry: JsonObject): boolean {
  if (entry.type !== 'namespace') return entry.defer_loading === true;
  return [...objectsIn(entry.tools)].every(([, child]) => child.defer_loading === true);
}

/** A forced choice of a removed tool becomes `auto`; a list of allowed tools of which none is left becomes `none`. */
function repairChoice(strip: Strip, body: JsonObject): void {
  const choice = objectOf(body.tool_choice);
  if (!choice) return;
  const goneNames = new Set<string>();
  const leftNames = new Set<string>();
  for (const tool of declaredTools(body)) (strip.isGone(tool) ? goneNames : leftNames).add(tool.name);
  const isChoiceGone = (entry: JsonObject) => {
    const tools = toolsOfChoice(entry);
    if (tools.some(strip.isGone)) return true;
    return (
      entry.type !== 'mcp' &&
      tools.some(({ name }) => goneNames.has(name)) &&
      !tools.some(({ name }) => leftNames.has(name))
    );
  };
  if (choice.type !== 'allowed_tools') {
    if (isChoiceGone(choice)) strip.edits.push({ op: 'set', path: ['tool_choice'], json: '"auto"' });
    return;
  }
  const nested = objectOf(choice.allowed_tools);
  const list = nested ? nested.tools : choice.tools;
  const path = nested ? ['tool_choice', 'allowed_tools', 'tools'] : ['tool_choice', 'tools'];
  const removed = [...objectsIn(list)].filter(([, entry]) => isChoiceGone(entry)).map(([index]) => index);
  if (Array.isArray(list) && removed.length > 0 && removed.length === list.length) {
    strip.edits.push({ op: 'set', path: ['tool_choice'], json: '"none"' });
  } else for (const index of removed) strip.edits.push({ op: 'remove', path: below(path, index) });
}

function allowedIn(choice: JsonObject): JsonObject[] {
  return [...objectsIn(objectOf(choice.allowed_tools)?.tools ?? choice.tools)].map(([, entry]) => entry);
}

/** The tool that an entry of a choice names. */
function toolsOfChoice(entry: JsonObject): DeclaredTool[] {
  const name = textOf(entry.name);
  if (entry.type === 'mcp') {
    const label = textOf(entry.server_label) ?? '';
    return name === undefined ? [mcpGroup(label)] : [memberTool('mcp', label, name)];
  }
  const namespace = textOf(entry.namespace);
  if (name !== undefined && namespace !== undefined) return [memberTool('namespace', namespace, name)];
  return toolsOfEntry(entry);
}
