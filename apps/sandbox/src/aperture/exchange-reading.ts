import type { LlmRoute } from '../llm/llm-route.js';
import { asNumber, asObject, asObjects, asText, type JsonObject, jsonOrText } from './json-members.js';

/** What Aperture reads out of provider-native requests and responses for its hooks. */

type Format = LlmRoute['format'];

/** One entry of `tool_calls`. `params` is whatever the model wrote where it is no JSON object. */
export interface ToolUse {
  name: string;
  params: unknown;
}

const functionArguments = (value: unknown): unknown => (asText(value) === '' ? {} : jsonOrText(asText(value)));

const CALLS: Record<Format, (response: JsonObject) => ToolUse[]> = {
  anthropic: (response) =>
    asObjects(response.content)
      .filter(({ type }) => type === 'tool_use')
      .map(({ name, input }) => ({ name: asText(name), params: input })),
  openai_chat: (response) =>
    asObjects(response.choices)
      .flatMap(({ message }) => asObjects(asObject(message).tool_calls))
      .map(({ type, function: called, custom }) =>
        type === 'custom'
          ? { name: asText(asObject(custom).name), params: asObject(custom).input }
          : { name: asText(asObject(called).name), params: functionArguments(asObject(called).arguments) },
      ),
  openai_responses: (response) =>
    asObjects(response.output).flatMap(({ type, name, arguments: text, input }) => {
      if (type === 'function_call') return { name: asText(name), params: functionArguments(text) };
      return type === 'custom_tool_call' ? { name: asText(name), params: input } : [];
    }),
  gemini: (response) =>
    asObjects(response.candidates)
      .flatMap(({ content }) => asObjects(asObject(content).parts))
      .filter(({ functionCall }) => functionCall !== undefined)
      .map(({ functionCall }) => ({
        name: asText(asObject(functionCall).name),
        params: asObject(functionCall).args ?? {},
      })),
  converse: (response) =>
    asObjects(asObject(asObject(response.output).message).content)
      .filter(({ toolUse }) => toolUse !== undefined)
      .map(({ toolUse }) => ({ name: asText(asObject(toolUse).name), params: asObject(toolUse).input })),
};

/** The tool calls of a whole response. */
export function toolUses(format: Format, response: unknown): ToolUse[] {
  return CALLS[format](asObject(response));
}

/** Text of a message's content: a string, or parts with a `text` member. */
function contentText(content: unknown): string {
  if (typeof content === 'string') return content;
  return asObjects(content)
    .flatMap(({ text }) => (typeof text === 'string' ? [text] : []))
    .join('\n');
}

/** The last text that the user wrote, or empty. */
export function userMessage(format: Format, request: JsonObject): string {
  if (typeof request.input === 'string') return request.input;
  const messages =
    format === 'openai_responses' ? request.input : format === 'gemini' ? request.contents : request.messages;
  for (const message of asObjects(messages).reverse()) {
    if (message.role !== 'user' && message.role !== undefined) continue;
    const text = contentText(format === 'gemini' ? message.parts : message.content);
    if (text !== '') return text;
  }
  return '';
}

/** `usage` of an estimated cost: only what is known appears. */
export function tokenUsage(format: Format, response: unknown): { input_tokens?: number; output_tokens?: number } {
  const body = asObject(response);
  const usage = asObject(format === 'gemini' ? body.usageMetadata : body.usage);
  const input = asNumber(usage.input_tokens ?? usage.prompt_tokens ?? usage.promptTokenCount ?? usage.inputTokens);
  const output = asNumber(
    usage.output_tokens ?? usage.completion_tokens ?? usage.candidatesTokenCount ?? usage.outputTokens,
  );
  return { ...(input > 0 ? { input_tokens: input } : {}), ...(output > 0 ? { output_tokens: output } : {}) };
}
