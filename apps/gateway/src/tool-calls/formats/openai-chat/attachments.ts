import type { JsonObject } from '@iris/contracts';
import type { Edit, JsonPath } from '@iris/json-document';
import { objectsIn, textOf } from '../../json-access.js';
import { ATTACHMENT_REMOVED } from '../denied-results.js';
import { ATTACHMENTS } from './kinds.js';

const KINDS = new Set(ATTACHMENTS);
/** Where some servers take attachments beside the content. */
const BESIDE_CONTENT = ['images', 'audio', 'files', 'attachments'];

const REMOVED = JSON.stringify({ type: 'text', text: ATTACHMENT_REMOVED });

/**
 * Edits that put a text in the place of the attachments that came in the same turn as one of these results. A tool
 * message holds text alone, so clients put the images that a tool returned into a message of the user behind it.
 */
export function attachmentEdits(body: JsonObject, denied: readonly JsonPath[]): Edit[] {
  const messages = [...objectsIn(body.messages)];
  const turnOf = new Map<number, number>();
  let turn = 0;
  for (const [index, { role }] of messages) {
    if (role === 'assistant') turn += 1;
    turnOf.set(index, turn);
  }
  const turns = new Set(denied.map(([, index]) => turnOf.get(index as number)));
  const edits: Edit[] = [];
  for (const [index, message] of messages) {
    const { role, content } = message;
    if (role === 'assistant' || role === 'tool' || role === 'function' || !turns.has(turnOf.get(index))) continue;
    for (const key of BESIDE_CONTENT) {
      if (message[key] !== undefined) edits.push({ op: 'remove', path: ['messages', index, key] });
    }
    for (const [position, part] of objectsIn(content)) {
      if (!KINDS.has(textOf(part.type) ?? '')) continue;
      edits.push({ op: 'set', path: ['messages', index, 'content', position], json: REMOVED });
    }
  }
  return edits;
}
