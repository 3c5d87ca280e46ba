import type { JsonObject } from '@iris/contracts';
import { IdMaker, toRequestedCall } from '../../call-pairing.js';
import { objectOf, objectsIn } from '../../json-access.js';
import type { RequestedCall } from '../llm-format.js';
import { callOfPart } from './calls.js';

/** The calls of all candidates of a whole response, also in the wrapper of Code Assist. */
export function responseCalls(response: JsonObject): RequestedCall[] | undefined {
  return streamedCalls([response]);
}

/** The calls of a stream: each chunk is a response and brings its calls whole. */
export function streamedCalls(messages: readonly JsonObject[]): RequestedCall[] | undefined {
  const ids = new IdMaker();
  const calls: RequestedCall[] = [];
  let recognised = false;
  for (const message of messages) {
    const response = message.candidates === undefined ? objectOf(message.response) : message;
    if (!response) continue;
    if (
      Array.isArray(response.candidates) ||
      response.usageMetadata !== undefined ||
      response.promptFeedback !== undefined
    ) {
      recognised = true;
    }
    for (const [, candidate] of objectsIn(response.candidates)) {
      for (const [, part] of objectsIn(objectOf(candidate.content)?.parts)) {
        const call = callOfPart(part);
        if (call) calls.push(toRequestedCall(ids.idOf(call.id, call.found), call.found));
      }
    }
  }
  return recognised ? calls : undefined;
}
