import type { CheckContext } from '../llm-format.js';
import { badRequest } from '../provider-error.js';
import { parseShape, type ShapeIssue } from '../shape-issue.js';
import { checkMessages } from './anthropic-message-rules.js';
import { type AnthropicBody, type AnthropicTool, directShape, hostedShape, vertexShape } from './anthropic-shape.js';

/**
 * What api.anthropic.com refuses with 400. Texts follow the API's own, as quoted in public error reports; the field
 * rules follow the API reference and the typings of its SDK.
 */

const EXPECTED: Record<string, string> = {
  string: 'Input should be a valid string',
  object: 'Input should be a valid dictionary',
  array: 'Input should be a valid list',
  number: 'Input should be a valid integer',
  boolean: 'Input should be a valid boolean',
};

function refuse(issue: ShapeIssue): Error {
  const at = issue.path.length > 0 ? `${issue.path.join('.')}: ` : '';
  if (issue.kind === 'missing') return badRequest(`${at}Field required`);
  if (issue.kind === 'unknown_key') return badRequest(`${at}Extra inputs are not permitted`);
  if (issue.kind === 'type') return badRequest(`${at}${EXPECTED[issue.expected] ?? issue.message}`);
  return badRequest(`${at}${issue.message}`);
}

const isCustom = (tool: AnthropicTool): boolean =>
  tool.type === undefined || tool.type === null || tool.type === 'custom';

function checkTools(tools: readonly AnthropicTool[]): void {
  const names = new Set<string>();
  for (const [at, tool] of tools.entries()) {
    if (isCustom(tool)) {
      if (tool.name === undefined) throw badRequest(`tools.${at}.custom.name: Field required`);
      if (!/^[a-zA-Z0-9_-]{1,128}$/.test(tool.name)) {
        throw badRequest(`tools.${at}.custom.name: String should match pattern '^[a-zA-Z0-9_-]{1,128}$'`);
      }
      if (!tool.input_schema) throw badRequest(`tools.${at}.custom.input_schema: Field required`);
    }
    if (tool.name !== undefined) {
      if (names.has(tool.name)) throw badRequest('tools: Tool names must be unique.');
      names.add(tool.name);
    }
    if (tool.defer_loading === true && tool.cache_control) {
      throw badRequest(`Tool '${tool.name}' cannot have both defer_loading=true and cache_control set.`);
    }
  }
  if (tools.length > 0 && tools.every((tool) => tool.defer_loading === true)) {
    throw badRequest('At least one tool must have defer_loading=false');
  }
}

function checkServers(body: AnthropicBody, betas: readonly string[]): void {
  const servers = body.mcp_servers ?? [];
  const toolsets = (body.tools ?? []).filter((tool) => tool.type === 'mcp_toolset');
  for (const toolset of toolsets) {
    if (!servers.some((server) => server.name === toolset.mcp_server_name)) {
      throw badRequest(
        `tools: \`mcp_toolset\` references MCP server '${toolset.mcp_server_name}', which is not defined in \`mcp_servers\``,
      );
    }
  }
  // The first beta of the connector has no toolsets: the server entry alone declares its tools.
  if (betas.includes('mcp-client-2025-04-04')) return;
  for (const server of servers) {
    const references = toolsets.filter((toolset) => toolset.mcp_server_name === server.name).length;
    if (references === 0) {
      throw badRequest(`MCP server '${server.name}' is defined but not referenced by any \`mcp_toolset\` in \`tools\``);
    }
    if (references > 1) {
      throw badRequest(`MCP server '${server.name}' must be referenced by exactly one \`mcp_toolset\` in \`tools\``);
    }
  }
}

function checkCacheMarkers(body: AnthropicBody): void {
  let markers = body.cache_control ? 1 : 0;
  for (const tool of body.tools ?? []) if (tool.cache_control) markers += 1;
  for (const block of Array.isArray(body.system) ? body.system : []) if (block.cache_control) markers += 1;
  for (const message of body.messages) {
    for (const block of Array.isArray(message.content) ? message.content : []) {
      if ('cache_control' in block && block.cache_control) markers += 1;
    }
  }
  if (markers > 4) {
    throw badRequest(`A maximum of 4 blocks with cache_control may be provided. Found ${markers}.`);
  }
}

function checkChoice(body: AnthropicBody): void {
  const choice = body.tool_choice;
  if (!choice) return;
  const tools = body.tools ?? [];
  if (tools.length === 0) throw badRequest('tool_choice may only be specified while providing tools');
  if (choice.type === 'tool' && !tools.some((tool) => tool.name === choice.name)) {
    throw badRequest(`Tool '${choice.name}' not found in provided tools`);
  }
}

/** What a tool is called in the record: its name, the MCP server of a toolset, or the type of a hosted tool. */
function declaredName(tool: AnthropicTool): string {
  return tool.name ?? tool.mcp_server_name ?? tool.type ?? '';
}

export function checkAnthropic(body: unknown, context: CheckContext): string[] {
  const shape = context.host === 'bedrock' ? hostedShape : context.host === 'vertex' ? vertexShape : directShape;
  const parsed: AnthropicBody = parseShape(shape, body, refuse);
  const tools = parsed.tools ?? [];
  checkTools(tools);
  checkServers(parsed, context.betas);
  checkCacheMarkers(parsed);
  checkChoice(parsed);
  checkMessages(parsed, context);
  return tools.map(declaredName);
}
