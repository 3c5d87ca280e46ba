import { badRequest } from '../provider-error.js';
import { parseShape, type ShapeIssue } from '../shape-issue.js';
import { type ConverseBody, type ConverseMessage, type ConverseTool, converseShape } from './converse-shape.js';

/** What Bedrock Converse refuses with ValidationException, in the words quoted in public error reports. */

function refuse(issue: ShapeIssue): Error {
  const at = issue.path.join('.');
  if (issue.kind === 'missing') {
    return badRequest(
      `1 validation error detected: Value null at '${at}' failed to satisfy constraint: Member must not be null`,
    );
  }
  if (issue.kind === 'type') {
    return badRequest(
      `The format of the value at ${at} is invalid. Provide a json ${issue.expected} for the field and try again.`,
    );
  }
  return badRequest(`1 validation error detected: Value at '${at}' failed to satisfy constraint: ${issue.message}`);
}

const minimumOne = (at: string): Error =>
  badRequest(
    `1 validation error detected: Value at '${at}' failed to satisfy constraint: Member must have length greater than or equal to 1`,
  );

const nameOf = (tool: ConverseTool): string | undefined => tool.toolSpec?.name ?? tool.systemTool?.name;

function checkTools(body: ConverseBody): void {
  const config = body.toolConfig;
  if (!config) return;
  const names = new Map<string, number>();
  for (const [at, tool] of config.tools.entries()) {
    const name = nameOf(tool);
    if (name === undefined) continue;
    if (tool.toolSpec && !/^[a-zA-Z0-9_-]{1,64}$/.test(name)) {
      throw badRequest(
        `1 validation error detected: Value '${name}' at 'toolConfig.tools.${at + 1}.member.toolSpec.name' failed to satisfy constraint: ` +
          'Member must satisfy regular expression pattern: [a-zA-Z0-9_-]+ and have length less than or equal to 64',
      );
    }
    const first = names.get(name);
    if (first !== undefined) throw badRequest(`The tool ${name} is already defined at toolConfig.tools.${first}.`);
    names.set(name, at);
  }
  // A cache point is no tool.
  if (names.size === 0) throw minimumOne('toolConfig.tools');
  const choice = config.toolChoice;
  if (!choice) return;
  if (Object.keys(choice).length !== 1) throw badRequest('The toolChoice union must have exactly one member set.');
  if (choice.tool && !names.has(choice.tool.name)) {
    throw badRequest(
      `The tool ${choice.tool.name} at toolConfig.toolChoice.tool.name is not defined in toolConfig.tools.`,
    );
  }
  checkNativeTools(body);
}

/** Deferred loading exists on the Anthropic API, not here. */
function checkNativeTools(body: ConverseBody): void {
  for (const [at, tool] of (body.additionalModelRequestFields?.tools ?? []).entries()) {
    if ('defer_loading' in tool) throw badRequest(`tools.${at}.custom.defer_loading: Extra inputs are not permitted`);
  }
}

const callIds = (message: ConverseMessage | undefined): string[] =>
  (message?.content ?? []).flatMap(({ toolUse }) =>
    toolUse && toolUse.type !== 'server_tool_use' ? [toolUse.toolUseId] : [],
  );

const resultIds = (message: ConverseMessage | undefined): string[] =>
  (message?.content ?? []).flatMap(({ toolResult }) => (toolResult ? [toolResult.toolUseId] : []));

function checkBlocks(messages: readonly ConverseMessage[]): void {
  for (const [at, message] of messages.entries()) {
    if (message.content.length === 0) {
      throw badRequest(
        `The content field in the Message object at messages.${at} is empty. Add a ContentBlock object to the content field and try again.`,
      );
    }
    for (const [index, block] of message.content.entries()) {
      const where = `messages.${at}.content.${index}`;
      if (Object.keys(block).length !== 1)
        throw badRequest(`The ContentBlock object at ${where} must have exactly one member set.`);
      if (block.text !== undefined && block.text.trim() === '') {
        throw badRequest(
          `The text field in the ContentBlock object at ${where} is blank. Add text to the text field, and try again.`,
        );
      }
      for (const [part, content] of (block.toolResult?.content ?? []).entries()) {
        const { json } = content;
        if (Object.keys(content).length !== 1) {
          throw badRequest(
            `The ToolResultContentBlock object at ${where}.toolResult.content.${part} must have exactly one member set.`,
          );
        }
        if ('json' in content && (typeof json !== 'object' || json === null || Array.isArray(json))) {
          throw badRequest(
            `The format of the value at ${where}.toolResult.content.${part}.json is invalid. Provide a json object for the field and try again.`,
          );
        }
      }
    }
  }
}

function checkPairs(messages: readonly ConverseMessage[]): void {
  const seen = new Set<string>();
  for (const [at, message] of messages.entries()) {
    const calls = callIds(message);
    for (const id of calls) {
      if (seen.has(id)) throw badRequest(`messages.${at}.content contains duplicate Ids: ${id}`);
      seen.add(id);
    }
    const results = message.role === 'assistant' ? [] : resultIds(message);
    const asked = callIds(messages[at - 1]);
    if (results.length > asked.length) {
      throw badRequest(
        `The number of toolResult blocks at messages.${at}.content exceeds the number of toolUse blocks of previous turn.`,
      );
    }
    const open = asked.filter((id) => !results.includes(id));
    if (open.length > 0) {
      throw badRequest(
        `Expected toolResult blocks at messages.${at}.content for the following Ids: ${open.join(', ')}`,
      );
    }
  }
  const waiting = callIds(messages.at(-1));
  if (waiting.length > 0) {
    throw badRequest(
      `Expected toolResult blocks at messages.${messages.length}.content for the following Ids: ${waiting.join(', ')}`,
    );
  }
}

export function checkConverse(input: unknown): string[] {
  const body = parseShape(converseShape, input, refuse);
  const messages = body.messages ?? [];
  if (messages.length === 0) throw minimumOne('messages');
  if (messages[0]?.role === 'assistant') {
    throw badRequest(
      'A conversation must start with a user message. Try again with a conversation that starts with a user message.',
    );
  }
  const conversation = messages.filter((message) => message.role !== 'system');
  for (const [at, message] of conversation.entries()) {
    if (at > 0 && conversation[at - 1]?.role === message.role) {
      throw badRequest(
        'A conversation must alternate between user and assistant roles. Make sure the conversation alternates between user and assistant roles and try again.',
      );
    }
  }
  checkTools(body);
  checkBlocks(messages);
  const hasHistory = messages.some((message) => message.content.some((block) => block.toolUse || block.toolResult));
  if (hasHistory && !body.toolConfig) {
    throw badRequest('The toolConfig field must be defined when using toolUse and toolResult content blocks.');
  }
  checkPairs(conversation);
  return (body.toolConfig?.tools ?? []).flatMap((tool) => nameOf(tool) ?? []);
}
