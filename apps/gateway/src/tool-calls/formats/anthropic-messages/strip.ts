import type { JsonObject } from '@iris/contracts';
import type { Edit } from '@iris/json-document';
import { objectOf, objectsIn, textOf } from '../../json-access.js';
import type { DeclaredTool, EditPlan, RawText } from '../llm-format.js';
import { mcpGroup, memberKey } from '../tool-keys.js';
import { stripMessages } from './strip-messages.js';
import { stripToolList } from './strip-tool-list.js';
import { offersOnlyListed, toolsOfEntry } from './tools.js';

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
  const removedEntries = new Set<number>();
  for (const [index, server] of servers) {
    const name = textOf(server.name) ?? '';
    const allowed = objectOf(server.tool_configuration)?.allowed_tools;
    const tools = Array.isArray(allowed) ? allowed : [];
    const denied = [...tools.entries()].filter(([, tool]) => keys.has(memberKey('mcp', name, String(tool))));
    // An emptied list of allowed tools could be read as "all of them".
    if (keys.has(mcpGroup(name).key) || (denied.length > 0 && denied.length === tools.length)) {
      removed.add(name);
      removedEntries.add(index);
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
    if (removed.has(textOf(server.name) ?? '')) removedEntries.add(index);
  }
  if (removedEntries.size === 0) return removed;
  if (Array.isArray(body.mcp_servers) && removedEntries.size === body.mcp_servers.length) {
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
  return offersOnlyListed(entry) && denied.length > 0 && denied.length === members.length;
}
