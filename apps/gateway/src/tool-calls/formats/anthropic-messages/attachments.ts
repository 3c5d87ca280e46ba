import type { JsonObject } from '@iris/contracts';
import type { Edit, JsonPath } from '@iris/json-document';
import { objectsIn, textOf } from '../../json-access.js';

const ATTACHMENTS = new Set(['image', 'document', 'search_result', 'container_upload']);

const REMOVED = JSON.stringify({ type: 'text', text: 'An attachment that came with a denied result was removed.' });

/**
 * Edits that put a text in the place of the attachments that came in the same turn as one of these results: those of
 * all messages between two of the assistant's, since clients put what a tool returned beside its result.
 */
export function attachmentEdits(body: JsonObject, denied: readonly JsonPath[]): Edit[] {
  const messages = [...objectsIn(body.messages)];
  const turnOf = new Map<number, number>();
  let turn = 0;
  for (const [index, message] of messages) {
    if (message.role === 'assistant') turn += 1;
    else turnOf.set(index, turn);
  }
  const turns = new Set(denied.map(([, index]) => turnOf.get(index as number)));
  const edits: Edit[] = [];
  for (const [index, message] of messages) {
    const own = turnOf.get(index);
    if (own === undefined || !turns.has(own)) continue;
    for (const [position, block] of objectsIn(message.content)) {
      if (!ATTACHMENTS.has(textOf(block.type) ?? '')) continue;
      edits.push({ op: 'set', path: ['messages', index, 'content', position], json: REMOVED });
    }
  }
  return edits;
}
