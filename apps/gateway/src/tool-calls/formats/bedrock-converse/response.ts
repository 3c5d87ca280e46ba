import type { Json, JsonObject } from '@iris/contracts';
import { nodesOf, unlistedCalls } from '../../closed-world/index.js';
import { idOf, objectOf, textOf } from '../../json-access.js';
import { paramsFromObject, paramsFromText } from '../../tool-params.js';
import type { ResponseCall } from '../llm-format.js';
import { CONTENT_BLOCKS } from './kinds.js';

const EVENTS = [
  'messageStart',
  'contentBlockStart',
  'contentBlockDelta',
  'contentBlockStop',
  'messageStop',
  'metadata',
] as const;

export function isResponse(message: JsonObject): boolean {
  if (objectOf(objectOf(message.output)?.message)) return true;
  if (EVENTS.some((name) => objectOf(message[name]))) return message.choices === undefined;
  return message.contentBlockIndex !== undefined;
}

/**
 * The calls of a response, whole or streamed. In a stream a block starts with the name and gets its input in pieces of
 * text; a start with an index that was used before begins another block.
 */
export function responseCalls(messages: readonly JsonObject[]): ResponseCall[] {
  const uses: JsonObject[] = [];
  const unlisted: ResponseCall[] = [];
  const open = new Map<Json | undefined, JsonObject>();
  for (const message of messages) {
    const content = objectOf(objectOf(message.output)?.message)?.content;
    for (const block of nodesOf(content)) {
      const use = objectOf(block.toolUse);
      if (use) uses.push(use);
    }
    const start = eventOf(message, 'contentBlockStart');
    unlisted.push(
      ...unlistedCalls('bedrock-converse', CONTENT_BLOCKS, content),
      ...unlistedCalls('bedrock-converse', CONTENT_BLOCKS, start?.start),
    );
    const begun = objectOf(objectOf(start?.start)?.toolUse);
    if (start && begun) {
      const use = { ...begun, input: '' };
      open.set(start.contentBlockIndex, use);
      uses.push(use);
    }
    const delta = eventOf(message, 'contentBlockDelta');
    const piece = textOf(objectOf(objectOf(delta?.delta)?.toolUse)?.input);
    const use = open.get(delta?.contentBlockIndex);
    if (piece !== undefined && use) use.input = `${use.input}${piece}`;
  }
  return [...uses.map(callOf), ...unlisted];
}

/** The input is an object in a whole response and a text in a stream. */
function callOf(use: JsonObject): ResponseCall {
  const params = typeof use.input === 'string' ? paramsFromText(use.input) : paramsFromObject(use.input);
  const serverSide = use.type === 'server_tool_use';
  return {
    id: idOf(use.toolUseId),
    found: { name: textOf(use.name) ?? 'unknown', rawArguments: use.input, ...params, serverSide },
  };
}

/** An event is wrapped in its name, or stands bare with the fields that only it has. */
function eventOf(message: JsonObject, name: 'contentBlockStart' | 'contentBlockDelta'): JsonObject | undefined {
  const wrapped = objectOf(message[name]);
  if (wrapped) return wrapped;
  if (message.contentBlockIndex === undefined) return undefined;
  if (name === 'contentBlockStart' && message.start !== undefined) return message;
  return name === 'contentBlockDelta' && message.delta !== undefined ? message : undefined;
}
