import type { JsonObject } from '@iris/contracts';
import type { Edit, JsonPath } from '@iris/json-document';
import { objectOf, objectsIn } from '../../json-access.js';
import { ATTACHMENT_REMOVED } from '../denied-results.js';
import { turnsWith } from '../turns.js';

const ATTACHMENTS = ['image', 'document', 'video', 'audio', 'searchResult'];

const REMOVED = JSON.stringify({ text: ATTACHMENT_REMOVED });

/** Edits that put a text in the place of the attachments that came in the same turn as one of these results. */
export function attachmentEdits(body: JsonObject, denied: readonly JsonPath[]): Edit[] {
  const edits: Edit[] = [];
  for (const [index, message] of turnsWith(body, denied)) {
    for (const [position, block] of objectsIn(message.content)) {
      const isGuardedImage = objectOf(block.guardContent)?.image !== undefined;
      if (!isGuardedImage && !ATTACHMENTS.some((kind) => block[kind] !== undefined && block[kind] !== null)) continue;
      edits.push({ op: 'set', path: ['messages', index, 'content', position], json: REMOVED });
    }
  }
  return edits;
}
