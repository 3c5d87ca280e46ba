import type { JsonObject } from '@iris/contracts';
import type { JsonPath } from '@iris/json-document';
import { objectsIn } from '../json-access.js';

/**
 * The messages of the turns that hold these results, with their indexes. A turn is all that stands between two
 * messages of the assistant: clients put what a tool returned beside its result, or in a message of its own.
 *
 * @param results paths that begin with `messages` and an index
 */
export function turnsWith(body: JsonObject, results: readonly JsonPath[]): [number, JsonObject][] {
  const messages = [...objectsIn(body.messages)];
  const turnOf = new Map<number, number>();
  let turn = 0;
  for (const [index, message] of messages) {
    if (message.role === 'assistant') turn += 1;
    else turnOf.set(index, turn);
  }
  const turns = new Set(results.map(([, index]) => (typeof index === 'number' ? turnOf.get(index) : undefined)));
  turns.delete(undefined);
  return messages.filter(([index]) => turns.has(turnOf.get(index)));
}
