import type { LlmRoute } from '../llm/llm-route.js';
import { awsMessages, sseMessages } from '../llm/stream-framing.js';
import { asNumber, asObject, asObjects, asText, type JsonObject, jsonOrText } from './json-members.js';

/** A response as post-response hooks see it: the messages as they came, and the whole that they make. */
export interface AssembledResponse {
  rawResponses: unknown[];
  body: unknown;
}

const parsedInput = (text: string): unknown => (text === '' ? {} : jsonOrText(text));

export function assembleAnthropic(events: readonly JsonObject[]): JsonObject {
  let message: JsonObject = {};
  const blocks = new Map<number, JsonObject>();
  const inputs = new Map<number, string>();
  for (const event of events) {
    const index = asNumber(event.index);
    const block = blocks.get(index) ?? {};
    const delta = asObject(event.delta);
    if (event.type === 'message_start') message = { ...asObject(event.message) };
    if (event.type === 'content_block_start') blocks.set(index, { ...asObject(event.content_block) });
    if (event.type === 'content_block_delta') {
      if (delta.type === 'text_delta') block.text = asText(block.text) + asText(delta.text);
      if (delta.type === 'thinking_delta') block.thinking = asText(block.thinking) + asText(delta.thinking);
      if (delta.type === 'signature_delta') block.signature = delta.signature;
      if (delta.type === 'input_json_delta') inputs.set(index, (inputs.get(index) ?? '') + asText(delta.partial_json));
    }
    if (event.type === 'content_block_stop' && inputs.has(index)) block.input = parsedInput(inputs.get(index) ?? '');
    if (event.type === 'message_delta') {
      message = { ...message, ...delta, usage: { ...asObject(message.usage), ...asObject(event.usage) } };
    }
  }
  return { ...message, content: [...blocks.values()] };
}

function assembleChat(chunks: readonly JsonObject[]): JsonObject {
  const message: JsonObject = { role: 'assistant', content: null };
  const calls = new Map<number, JsonObject>();
  let finish_reason: unknown = null;
  let usage: unknown;
  for (const chunk of chunks) {
    usage = chunk.usage ?? usage;
    const [choice] = asObjects(chunk.choices);
    if (!choice) continue;
    finish_reason = choice.finish_reason ?? finish_reason;
    const delta = asObject(choice.delta);
    if (typeof delta.content === 'string') message.content = asText(message.content) + delta.content;
    for (const piece of asObjects(delta.tool_calls)) {
      const index = asNumber(piece.index);
      const call = calls.get(index) ?? { id: piece.id, type: piece.type };
      calls.set(index, call);
      for (const kind of ['function', 'custom']) {
        if (piece[kind] === undefined) continue;
        const sofar = asObject(call[kind]);
        const added = asObject(piece[kind]);
        const field = kind === 'function' ? 'arguments' : 'input';
        call[kind] = { ...sofar, ...added, [field]: asText(sofar[field]) + asText(added[field]) };
      }
    }
  }
  if (calls.size > 0) message.tool_calls = [...calls.values()];
  const { id, created, model } = chunks[0] ?? {};
  const choices = [{ index: 0, message, finish_reason }];
  return { id, object: 'chat.completion', created, model, choices, ...(usage === undefined ? {} : { usage }) };
}

function assembleResponses(events: readonly JsonObject[]): JsonObject {
  return asObject(events.findLast(({ type }) => type === 'response.completed')?.response);
}

function assembleGemini(chunks: readonly JsonObject[]): JsonObject {
  const last = chunks.at(-1) ?? {};
  const parts: JsonObject[] = [];
  for (const part of chunks.flatMap((chunk) => asObjects(asObject(asObjects(chunk.candidates)[0]?.content).parts))) {
    const previous = parts.at(-1);
    const joins =
      typeof part.text === 'string' && typeof previous?.text === 'string' && part.thought === previous.thought;
    if (joins && previous) previous.text = asText(previous.text) + asText(part.text);
    else parts.push({ ...part });
  }
  const [candidate] = asObjects(last.candidates);
  return { ...last, candidates: [{ ...candidate, content: { role: 'model', parts } }] };
}

export function assembleConverse(events: readonly JsonObject[]): JsonObject {
  const content: JsonObject[] = [];
  const inputs = new Map<number, string>();
  let tail: JsonObject = {};
  for (const event of events) {
    const started = asObject(event.contentBlockStart);
    const changed = asObject(event.contentBlockDelta);
    const delta = asObject(changed.delta);
    const index = asNumber(started.contentBlockIndex ?? changed.contentBlockIndex);
    if (event.contentBlockStart) {
      content[index] = { toolUse: { ...asObject(asObject(started.start).toolUse), input: {} } };
    }
    if (typeof delta.text === 'string') content[index] = { text: asText(content[index]?.text) + delta.text };
    if (delta.toolUse) inputs.set(index, (inputs.get(index) ?? '') + asText(asObject(delta.toolUse).input));
    if (event.messageStop) tail = { ...tail, ...asObject(event.messageStop) };
    if (event.metadata) tail = { ...tail, ...asObject(event.metadata) };
  }
  for (const [index, text] of inputs) {
    content[index] = { toolUse: { ...asObject(content[index]?.toolUse), input: parsedInput(text) } };
  }
  return { output: { message: { role: 'assistant', content } }, ...tail };
}

const ASSEMBLE: Record<LlmRoute['format'], (messages: readonly JsonObject[]) => JsonObject> = {
  anthropic: assembleAnthropic,
  openai_chat: assembleChat,
  openai_responses: assembleResponses,
  gemini: assembleGemini,
  converse: assembleConverse,
};

function streamedMessages(route: LlmRoute, bytes: Buffer): unknown[] {
  if (route.framing === 'aws_event_stream') {
    const messages = awsMessages(bytes);
    return messages.map(({ event = '', data }) => (route.format === 'anthropic' ? data : { [event]: data }));
  }
  const text = bytes.toString('utf8');
  if (route.framing === 'json_array') return asObjects(jsonOrText(text));
  return sseMessages(text).filter((message) => message !== '[DONE]');
}

/** Reads a response that has passed through. Whole responses count as one message. */
export function assembleResponse(route: LlmRoute, streaming: boolean, bytes: Buffer): AssembledResponse {
  if (!streaming) {
    const body = jsonOrText(bytes.toString('utf8'));
    return { rawResponses: [body], body: route.host === 'code_assist' ? asObject(body).response : body };
  }
  const rawResponses = streamedMessages(route, bytes);
  const messages = asObjects(rawResponses).map((message) =>
    route.host === 'code_assist' ? asObject(message.response) : message,
  );
  return { rawResponses, body: ASSEMBLE[route.format](messages) };
}
