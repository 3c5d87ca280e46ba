import type { JsonObject } from '@iris/contracts';
import type { Edit, JsonPath } from '@iris/json-document';
import { objectsIn, textOf } from '../../json-access.js';
import { ATTACHMENT_REMOVED } from '../denied-results.js';
import { turnsWith } from '../turns.js';

const ATTACHMENTS = new Set(['image', 'document', 'search_result', 'container_upload']);

const REMOVED = JSON.stringify({ type: 'text', text: ATTACHMENT_REMOVED });

/** Edits that put a text in the place of the attachments that came in the same turn as one of these results. */
export function attachmentEdits(body: JsonObject, denied: readonly JsonPath[]): Edit[] {
  const edits: Edit[] = [];
  for (const [index, message] of turnsWith(body, denied)) {
    for (const [position, block] of objectsIn(message.content)) {
      if (!ATTACHMENTS.has(textOf(block.type) ?? '')) continue;
      edits.push({ op: 'set', path: ['messages', index, 'content', position], json: REMOVED });
    }
  }
  return edits;
}
