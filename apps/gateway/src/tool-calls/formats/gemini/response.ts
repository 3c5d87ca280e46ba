import { isJsonObject, type JsonObject } from '@iris/contracts';
import { elementsOf, nodesOf, unlistedCalls } from '../../closed-world/index.js';
import { objectOf } from '../../json-access.js';
import type { ResponseCall } from '../llm-format.js';
import { callsOfPart } from './calls.js';
import { camelCase } from './fields.js';
import { PARTS } from './kinds.js';

const FIELDS = ['candidates', 'usageMetadata', 'promptFeedback', 'usage_metadata', 'prompt_feedback'];

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
    for (const candidate of nodesOf(body.candidates)) {
      const parts = objectOf(candidate.content)?.parts;
      for (const part of nodesOf(parts)) for (const { id, found } of callsOfPart(part)) calls.push({ id, found });
      const named = elementsOf(parts).map((part) => (isJsonObject(part) ? inCamelCase(part) : part));
      for (const call of unlistedCalls('gemini', PARTS, named)) calls.push(call);
    }
  }
  return calls;
}

function inCamelCase(part: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(part).map(([key, value]) => [camelCase(key), value]));
}
