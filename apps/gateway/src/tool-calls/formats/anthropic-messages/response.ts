import type { Json, JsonObject } from '@iris/contracts';
import { type FoundCall, IdMaker, toRequestedCall } from '../../call-pairing.js';
import { listed, statedKind, unrecognisedName } from '../../closed-world/index.js';
import { idOf, objectOf, objectsIn, textOf } from '../../json-access.js';
import { paramsFromText } from '../../tool-params.js';
import type { RequestedCall } from '../llm-format.js';
import { foundCall } from './calls.js';
import { CONTENT_BLOCKS } from './kinds.js';

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
    const found = foundCall(block) ?? unlistedCall(block);
    if (!found) continue;
    const text = argumentTexts?.get(block);
    // An empty delta says nothing: the start of the block may have brought the whole input.
    const isBroughtAtStart = text === '' && Object.keys(objectOf(block.input) ?? {}).length > 0;
    const call =
      text === undefined || isBroughtAtStart
        ? found
        : { ...found, params: undefined, rawArguments: text, ...paramsFromText(text) };
    calls.push(toRequestedCall(ids.idOf(idOf(block.id), call), call));
  }
  return calls;
}

/** A block of a kind that the format does not list, as a call of that kind. */
function unlistedCall(block: JsonObject): FoundCall | undefined {
  const type = statedKind(CONTENT_BLOCKS, block);
  if (type === undefined || listed(CONTENT_BLOCKS, type)) return undefined;
  const name = unrecognisedName('anthropic-messages', type);
  return { name, rawArguments: block, paramsStatus: 'not_object', serverSide: true };
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
