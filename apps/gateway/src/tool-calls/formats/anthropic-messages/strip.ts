import type { JsonObject } from '@iris/contracts';
import type { Edit, JsonPath } from '@iris/json-document';
import { below, objectOf, objectsIn, textOf } from '../../json-access.js';
import type { DeclaredTool, EditPlan, RawText } from '../llm-format.js';
import { STUB_TOOL_DESCRIPTION, stubToolName } from '../stub-tool.js';
import { mcpGroup, memberKey, namedTool } from '../tool-keys.js';
import { declaredTools, definitionIn, isEnabled, messageBlocks, referencedTool, toolsOfEntry } from './tools.js';

/** Stands where a mid-conversation declaration of a removed tool stood, so that no message is left empty. */
const REMOVED_DECLARATION = JSON.stringify({ type: 'text', text: 'A tool declaration was removed by policy.' });

/** Edits that remove tools everywhere: declarations, their servers, references in messages, and the forced choice. */
export function stripTools(body: JsonObject, keys: ReadonlySet<string>, source: RawText): EditPlan {
  const edits: Edit[] = [];
  const servers = stripServers(body, keys, edits);
  const gone = (tool: DeclaredTool) =>
    keys.has(tool.key) || (tool.key.startsWith('mcp:') && servers.has(tool.server ?? ''));
  const leftOver = stripMessages(body, gone, edits);
  if (leftOver !== undefined) return { status: 'not_representable', toolKey: leftOver };
  stripToolList(body, keys, gone, source, edits);
  return { status: 'planned', edits };
}

/** Removes MCP servers that are denied or of which nothing is left; answers their names. */
function stripServers(body: JsonObject, keys: ReadonlySet<string>, edits: Edit[]): ReadonlySet<string> {
  const servers = [...objectsIn(body.mcp_servers)];
  const removed = new Set<string>();
  const removedEntries: number[] = [];
  for (const [index, server] of servers) {
    const name = textOf(server.name) ?? '';
    const allowed = objectOf(server.tool_configuration)?.allowed_tools;
    const tools = Array.isArray(allowed) ? allowed : [];
    const denied = [...tools.entries()].filter(([, tool]) => keys.has(memberKey('mcp', name, String(tool))));
    // An emptied list of allowed tools could be read as "all of them".
    if (keys.has(mcpGroup(name).key) || (denied.length > 0 && denied.length === tools.length)) {
      removed.add(name);
      removedEntries.push(index);
      continue;
    }
    for (const [position] of denied) {
      edits.push({ op: 'remove', path: ['mcp_servers', index, 'tool_configuration', 'allowed_tools', position] });
    }
  }
  for (const [, entry] of objectsIn(body.tools)) {
    const server = entry.type === 'mcp_toolset' ? textOf(entry.mcp_server_name) : undefined;
    if (server !== undefined && nothingLeft(entry, server, keys)) removed.add(server);
  }
  for (const [index, server] of servers) {
    if (removed.has(textOf(server.name) ?? '') && !removedEntries.includes(index)) removedEntries.push(index);
  }
  if (removedEntries.length === 0) return removed;
  if (Array.isArray(body.mcp_servers) && removedEntries.length === body.mcp_servers.length) {
    edits.push({ op: 'remove', path: ['mcp_servers'] });
  } else {
    for (const index of removedEntries) edits.push({ op: 'remove', path: ['mcp_servers', index] });
  }
  return removed;
}

/** Whether a toolset is denied, or offers only chosen tools and all of those are denied. */
function nothingLeft(entry: JsonObject, server: string, keys: ReadonlySet<string>): boolean {
  if (keys.has(mcpGroup(server).key)) return true;
  const members = toolsOfEntry(entry).filter((tool) => tool.kind === 'tool');
  const denied = members.filter((tool) => keys.has(tool.key));
  const onlyChosen = objectOf(entry.default_config)?.enabled === false || Array.isArray(entry.tools);
  return onlyChosen && denied.length > 0 && denied.length === members.length;
}

/**
 * Puts a text in the place of mid-conversation declarations and of references to removed tools. Answers the key of a
 * removed tool that a part names which must be sent back as it came, if there is one.
 */
function stripMessages(body: JsonObject, gone: (tool: DeclaredTool) => boolean, edits: Edit[]): string | undefined {
  for (const { block, role, path } of messageBlocks(body)) {
    if (block.type === 'tool_addition' || block.type === 'tool_removal') {
      const definition = definitionIn(block);
      const [first] = definition ? toolsOfEntry(definition) : referencedTool(block);
      if (first && gone(first)) {
        edits.push({ op: 'set', path, json: REMOVED_DECLARATION });
      } else if (definition) disableMembers(below(path, 'tool', 'definition'), definition, gone, edits);
    } else if (block.type === 'tool_result') stripReferences(block, path, gone, edits);
    else if (role === 'assistant') {
      const named = referencesInAssistantBlock(block).find(gone);
      if (named) return named.key;
    }
  }
  return undefined;
}

function referencesInAssistantBlock(block: JsonObject): DeclaredTool[] {
  if (block.type === 'compaction') {
    return [...objectsIn(block.tool_changes)].flatMap(([, change]) => {
      const definition = definitionIn(change);
      return definition ? toolsOfEntry(definition) : referencedTool(change);
    });
  }
  if (block.type !== 'tool_search_tool_result') return [];
  const references = [...objectsIn(objectOf(block.content)?.tool_references)];
  return references.map(([, reference]) => namedTool(textOf(reference.tool_name) ?? ''));
}

/** A reference to a tool that is not offered makes the provider refuse the request. */
function stripReferences(block: JsonObject, path: JsonPath, gone: (tool: DeclaredTool) => boolean, edits: Edit[]) {
  const blocks = Array.isArray(block.content) ? block.content : [];
  const removed = [...objectsIn(block.content)].filter(
    ([, part]) => part.type === 'tool_reference' && gone(namedTool(textOf(part.tool_name) ?? '')),
  );
  if (removed.length === 0) return;
  if (removed.length === blocks.length) {
    edits.push({ op: 'set', path: below(path, 'content'), json: JSON.stringify('The tool is not available.') });
    return;
  }
  for (const [position] of removed) edits.push({ op: 'remove', path: below(path, 'content', position) });
}

/** Switches single members of a toolset off: the toolset has no list to take them from. */
function disableMembers(path: JsonPath, entry: JsonObject, gone: (tool: DeclaredTool) => boolean, edits: Edit[]) {
  const members = toolsOfEntry(entry).filter((tool) => tool.kind === 'tool' && tool.server !== undefined && gone(tool));
  switchOff(path, entry, new Set(members.map((tool) => tool.name)), edits);
}

function switchOff(path: JsonPath, entry: JsonObject, members: ReadonlySet<string>, edits: Edit[]): void {
  if (members.size === 0) return;
  const configs = objectOf(entry.configs);
  if (!configs) {
    const off = Object.fromEntries([...members].map((member) => [member, { enabled: false }]));
    edits.push({ op: 'set', path: below(path, 'configs'), json: JSON.stringify(off) });
  } else {
    for (const member of members) {
      const config = objectOf(configs[member]);
      const json = config ? 'false' : '{"enabled":false}';
      edits.push({ op: 'set', path: below(path, 'configs', member, ...(config ? ['enabled'] : [])), json });
    }
  }
  const pinned = [...objectsIn(entry.tools)].filter(([, tool]) => members.has(textOf(tool.name) ?? ''));
  if (pinned.length > 0 && Array.isArray(entry.tools) && pinned.length === entry.tools.length) {
    edits.push({ op: 'remove', path: below(path, 'tools') });
  } else for (const [index] of pinned) edits.push({ op: 'remove', path: below(path, 'tools', index) });
}

function stripToolList(
  body: JsonObject,
  keys: ReadonlySet<string>,
  gone: (tool: DeclaredTool) => boolean,
  source: RawText,
  edits: Edit[],
): void {
  if (!Array.isArray(body.tools)) {
    edits.push(...repairChoice(body, gone, false));
    return;
  }
  const entries = [...objectsIn(body.tools)];
  const removed = new Set(entries.filter(([, entry]) => isEntryGone(entry, gone)).map(([index]) => index));
  const kept = entries.filter(([index]) => !removed.has(index));
  for (const [index, entry] of kept) {
    const members = new Set(
      toolsOfEntry(entry)
        .filter((tool) => tool.server !== undefined && gone(tool))
        .map((tool) => tool.name),
    );
    for (const name of listedMembers(body, entry, keys)) members.add(name);
    switchOff(['tools', index], entry, members, edits);
    edits.push(...repairUrlSources(['tools', index], entry, gone));
  }
  const emptied = kept.length === 0 && removed.size > 0;
  if (emptied && !needsTools(body, gone)) {
    edits.push({ op: 'remove', path: ['tools'] });
    if (body.tool_choice !== undefined) edits.push({ op: 'remove', path: ['tool_choice'] });
    return;
  }
  edits.push(...repairChoice(body, gone, emptied));
  if (emptied) {
    edits.push({ op: 'set', path: ['tools'], json: `[${stubTool(new Set())}]` });
    return;
  }
  if (removed.size === 0) return;
  for (const index of removed) edits.push({ op: 'remove', path: ['tools', index] });
  edits.push(...migrateCacheMarkers(entries, removed, source));
  if (kept.every(([, entry]) => isDeferred(entry)) && !entries.every(([, entry]) => isDeferred(entry))) {
    const taken = new Set(kept.map(([, entry]) => textOf(entry.name) ?? ''));
    edits.push({ op: 'append', path: ['tools'], json: stubTool(taken) });
  }
}

function isEntryGone(entry: JsonObject, gone: (tool: DeclaredTool) => boolean): boolean {
  const [first] = toolsOfEntry(entry);
  return first !== undefined && gone(first);
}

/** Denied tools of a server that only a listing in the messages names. */
function listedMembers(body: JsonObject, entry: JsonObject, keys: ReadonlySet<string>): string[] {
  if (entry.type !== 'mcp_toolset') return [];
  const names: string[] = [];
  for (const { block } of messageBlocks(body)) {
    if (block.type !== 'mcp_tool_listing' || block.mcp_server_name !== entry.mcp_server_name) continue;
    for (const [, tool] of objectsIn(block.tools)) {
      const name = textOf(tool.name) ?? '';
      const server = textOf(entry.mcp_server_name) ?? '';
      if (keys.has(memberKey('mcp', server, name)) && isEnabled(entry, name)) names.push(name);
    }
  }
  return names;
}

/** The fetch tool may name the tools whose results it takes URLs from; those it names must be there. */
function repairUrlSources(path: JsonPath, entry: JsonObject, gone: (tool: DeclaredTool) => boolean): Edit[] {
  const edits: Edit[] = [];
  for (const [field, source] of Object.entries(objectOf(entry.url_sources) ?? {})) {
    const tools = objectOf(source)?.tools;
    const removed = [...objectsIn(tools)].filter(([, tool]) => gone(namedTool(textOf(tool.name) ?? '')));
    const own = below(path, 'url_sources', field);
    if (Array.isArray(tools) && removed.length > 0 && removed.length === tools.length) {
      const type = objectOf(source)?.type === 'except' ? 'all' : 'none';
      edits.push({ op: 'set', path: own, json: JSON.stringify({ type }) });
    } else for (const [index] of removed) edits.push({ op: 'remove', path: below(own, 'tools', index) });
  }
  return edits;
}

/** A removed breakpoint moves to the nearest tool before it that may carry one, so that the prefix stays cached. */
function migrateCacheMarkers(entries: [number, JsonObject][], removed: ReadonlySet<number>, source: RawText): Edit[] {
  const edits: Edit[] = [];
  let target: number | undefined;
  for (const [index, entry] of entries) {
    if (!removed.has(index)) {
      if (isDeferred(entry)) continue;
      target = objectOf(entry.cache_control) ? undefined : index;
      continue;
    }
    if (target === undefined || !objectOf(entry.cache_control)) continue;
    const json = source(['tools', index, 'cache_control']);
    if (json !== undefined) edits.push({ op: 'set', path: ['tools', target, 'cache_control'], json });
    target = undefined;
  }
  return edits;
}

function isDeferred(entry: JsonObject): boolean {
  return entry.defer_loading === true || objectOf(entry.default_config)?.defer_loading === true;
}

/** A choice that forces a removed tool, or any tool when only a stub is left, becomes `auto`. */
function repairChoice(body: JsonObject, gone: (tool: DeclaredTool) => boolean, stubOnly: boolean): Edit[] {
  const choice = objectOf(body.tool_choice);
  if (!choice) return [];
  const forcesAny = choice.type === 'any' && stubOnly;
  if (!forcesAny && !(choice.type === 'tool' && isNameGone(body, textOf(choice.name) ?? '', gone))) return [];
  const edits: Edit[] = [{ op: 'set', path: ['tool_choice', 'type'], json: '"auto"' }];
  if (choice.name !== undefined) edits.push({ op: 'remove', path: ['tool_choice', 'name'] });
  return edits;
}

function isNameGone(body: JsonObject, name: string, gone: (tool: DeclaredTool) => boolean): boolean {
  const named = declaredTools(body).filter((tool) => tool.name === name);
  return named.length > 0 && named.every(gone);
}

/** Some models and platforms refuse calls, or changes of tools, in the history of a request that offers no tool. */
function needsTools(body: JsonObject, gone: (tool: DeclaredTool) => boolean): boolean {
  for (const { block } of messageBlocks(body)) {
    const type = textOf(block.type) ?? '';
    if (/tool_use$|tool_result$|^mcp_tool_listing$/.test(type)) return true;
    if (type !== 'tool_addition' && type !== 'tool_removal') continue;
    const definition = definitionIn(block);
    const [first] = definition ? toolsOfEntry(definition) : referencedTool(block);
    if (!first || !gone(first)) return true;
  }
  return false;
}

function stubTool(taken: ReadonlySet<string>): string {
  const name = stubToolName(taken);
  return JSON.stringify({
    name,
    description: STUB_TOOL_DESCRIPTION,
    input_schema: { type: 'object', properties: {} },
  });
}
