import type { Json, JsonObject } from '@iris/contracts';
import { IdMaker, toRequestedCall } from '../../call-pairing.js';
import { idOf, objectOf, objectsIn, textOf } from '../../json-access.js';
import { paramsFromText } from '../../tool-params.js';
import type { RequestedCall } from '../llm-format.js';
import { foundCall } from './calls.js';

/** The calls of a whole response. */
export function responseCalls(response: JsonObject): RequestedCall[] | undefined {
  if (!Array.isArray(response.content) || (response.type !== 'message' && response.role !== 'assistant'))
    return undefined;
  return requested([...objectsIn(response.content)].map(([, block]) => block));
}

function requested(blocks: readonly JsonObject[], argumentTexts?: ReadonlyMap<JsonObject, string>): RequestedCall[] {
  const ids = new IdMaker();
  const calls: RequestedCall[] = [];
  for (const block of blocks) {
    const found = foundCall(block);
    if (!found) continue;
    const text = argumentTexts?.get(block);
    const call =
      text === undefined ? found : { ...found, params: undefined, rawArguments: text, ...paramsFromText(text) };
    calls.push(toRequestedCall(ids.idOf(idOf(block.id), call), call));
  }
  return calls;
}

/**
 * The calls of a stream: `content_block_start` names the call, `input_json_delta` brings its arguments in pieces. A
 * call whose pieces are all empty has no arguments, which the stream writes as the empty text.
 */
export function streamedCalls(messages: readonly JsonObject[]): RequestedCall[] | undefined {
  const blocks = new Map<Json | undefined, JsonObject>();
  const ordered: JsonObject[] = [];
  const texts = new Map<JsonObject, string>();
  let recognised = false;
  for (const message of messages) {
    if (message.type === 'message_start') {
      recognised = true;
      const content = responseCalls({ role: 'assistant', ...objectOf(message.message) });
      if (content === undefined) continue;
      for (const [, block] of objectsIn(objectOf(message.message)?.content)) ordered.push(block);
    } else if (message.type === 'content_block_start') {
      recognised = true;
      const block = objectOf(message.content_block);
      if (!block) continue;
      blocks.set(message.index, block);
      ordered.push(block);
    } else if (message.type === 'content_block_delta') {
      const delta = objectOf(message.delta);
      const block = blocks.get(message.index);
      if (delta?.type !== 'input_json_delta' || !block) continue;
      texts.set(block, (texts.get(block) ?? '') + (textOf(delta.partial_json) ?? ''));
    }
  }
  return recognised ? requested(ordered, texts) : undefined;
}
