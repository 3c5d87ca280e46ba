import type { DeclaredTool } from './llm-format.js';

/** A tool with a name of its own. */
export function namedTool(name: string): DeclaredTool {
  return { name, kind: 'tool', key: `tool:${name}` };
}

/** A tool inside a namespace, toolset or MCP server; the container is part of its identity. */
export function memberTool(container: 'mcp' | 'namespace' | 'toolset', server: string, name: string): DeclaredTool {
  return { name, server, kind: 'tool', key: memberKey(container, server, name) };
}

/** JSON keeps the two names apart whatever characters they hold. */
export function memberKey(container: string, server: string, name: string): string {
  return `${container}:${JSON.stringify([server, name])}`;
}

/** An MCP server whose tools are not all visible. */
export function mcpGroup(server: string): DeclaredTool {
  return { name: server, server, kind: 'group', group: 'MCP server', key: `mcp:${server}` };
}

/** A toolset whose members are not all visible. */
export function toolsetGroup(toolset: string): DeclaredTool {
  return { name: toolset, server: toolset, kind: 'group', group: 'toolset', key: `toolset:${toolset}` };
}

/** A tool without a name that the provider runs, known by its type. */
export function hostedGroup(type: string, name = type): DeclaredTool {
  return { name, kind: 'group', group: 'hosted tool', key: `hosted:${type}` };
}
