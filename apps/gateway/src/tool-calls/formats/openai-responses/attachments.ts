import type { JsonObject } from '@iris/contracts';
import type { Edit, JsonPath } from '@iris/json-document';
import { objectsIn, textOf } from '../../json-access.js';
import { callOfItem, typeOf } from './calls.js';
import { ATTACHMENTS } from './kinds.js';

const KINDS = new Set(ATTACHMENTS);
const REMOVED = JSON.stringify({
  type: 'input_text',
  text: 'An attachment that came with a denied result was removed.',
});

/**
 * Edits that put a text in the place of the attachments in messages of the client that came in the same turn as one of
 * these results. A turn ends with a message of the model, or where the model acts again after a message of the client.
 */
export function attachmentEdits(body: JsonObject, denied: readonly JsonPath[]): Edit[] {
  const items = [...objectsIn(body.input)];
  const turnOf = new Map<number, number>();
  let turn = 0;
  let hasClientMessage = false;
  for (const [index, item] of items) {
    const type = typeOf(item);
    const isMessage = type === 'message';
    const isModel = isMessage ? item.role === 'assistant' : type === 'reasoning' || callOfItem(item) !== undefined;
    if (isModel && (isMessage || hasClientMessage)) {
      turn += 1;
      hasClientMessage = false;
    }
    if (isMessage && !isModel) hasClientMessage = true;
    turnOf.set(index, turn);
  }
  const turns = new Set(denied.map(([, index]) => turnOf.get(index as number)));
  const edits: Edit[] = [];
  for (const [index, item] of items) {
    if (typeOf(item) !== 'message' || item.role === 'assistant' || !turns.has(turnOf.get(index))) continue;
    for (const [position, part] of objectsIn(item.content)) {
      if (!KINDS.has(textOf(part.type) ?? '')) continue;
      edits.push({ op: 'set', path: ['input', index, 'content', position], json: REMOVED });
    }
  }
  return edits;
}
