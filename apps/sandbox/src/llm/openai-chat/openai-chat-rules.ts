import { checkOpenAiName, emptyArray, openAiRefusal } from '../openai-shape-refusal.js';
import { badRequest } from '../provider-error.js';
import { parseShape } from '../shape-issue.js';
import { type ChatBody, type ChatMessage, type ChatTool, chatShape } from './openai-chat-shape.js';

/** What api.openai.com/v1/chat/completions refuses with 400, in the words quoted in public error reports. */

const toolName = (tool: ChatTool): string => (tool.type === 'function' ? tool.function.name : tool.custom.name);

function checkTools(body: ChatBody): void {
  const { tools, functions } = body;
  if (tools?.length === 0) throw emptyArray('tools');
  if (functions?.length === 0) throw emptyArray('functions');
  if (tools && tools.length > 128) {
    throw badRequest(
      `Invalid 'tools': array too long. Expected an array with maximum length 128, but got an array with length ${tools.length} instead.`,
      { code: 'array_above_max_length', param: 'tools' },
    );
  }
  for (const [at, tool] of (tools ?? []).entries()) checkOpenAiName(toolName(tool), `tools[${at}].${tool.type}.name`);
  for (const [at, { name }] of (functions ?? []).entries()) checkOpenAiName(name, `functions[${at}].name`);
}

function notFound(name: string): Error {
  return badRequest(`Invalid value for 'tool_choice': tool '${name}' not found in 'tools' parameter.`, {
    code: 'invalid_value',
    param: 'tool_choice',
  });
}

function checkChoice(body: ChatBody): void {
  const { tools, tool_choice: choice } = body;
  const needsTools = (param: string) => badRequest(`'${param}' is only allowed when 'tools' are specified.`, { param });
  if (!tools && choice !== undefined) throw needsTools('tool_choice');
  if (!tools && body.parallel_tool_calls !== undefined) throw needsTools('parallel_tool_calls');
  if (!body.functions && body.function_call !== undefined) {
    throw badRequest("'function_call' is only allowed when 'functions' are specified.", { param: 'function_call' });
  }
  if (typeof body.function_call === 'object') {
    const { name } = body.function_call;
    if (!body.functions?.some((entry) => entry.name === name)) throw notFound(name);
  }
  if (typeof choice !== 'object') return;
  const has = (type: string, name: string) => tools?.some((tool) => tool.type === type && toolName(tool) === name);
  if (choice.type === 'allowed_tools') {
    const allowed = choice.allowed_tools.tools;
    if (allowed.length === 0) throw emptyArray('tool_choice.allowed_tools.tools');
    for (const entry of allowed) {
      const name = entry.function?.name ?? entry.custom?.name ?? '';
      if (!has(entry.type, name)) throw notFound(name);
    }
    return;
  }
  const name = choice.type === 'function' ? choice.function.name : choice.custom.name;
  if (!has(choice.type, name)) throw notFound(name);
}

function checkContent(message: ChatMessage, at: number): void {
  const { content } = message;
  if (Array.isArray(content) && content.length === 0) throw emptyArray(`messages[${at}].content`);
  if (message.role === 'assistant') {
    if (message.tool_calls?.length === 0) throw emptyArray(`messages[${at}].tool_calls`);
    const isEmpty = content === undefined || content === null;
    if (isEmpty && !message.tool_calls && !message.function_call && !message.refusal && !message.audio) {
      throw badRequest(`Invalid value for 'content': expected a string, got null.`, {
        param: `messages.[${at}].content`,
      });
    }
  }
  if (message.role === 'tool' && Array.isArray(message.content)) {
    for (const part of message.content) {
      if (part.type !== 'text') {
        throw badRequest(`Invalid content type. ${part.type} is not supported in messages with role 'tool'.`, {
          param: `messages.[${at}].content`,
        });
      }
    }
  }
}

function unanswered(at: number, ids: readonly string[]): Error {
  return badRequest(
    "An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'. " +
      `The following tool_call_ids did not have response messages: ${ids.join(', ')}`,
    { param: `messages.[${at}].role` },
  );
}

function checkPairs(messages: readonly ChatMessage[]): void {
  let open = new Set<string>();
  let asked = new Set<string>();
  for (const [at, message] of messages.entries()) {
    if (message.role === 'tool') {
      if (!asked.has(message.tool_call_id)) {
        throw badRequest(
          "Invalid parameter: messages with role 'tool' must be a response to a preceeding message with 'tool_calls'.",
          { param: `messages.[${at}].role` },
        );
      }
      open.delete(message.tool_call_id);
      continue;
    }
    if (open.size > 0) throw unanswered(at, [...open]);
    asked = new Set(message.role === 'assistant' ? (message.tool_calls ?? []).map(({ id }) => id) : []);
    open = new Set(asked);
  }
  if (open.size > 0) throw unanswered(messages.length, [...open]);
}

export function checkOpenAiChat(input: unknown): string[] {
  const body = parseShape(chatShape, input, openAiRefusal);
  if (body.messages.length === 0) throw emptyArray('messages');
  checkTools(body);
  checkChoice(body);
  for (const [at, message] of body.messages.entries()) checkContent(message, at);
  checkPairs(body.messages);
  return [
    ...(body.tools ?? []).map(toolName),
    ...(body.functions ?? []).map(({ name }) => name),
    ...('web_search_options' in body && body.web_search_options !== undefined ? ['web_search'] : []),
  ];
}
