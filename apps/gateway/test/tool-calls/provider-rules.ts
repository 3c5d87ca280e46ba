import type { FormatId } from '../../src/tool-calls/index.js';

/**
 * What the providers refuse, as far as tools are concerned, written down apart from the code under test. Each check
 * answers the complaints that the provider would answer with status 400.
 */

// biome-ignore lint/suspicious/noExplicitAny: bodies are read the way a provider reads them, without trust in types.
type Body = any;

export const PROVIDER_RULES = {
  'anthropic-messages': anthropicComplaints,
  'openai-chat': chatComplaints,
  'openai-responses': responsesComplaints,
  gemini: geminiComplaints,
  'gemini-interactions': interactionsComplaints,
  'bedrock-converse': converseComplaints,
} satisfies Readonly<Partial<Record<FormatId, (body: Body) => string[]>>>;

function anthropicComplaints(body: Body): string[] {
  const complaints: string[] = [];
  const say = (bad: unknown, text: string) => bad && complaints.push(text);
  const tools: Body[] = body.tools ?? [];
  const messages: Body[] = body.messages;
  const blocks = messages.flatMap((m) => (Array.isArray(m.content) ? m.content : []));
  const additions = blocks.filter((b) => b.type === 'tool_addition');
  const inline = additions.filter((b) => b.tool.type === 'tool_definition').map((b) => b.tool.definition);
  const names = [...tools, ...inline].map((t) => t.name).filter((n) => n !== undefined);
  const toolsets = tools.filter((t) => t.type === 'mcp_toolset').map((t) => t.mcp_server_name);
  say(body.tools && tools.length === 0, 'tools: empty');
  say(new Set(names).size !== names.length, 'tools: Tool names must be unique');
  say(tools.length > 0 && tools.every(deferred), 'At least one tool must have defer_loading=false');
  say(
    tools.some((t) => deferred(t) && t.cache_control),
    'cache_control with defer_loading',
  );
  say(count(JSON.stringify(body), '"cache_control":{') > 4, 'more than 4 cache_control');
  say(body.mcp_servers && body.mcp_servers.length === 0, 'mcp_servers: empty');
  for (const server of body.mcp_servers ?? []) {
    say(toolsets.filter((n) => n === server.name).length !== 1, `MCP server '${server.name}' is not referenced`);
    const allowed = server.tool_configuration?.allowed_tools;
    say(allowed && allowed.length === 0, 'allowed_tools: empty');
  }
  for (const name of toolsets) {
    say(!(body.mcp_servers ?? []).some((s: Body) => s.name === name), `toolset without server '${name}'`);
  }
  say(body.tool_choice && tools.length === 0, 'tool_choice without tools');
  const choice = body.tool_choice;
  say(choice?.type === 'tool' && !names.includes(choice.name), `Tool '${choice?.name}' not found in provided tools`);
  say(choice && choice.type !== 'tool' && choice.name !== undefined, 'tool_choice.name: extra input');
  for (const block of blocks) {
    if (block.type === 'tool_addition' || block.type === 'tool_removal') {
      const ref = block.tool;
      say(ref.type === 'tool_reference' && !names.includes(ref.name), 'tool_reference_unresolved');
      say(ref.type === 'mcp_toolset_reference' && !toolsets.includes(ref.server_name), 'tool_reference_unresolved');
    }
    if (block.type === 'text') say(block.text.trim() === '', 'text content blocks must contain non-whitespace text');
    if (block.type === 'tool_use') say(!isObject(block.input), 'input should be a valid dictionary');
    if (block.type !== 'tool_result') continue;
    const parts = Array.isArray(block.content) ? block.content : [];
    for (const part of parts) {
      say(part.type === 'tool_reference' && !names.includes(part.tool_name), `Tool reference '${part.tool_name}'`);
    }
    if (!block.is_error) continue;
    say(!block.content || block.content.length === 0, 'content cannot be empty if `is_error` is true');
    say(
      parts.some((p: Body) => p.type !== 'text'),
      "all content must be type 'text' if 'is_error' is true",
    );
  }
  const usesTools = blocks.some((b) => /tool_use$|tool_result$/.test(b.type));
  say(usesTools && tools.length === 0, 'Requests which include tool blocks must define tools');
  const ids = blocks.filter((b) => b.type === 'tool_use').map((b) => b.id);
  say(new Set(ids).size !== ids.length, '`tool_use` ids must be unique');
  for (const [index, message] of messages.entries()) {
    const uses = contentOf(message).filter((b) => b.type === 'tool_use');
    const results = contentOf(messages[index + 1] ?? {}).filter((b) => b.type === 'tool_result');
    const isLast = index === messages.length - 1;
    say(
      message.role === 'assistant' && !isLast && !sameIds(uses, 'id', results, 'tool_use_id'),
      'tool_use without tool_result',
    );
    const first = contentOf(message).findLastIndex((b) => b.type === 'tool_result');
    say(
      contentOf(message)
        .slice(0, first + 1)
        .some((b) => b.type !== 'tool_result'),
      'results must come first',
    );
    const before = contentOf(messages[index - 1] ?? {}).filter((b) => b.type === 'tool_use');
    const own = contentOf(message).filter((b) => b.type === 'tool_result');
    say(own.length > 0 && !sameIds(before, 'id', own, 'tool_use_id'), 'unexpected `tool_use_id`');
  }
  return complaints;
}

function chatComplaints(body: Body): string[] {
  const complaints: string[] = [];
  const say = (bad: unknown, text: string) => bad && complaints.push(text);
  const names = (body.tools ?? []).map((t: Body) => t.function?.name ?? t.custom?.name ?? t.name ?? t.type);
  say(body.tools?.length === 0, "[] is too short - 'tools'");
  say(body.functions?.length === 0, "[] is too short - 'functions'");
  say(body.tool_choice !== undefined && !body.tools, "'tool_choice' is only allowed when 'tools' are specified");
  say(body.parallel_tool_calls !== undefined && !body.tools, "'parallel_tool_calls' without 'tools'");
  say(body.function_call !== undefined && !body.functions, "'function_call' without 'functions'");
  const named = (c: Body) => c.function?.name ?? c.custom?.name;
  const choice = body.tool_choice;
  if (isObject(choice) && choice.type !== 'allowed_tools') say(!names.includes(named(choice)), 'Tool choice not found');
  if (choice?.type === 'allowed_tools') {
    say(choice.allowed_tools.tools.length === 0, 'allowed_tools: empty');
    for (const c of choice.allowed_tools.tools) say(!names.includes(named(c)), 'allowed tool not found');
  }
  if (isObject(body.function_call)) {
    say(!(body.functions ?? []).some((f: Body) => f.name === body.function_call.name), 'function_call not found');
  }
  let open: string[] = [];
  for (const message of body.messages) {
    if (message.role === 'tool') {
      say(!open.includes(message.tool_call_id), "messages with role 'tool' must be a response");
      open = open.filter((id) => id !== message.tool_call_id);
      const parts = Array.isArray(message.content) ? message.content : [];
      say(message.content === undefined, 'tool message without content');
      say(
        parts.some((p: Body) => p.type !== 'text'),
        'tool content must be text',
      );
      continue;
    }
    say(open.length > 0, "'tool_calls' must be followed by tool messages");
    say(message.tool_calls?.length === 0, 'tool_calls: empty array');
    open = (message.tool_calls ?? []).map((c: Body) => c.id);
  }
  return complaints;
}

function responsesComplaints(body: Body): string[] {
  const complaints: string[] = [];
  const say = (bad: unknown, text: string) => bad && complaints.push(text);
  const items: Body[] = Array.isArray(body.input) ? body.input : [];
  const added = items.filter((i) => i.type === 'additional_tools' || i.type === 'tool_search_output');
  const entries: Body[] = [...(body.tools ?? []), ...added.flatMap((i) => i.tools)];
  say(body.tools?.length === 0, 'tools: empty');
  say(
    items.some((i) => i.type === 'additional_tools' && i.tools.length === 0),
    'additional_tools: empty',
  );
  for (const entry of entries) {
    say(entry.type === 'namespace' && entry.tools.length === 0, 'namespace: empty');
    const allowed = Array.isArray(entry.allowed_tools) ? entry.allowed_tools : entry.allowed_tools?.tool_names;
    say(allowed && allowed.length === 0, 'allowed_tools: empty');
  }
  say(entries.length > 0 && entries.every((e) => e.defer_loading === true), 'all tools deferred');
  say(body.tool_choice !== undefined && entries.length === 0, "'tool_choice' without 'tools'");
  say(body.parallel_tool_calls !== undefined && entries.length === 0, "'parallel_tool_calls' without 'tools'");
  const has = (c: Body) =>
    entries.some((e) => {
      if (c.type === 'mcp') return e.type === 'mcp' && e.server_label === c.server_label;
      if (c.type === 'function' || c.type === 'custom') return e.name === c.name && e.type === c.type;
      return e.type === c.type;
    });
  const choice = body.tool_choice;
  if (choice?.type === 'allowed_tools') {
    say(choice.tools.length === 0, 'allowed_tools: empty');
    for (const c of choice.tools) say(!has(c), 'allowed tool not found');
  } else if (isObject(choice)) say(!has(choice), "Tool choice not found in 'tools' parameter");
  const calls = items.filter((i) => /^(?:function|custom_tool|shell|apply_patch|local_shell)_call$/.test(i.type));
  const outputs = items.filter((i) => /_call_output$/.test(i.type));
  if (!body.previous_response_id) {
    say(!sameIds(calls, 'call_id', outputs, outputs.some((o) => o.call_id) ? 'call_id' : 'id'), 'No tool output found');
  }
  for (const output of outputs) {
    const { type, output: value } = output;
    if (type === 'shell_call_output') say(!Array.isArray(value), 'shell output must be a list');
    else if (type === 'apply_patch_call_output' && value === undefined) continue;
    else if (type === 'computer_call_output') say(value?.type !== 'computer_screenshot', 'must be a screenshot');
    else say(typeof value !== 'string' && !Array.isArray(value), 'output must be a string or a list');
  }
  return complaints;
}

function geminiComplaints(body: Body): string[] {
  const complaints: string[] = [];
  const say = (bad: unknown, text: string) => bad && complaints.push(text);
  const request = body.request ?? body;
  const tools: Body[] = listOf(request.tools);
  const declarations = (t: Body) => listOf(t.functionDeclarations ?? t.function_declarations);
  const names = tools.flatMap((t) => declarations(t) ?? []).map((d: Body) => d.name);
  say(request.tools?.length === 0, 'tools: empty');
  for (const tool of tools) {
    say(Object.keys(tool).length === 0, 'empty tool object');
    const list = tool.functionDeclarations ?? tool.function_declarations;
    say(list?.length === 0, 'functionDeclarations: empty');
    say(tool.mcpServers?.length === 0, 'mcpServers: empty');
  }
  const toolConfig = request.toolConfig ?? request.tool_config;
  const config = toolConfig?.functionCallingConfig ?? toolConfig?.function_calling_config;
  const allowed = config?.allowedFunctionNames ?? config?.allowed_function_names;
  say(toolConfig && Object.keys(toolConfig).length === 0, 'toolConfig: empty');
  if (allowed) {
    say(allowed.length === 0, 'allowedFunctionNames: empty means any');
    say(config.mode !== 'ANY' && config.mode !== 'VALIDATED', 'allowedFunctionNames only with ANY or VALIDATED');
    for (const name of allowed) say(!names.includes(name), 'allowed function is not declared');
  }
  say(config?.mode === 'ANY' && names.length === 0, 'mode ANY without functions');
  const contents: Body[] = listOf(request.contents);
  for (const [index, content] of contents.entries()) {
    const calls = listOf(content.parts).filter((p: Body) => p.functionCall ?? p.function_call);
    const next = contents[index + 1];
    const responses = listOf(next?.parts).filter((p: Body) => p.functionResponse ?? p.function_response);
    say(next && calls.length !== responses.length, 'number of function response parts');
    for (const part of responses) {
      const response = part.functionResponse ?? part.function_response;
      say(!isObject(response.response), 'response must be an object');
    }
  }
  return complaints;
}

function interactionsComplaints(body: Body): string[] {
  const complaints: string[] = [];
  const say = (bad: unknown, text: string) => bad && complaints.push(text);
  const tools: Body[] = listOf(body.tools);
  say(body.tools?.length === 0, 'tools: empty');
  for (const tool of tools) {
    for (const { tools: names } of listOf(tool.allowed_tools)) say(names?.length === 0, 'allowed_tools: empty');
    say(tool.allowed_tools?.length === 0, 'allowed_tools: empty');
  }
  const choice = body.generation_config?.tool_choice;
  say(choice !== undefined && tools.length === 0, 'tool_choice without tools');
  const names = tools.map((tool) => tool.name);
  const allowed = isObject(choice) ? choice.allowed_tools.tools : [];
  say(isObject(choice) && allowed.length === 0, 'tool_choice: empty');
  for (const name of allowed) say(!names.includes(name), 'tool_choice names a tool that is not declared');
  const steps: Body[] = Array.isArray(body.input) ? body.input : [];
  const calls = steps.filter((step) => /_call$/.test(step.type)).map(({ id }) => ({ id }));
  const results = steps.filter((step) => /_result$/.test(step.type)).map(({ call_id: id }) => ({ id }));
  say(!body.previous_interaction_id && !sameIds(calls, 'id', results, 'id'), 'results do not match the calls');
  for (const step of steps) {
    if (step.type === 'function_result') say(step.result === undefined, 'function_result without result');
  }
  return complaints;
}

function converseComplaints(body: Body): string[] {
  const complaints: string[] = [];
  const say = (bad: unknown, text: string) => bad && complaints.push(text);
  const blocks = body.messages.flatMap(contentOf);
  const tools: Body[] = body.toolConfig?.tools ?? [];
  const names = tools.map((t) => t.toolSpec?.name ?? t.systemTool?.name).filter((n) => n !== undefined);
  say(body.toolConfig && names.length === 0, 'toolConfig.tools: no tool');
  say(new Set(names).size !== names.length, 'duplicate tool names');
  say(
    blocks.some((b: Body) => b.toolUse || b.toolResult) && !body.toolConfig,
    'The toolConfig field must be defined when using toolUse and toolResult content blocks.',
  );
  say(tools[0]?.cachePoint, 'cachePoint first');
  say(
    tools.some((t, index) => t.cachePoint && tools[index + 1]?.cachePoint),
    'adjacent cache points',
  );
  const forced = body.toolConfig?.toolChoice?.tool?.name;
  say(forced !== undefined && !names.includes(forced), 'toolChoice not found');
  say(body.additionalModelRequestFields?.tools?.length === 0, 'native tools: empty');
  for (const [index, message] of body.messages.entries()) {
    const next = body.messages[index + 1];
    const uses = contentOf(message).flatMap((b: Body) => b.toolUse ?? []);
    const results = contentOf(next ?? {}).flatMap((b: Body) => b.toolResult ?? []);
    say(next && !sameIds(uses, 'toolUseId', results, 'toolUseId'), 'Expected toolResult blocks');
  }
  for (const { toolResult } of blocks.filter((b: Body) => b.toolResult)) {
    say(!Array.isArray(toolResult.content) || toolResult.content.length === 0, 'toolResult content');
    for (const part of toolResult.content)
      say(part.json !== undefined && !isObject(part.json), 'json must be an object');
  }
  return complaints;
}

function contentOf(message: Body): Body[] {
  return Array.isArray(message.content) ? message.content : [];
}

/** Google's API takes one object in the place of a list. */
function listOf(value: Body | undefined): Body[] {
  return Array.isArray(value) ? value : value === undefined ? [] : [value];
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function deferred(tool: Body): boolean {
  return tool.defer_loading === true || tool.default_config?.defer_loading === true;
}

function count(text: string, part: string): number {
  return text.split(part).length - 1;
}

function sameIds(left: Body[], leftKey: string, right: Body[], rightKey: string): boolean {
  const ids = (list: Body[], key: string) => list.map((entry) => entry[key]).sort();
  return JSON.stringify(ids(left, leftKey)) === JSON.stringify(ids(right, rightKey));
}
