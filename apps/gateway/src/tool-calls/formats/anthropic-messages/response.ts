import { isJsonObject, type Json, type JsonObject } from '@iris/contracts';
import { elementsOf, unlistedCalls } from '../../closed-world/index.js';
import type { FoundCall } from '../../found-call.js';
import { idOf, objectOf, textOf } from '../../json-access.js';
import { paramsFromText } from '../../tool-params.js';
import type { ResponseCall } from '../llm-format.js';
import { foundCall } from './calls.js';
import { CONTENT_BLOCKS } from './kinds.js';

const EVENTS = new Set([
  'message',
  'message_start',
  'message_delta',
  'message_stop',
  'content_block_start',
  'content_block_delta',
  'content_block_stop',
]);

export function isResponse(message: JsonObject): boolean {
  if (EVENTS.has(textOf(message.type) ?? '')) return true;
  return message.role === 'assistant' && message.content !== undefined && message.choices === undefined;
}

/** A block and the text of arguments that a stream has brought for it. */
interface Draft {
  /** An object, or what is in the place of one. */
  readonly block: Json;
  text?: string;
}

/**
 * The calls of a response, whole or streamed. In a stream `content_block_start` names the call and `input_json_delta`
 * brings its arguments in pieces. A call whose pieces are all empty has the input of its start. A start with an index
 * that was used before begins another block.
 */
export function responseCalls(messages: readonly JsonObject[]): ResponseCall[] {
  const open = new Map<Json | undefined, Draft>();
  const drafts: Draft[] = [];
  const start = (block: Json): Draft => {
    const draft = { block };
    drafts.push(draft);
    return draft;
  };
  for (const message of messages) {
    for (const whole of [message, objectOf(message.message)]) {
      for (const block of elementsOf(whole?.content)) start(block);
    }
    const begun = objectOf(message.content_block);
    if (begun) open.set(message.index, start(begun));
    const delta = objectOf(message.delta);
    const draft = open.get(message.index);
    if (delta?.type === 'input_json_delta' && draft)
      draft.text = (draft.text ?? '') + (textOf(delta.partial_json) ?? '');
  }
  return drafts.flatMap(callOf);
}

function callOf({ block, text }: Draft): ResponseCall[] {
  const found = isJsonObject(block) ? foundCall(block) : undefined;
  if (found && isJsonObject(block)) return [{ id: idOf(block.id), found: withArguments(found, text) }];
  return unlistedCalls('anthropic-messages', CONTENT_BLOCKS, [block]);
}

function withArguments(found: FoundCall, text: string | undefined): FoundCall {
  const input = objectOf(found.rawArguments);
  const hasInput = input !== undefined && Object.keys(input).length > 0;
  if (text === undefined || (text === '' && hasInput)) return found;
  const streamed = { ...found, params: undefined, rawArguments: text, ...paramsFromText(text) };
  // Clients differ in whether the pieces replace the input of the start.
  return hasInput ? { ...streamed, anomalies: ['conflicting_fields'] } : streamed;
}
