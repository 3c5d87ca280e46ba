import type { JsonObject } from '@iris/contracts';
import { objectOf, objectsIn } from '../../json-access.js';
import type { ResponseCall } from '../llm-format.js';
import { callOfPart } from './calls.js';

const FIELDS = ['candidates', 'usageMetadata', 'promptFeedback'] as const;

export function isResponse(message: JsonObject): boolean {
  return bodiesOf(message).some((body) => FIELDS.some((field) => body[field] !== undefined));
}

/** The response itself, and what Code Assist wraps into `response`. */
function bodiesOf(message: JsonObject): JsonObject[] {
  const wrapped = message.type === undefined ? objectOf(message.response) : undefined;
  return wrapped ? [message, wrapped] : [message];
}

/** The calls of all candidates. Each chunk of a stream is a response and brings its calls whole. */
export function responseCalls(messages: readonly JsonObject[]): ResponseCall[] {
  const calls: ResponseCall[] = [];
  for (const body of messages.flatMap(bodiesOf)) {
    for (const [, candidate] of objectsIn(body.candidates)) {
      for (const [, part] of objectsIn(objectOf(candidate.content)?.parts)) {
        const call = callOfPart(part);
        if (call) calls.push(call);
      }
    }
  }
  return calls;
}
