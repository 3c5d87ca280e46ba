import type { JsonObject } from '@iris/contracts';
import type { JsonPath } from '@iris/json-document';
import { listed, statedKind, unrecognisedTool } from '../../closed-world/index.js';
import { objectOf, objectsIn, textOf, uniqueByKey } from '../../json-access.js';
import type { DeclaredTool } from '../llm-format.js';
import { hostedGroup, mcpGroup, memberKey, memberTool, namedTool, toolsetGroup } from '../tool-keys.js';
import { TOOLS } from './kinds.js';

const TOOLSET_TYPE = /^(.+)_toolset_\d+$/;

/**
 * What one entry of `tools`, or one inline definition, declares; a group stands first. The tools of an MCP server are
 * judged one by one where a list names them: the name of a server is no tool.
 */
export function toolsOfEntry(entry: JsonObject, closedServers: ReadonlySet<string> = NONE): DeclaredTool[] {
  const type = statedKind(TOOLS, entry);
  const name = textOf(entry.name) ?? textOf(objectOf(entry.function)?.name);
  if (type === 'mcp_toolset') {
    const server = textOf(entry.mcp_server_name) ?? '';
    const names = new Set(Object.keys(objectOf(entry.configs) ?? {}));
    for (const [, tool] of objectsIn(entry.tools)) names.add(textOf(tool.name) ?? '');
    const visible = [...names].filter((tool) => isEnabled(entry, tool));
    const members = visible.map((tool) => memberTool('mcp', server, tool));
    return offersOnlyListed(entry) || closedServers.has(server) ? members : [mcpGroup(server), ...members];
  }
  const toolset = type === undefined ? undefined : TOOLSET_TYPE.exec(type)?.[1];
  const own: DeclaredTool[] = [];
  if (toolset !== undefined && name === undefined) {
    const members = Object.keys(objectOf(entry.configs) ?? {}).filter((member) => isEnabled(entry, member));
    own.push(toolsetGroup(toolset), ...members.map((member) => memberTool('toolset', toolset, member)));
  } else if (name !== undefined) own.push(namedTool(name));
  else if (type !== undefined) own.push(hostedGroup(type));
  return type === undefined || listed(TOOLS, type) ? own : [unrecognisedTool('anthropic-messages', type), ...own];
}

const NONE: ReadonlySet<string> = new Set();

/** Whether a toolset offers only the tools that it lists. */
export function offersOnlyListed(entry: JsonObject): boolean {
  return objectOf(entry.default_config)?.enabled === false || Array.isArray(entry.tools);
}

/** Whether nothing of an entry is left: it or its group is removed, or all the tools that it lists are. */
export function isEntryGone(entry: JsonObject, gone: (tool: DeclaredTool) => boolean): boolean {
  if (entry.type === 'mcp_toolset' && gone(mcpGroup(textOf(entry.mcp_server_name) ?? ''))) return true;
  const tools = toolsOfEntry(entry);
  const [first] = tools;
  if (first === undefined) return false;
  const isUnlisted = !listed(TOOLS, statedKind(TOOLS, entry) ?? '');
  if (first.kind === 'group' && !isUnlisted) return gone(first);
  return isUnlisted ? tools.some(gone) : tools.every(gone);
}

/** The MCP servers of a request whose tools are all listed. */
function closedServers(body: JsonObject): ReadonlySet<string> {
  const closed = new Set<string>();
  for (const [, server] of objectsIn(body.mcp_servers)) {
    const allowed = objectOf(server.tool_configuration)?.allowed_tools;
    // An empty list could be read as "all of them", and an entry that is no name as anything.
    const isClosed = Array.isArray(allowed) && allowed.length > 0 && allowed.every((tool) => typeof tool === 'string');
    if (isClosed) closed.add(textOf(server.name) ?? '');
  }
  for (const [, entry] of objectsIn(body.tools)) {
    if (entry.type === 'mcp_toolset' && offersOnlyListed(entry)) closed.add(textOf(entry.mcp_server_name) ?? '');
  }
  return closed;
}

/** Whether a member of a toolset is switched on, by its own setting or by the default. */
export function isEnabled(entry: JsonObject, member: string): boolean {
  const config = objectOf(objectOf(entry.configs)?.[member]);
  return (config?.enabled ?? objectOf(entry.default_config)?.enabled) !== false;
}

/** All declarations: `tools`, `mcp_servers`, and those that stand between the messages. */
export function declaredTools(body: JsonObject): DeclaredTool[] {
  return uniqueByKey(declarations(body));
}

function* declarations(body: JsonObject): Generator<DeclaredTool> {
  const disabled = new Set<string>();
  const closed = closedServers(body);
  for (const [, entry] of objectsIn(body.tools)) {
    yield* toolsOfEntry(entry, closed);
    for (const member of Object.keys(objectOf(entry.configs) ?? {})) {
      if (!isEnabled(entry, member)) disabled.add(memberKey('mcp', textOf(entry.mcp_server_name) ?? '', member));
    }
  }
  for (const [, server] of objectsIn(body.mcp_servers)) {
    const name = textOf(server.name) ?? '';
    if (!closed.has(name)) yield mcpGroup(name);
    const allowed = objectOf(server.tool_configuration)?.allowed_tools;
    if (Array.isArray(allowed)) {
      for (const tool of allowed) if (typeof tool === 'string') yield memberTool('mcp', name, tool);
    }
  }
  for (const { block } of messageBlocks(body)) {
    const definition = definitionIn(block);
    if (definition) yield* toolsOfEntry(definition);
    else if (block.type === 'tool_addition') yield* referencedTool(block);
    else if (block.type === 'mcp_tool_listing') {
      const server = textOf(block.mcp_server_name) ?? '';
      for (const [, tool] of objectsIn(block.tools)) {
        const listed = memberTool('mcp', server, textOf(tool.name) ?? '');
        if (!disabled.has(listed.key)) yield listed;
      }
    }
  }
}

/** The inline definition that a block adds. */
export function definitionIn(block: JsonObject): JsonObject | undefined {
  const tool = block.type === 'tool_addition' ? objectOf(block.tool) : undefined;
  return tool?.type === 'tool_definition' ? objectOf(tool.definition) : undefined;
}

/** The tool that a `tool_addition` or `tool_removal` names. */
export function referencedTool(block: JsonObject): DeclaredTool[] {
  const reference = objectOf(block.tool);
  const name = textOf(reference?.name) ?? '';
  const server = textOf(reference?.server_name) ?? '';
  switch (reference?.type) {
    case 'tool_reference':
      return [namedTool(name)];
    case 'mcp_tool_reference':
      return [memberTool('mcp', server, name)];
    case 'mcp_toolset_reference':
      return [mcpGroup(server)];
    case undefined:
      return [];
    default:
      return [unrecognisedTool('anthropic-messages', textOf(reference?.type) ?? '')];
  }
}

interface MessageBlock {
  readonly block: JsonObject;
  readonly role: string | undefined;
  readonly path: JsonPath;
}

/** All blocks of all messages. */
export function* messageBlocks(body: JsonObject): Generator<MessageBlock> {
  for (const [index, message] of objectsIn(body.messages)) {
    for (const [position, block] of objectsIn(message.content)) {
      yield { block, role: textOf(message.role), path: ['messages', index, 'content', position] };
    }
  }
}
