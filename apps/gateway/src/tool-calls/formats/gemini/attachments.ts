import type { JsonObject } from '@iris/contracts';
import type { Edit, JsonPath } from '@iris/json-document';
import { below, objectsIn } from '../../json-access.js';
import { ATTACHMENT_REMOVED } from '../denied-results.js';
import { ATTACHMENTS } from './kinds.js';
import { requestsOf } from './requests.js';

const REMOVED = JSON.stringify({ text: ATTACHMENT_REMOVED });

/**
 * Edits that put a text in the place of the attachments that came in the same turn as one of these results: those of
 * all contents between two of the model's. The number of parts stays, since the API counts them.
 */
export function attachmentEdits(body: JsonObject, denied: readonly JsonPath[]): Edit[] {
  const edits: Edit[] = [];
  for (const { request, path } of requestsOf(body)) {
    const root = below(path, 'contents');
    const own = denied.filter((result) => root.every((key, depth) => result[depth] === key));
    const deniedContents = new Set(own.map((result) => result[root.length]));
    for (const turn of turnsOf(request)) {
      if (!turn.some(([index]) => deniedContents.has(index))) continue;
      for (const [index, content] of turn) {
        for (const [position, part] of objectsIn(content.parts)) {
          if (!ATTACHMENTS.some((key) => part[key] !== undefined)) continue;
          edits.push({ op: 'set', path: below(root, index, 'parts', position), json: REMOVED });
        }
      }
    }
  }
  return edits;
}

/** The contents between two of the model's. */
function turnsOf(request: JsonObject): [number, JsonObject][][] {
  const turns: [number, JsonObject][][] = [];
  let turn: [number, JsonObject][] = [];
  for (const [index, content] of objectsIn(request.contents)) {
    if (content.role === 'model') {
      turns.push(turn);
      turn = [];
    } else turn.push([index, content]);
  }
  return [...turns, turn];
}
