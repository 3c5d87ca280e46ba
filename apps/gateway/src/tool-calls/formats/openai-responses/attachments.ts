import type { JsonObject } from '@iris/contracts';
import type { Edit, JsonPath } from '@iris/json-document';
import { turnNumbers } from '../../item-turns.js';
import { objectsIn, textOf } from '../../json-access.js';
import { ATTACHMENT_REMOVED } from '../denied-results.js';
import { authorOf, typeOf } from './calls.js';
import { ATTACHMENTS } from './kinds.js';

const KINDS = new Set(ATTACHMENTS);
const REMOVED = JSON.stringify({
  type: 'input_text',
  text: ATTACHMENT_REMOVED,
});

/**
 * Edits that put a text in the place of the attachments in messages of the client that came in the same turn as one of
 * these results.
 */
export function attachmentEdits(body: JsonObject, denied: readonly JsonPath[]): Edit[] {
  const items = [...objectsIn(body.input)];
  const numbers = turnNumbers(
    items.map(([, item]) => authorOf(item)),
    (position) => typeOf(items[position]?.[1] ?? {}) === 'message',
  );
  const turnOf = new Map(items.map(([index], position) => [index, numbers[position]]));
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
