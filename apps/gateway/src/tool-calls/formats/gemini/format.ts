import type { Json, JsonObject } from '@iris/contracts';
import type { Edit, JsonPath } from '@iris/json-document';
import { below, objectOf } from '../../json-access.js';
import type { LlmFormat } from '../llm-format.js';
import { pairedCalls, requestOf } from './calls.js';
import { fieldsOf } from './fields.js';
import { isResponse, responseCalls } from './response.js';
import { declaredTools, stripTools } from './tools.js';

/**
 * Gemini generateContent, also on Vertex AI and in the wrapper of Code Assist.
 *
 * The JSON is that of protocol buffers: every field may be spelled in camel or in snake case, and a field that is
 * empty may be left out. So absent `args` are the way to write no arguments and are read as `empty`.
 * Source: Google's API reference, the types of its SDK, and the protocol buffers' JSON mapping.
 */
export const gemini: LlmFormat = {
  id: 'gemini',

  matchesPath: (path) => /(?::|%3A)(?:streamGenerateContent|generateContent|countTokens)$/i.test(path),

  accepts: (body) => Array.isArray(requestOf(body).request.contents),

  matchesBody: (body) => body.messages === undefined && Array.isArray(requestOf(body).request.contents),

  declaredTools: (body) => declaredTools(requestOf(body).request),
  executedCalls: (body) => pairedCalls(body).executed,
  pendingCalls: (body) => pairedCalls(body).pending,

  strip(body, keys) {
    const { request, path } = requestOf(body);
    return { status: 'planned', edits: stripTools(request, path, keys) };
  },

  redact(redactions, body) {
    const edits: Edit[] = [];
    for (const { call, notice } of redactions) {
      // Parts of the model's content must be echoed.
      if (call.serverSide) return { status: 'not_representable', callId: call.id };
      for (const path of call.results) edits.push(...denial(valueAt(body, path), path, notice));
    }
    return { status: 'planned', edits };
  },

  isResponse,
  responseCalls,
};

function valueAt(body: JsonObject, path: JsonPath): JsonObject {
  let value: Json | undefined = body;
  for (const key of path) value = (value as Record<string | number, Json> | undefined)?.[key];
  return objectOf(value) ?? {};
}

/** `response` must be an object, and `error` is the name by which models know a failure. */
function denial(response: JsonObject, path: JsonPath, notice: string): Edit[] {
  const edits: Edit[] = [];
  edits.push({ op: 'set', path: below(path, 'response'), json: JSON.stringify({ error: notice }) });
  for (const [key] of fieldsOf(response, 'parts')) edits.push({ op: 'remove', path: below(path, key) });
  return edits;
}
