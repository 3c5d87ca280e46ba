import type { JsonObject } from '@iris/contracts';
import type { Edit, JsonPath } from '@iris/json-document';
import { below, objectOf, objectsIn, textOf } from '../../json-access.js';
import type { DeclaredTool, RawText } from '../llm-format.js';
import { STUB_TOOL_DESCRIPTION, stubToolName } from '../stub-tool.js';
import { memberKey, namedTool } from '../tool-keys.js';
import { dependantsOf } from './dependants.js';
import { switchOff } from './switch-off.js';
import {
  declaredTools,
  definitionIn,
  isEnabled,
  isEntryGone,
  messageBlocks,
  referencedTool,
  toolsOfEntry,
} from './tools.js';

/** Removes tools from `tools`, and repairs what depended on them. */
export function stripToolList(
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
  const listings = listedDenied(body, keys);
  const entries = [...objectsIn(body.tools)];
  const removed = new Set(entries.filter(([, entry]) => isEntryGone(entry, gone)).map(([index]) => index));
  const kept = entries.filter(([index]) => !removed.has(index));
  for (const [index, entry] of kept) {
    const members = new Set(
      toolsOfEntry(entry)
        .filter((tool) => tool.server !== undefined && gone(tool))
        .map((tool) => tool.name),
    );
    for (const name of listedMembers(entry, listings)) members.add(name);
    switchOff(['tools', index], entry, members, edits);
    edits.push(...repairUrlSources(['tools', index], entry, gone));
  }
  const removedEntries = entries.filter(([index]) => removed.has(index)).map(([, entry]) => entry);
  edits.push(...dependantsOf(body, kept, removedEntries));
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

/** Denied tools that listings in the messages name, by their server. */
function listedDenied(body: JsonObject, keys: ReadonlySet<string>): ReadonlyMap<string, readonly string[]> {
  const byServer = new Map<string, string[]>();
  for (const { block } of messageBlocks(body)) {
    if (block.type !== 'mcp_tool_listing') continue;
    const server = textOf(block.mcp_server_name) ?? '';
    const names = byServer.get(server) ?? [];
    byServer.set(server, names);
    for (const [, tool] of objectsIn(block.tools)) {
      const name = textOf(tool.name) ?? '';
      if (keys.has(memberKey('mcp', server, name))) names.push(name);
    }
  }
  return byServer;
}

/** Denied tools of a toolset that only a listing in the messages names. */
function listedMembers(entry: JsonObject, listings: ReadonlyMap<string, readonly string[]>): string[] {
  if (entry.type !== 'mcp_toolset') return [];
  return (listings.get(textOf(entry.mcp_server_name) ?? '') ?? []).filter((name) => isEnabled(entry, name));
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
    if (!(definition ? isEntryGone(definition, gone) : referencedTool(block).some(gone))) return true;
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
