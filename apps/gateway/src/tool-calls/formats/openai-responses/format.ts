import type { JsonObject } from '@iris/contracts';
import type { Edit, JsonPath } from '@iris/json-document';
import { objectOf, objectsIn, textOf } from '../../json-access.js';
import { planDenials, setField } from '../denied-results.js';
import type { LlmFormat } from '../llm-format.js';
import { restEdits } from '../rest-of-result.js';
import { attachmentEdits } from './attachments.js';
import { itemAt, pairedCalls } from './calls.js';
import { KINDS } from './kinds.js';
import { isResponse, responseCalls } from './response.js';
import { declaredTools, stripTools } from './tools.js';

/**
 * OpenAI Responses, also its compaction and the backend of ChatGPT.
 *
 * A denied output is replaced by a notice in the form of its kind; a screenshot cannot hold one, so its denial blocks.
 * Images and files in messages of the client in the same turn are replaced by a text, since they may be what the tool
 * returned.
 * Source: OpenAI's API reference and the types of its SDK.
 */
export const openaiResponses: LlmFormat = {
  id: 'openai-responses',
  kinds: KINDS,

  matchesPath: (path) => /\/responses(?:\/compact)?$/.test(path),

  accepts: (body) => body.input !== undefined || body.previous_response_id !== undefined || body.prompt !== undefined,

  matchesBody: (body) =>
    body.messages === undefined &&
    body.contents === undefined &&
    (typeof body.input === 'string' || (Array.isArray(body.input) && looksLikeItems(body))),

  declaredTools,
  executedCalls: (body) => pairedCalls(body).executed,
  pendingCalls: (body) => pairedCalls(body).pending,
  strip: stripTools,

  redact: (redactions, body) =>
    planDenials(redactions, {
      attachments: (denied) => attachmentEdits(body, denied),
      deny(path, notice) {
        const denial = denialOf(itemAt(body, path), path, notice);
        return denial && [...denial, ...restOf(body, path)];
      },
      mayChangeServerSide: true,
    }),

  isResponse,
  responseCalls,
};

/** A list under `input` is also how embeddings are asked for; items are objects with a type, a role or an id. */
function looksLikeItems(body: JsonObject): boolean {
  if (body.instructions !== undefined || body.previous_response_id !== undefined) return true;
  for (const [, item] of objectsIn(body.input)) {
    if (item.type !== undefined || item.role !== undefined || item.id !== undefined) return true;
  }
  return false;
}

/** What a result has beside its notice. An approval holds nothing else. */
function restOf(body: JsonObject, path: JsonPath): Edit[] {
  return /_output$|^mcp_call$/.test(textOf(itemAt(body, path)?.type) ?? '') ? restEdits(body, path, KEPT) : [];
}

const KEPT = new Set([
  ...['type', 'id', 'call_id', 'name', 'namespace', 'status', 'output', 'tools', 'execution', 'caller'],
  ...['max_output_length', 'server_label', 'arguments', 'error', 'approval_request_id'],
]);

/** How each kind of result expresses a denial; undefined where it has no place for it. */
function denialOf(item: JsonObject | undefined, path: JsonPath, notice: string): Edit[] | undefined {
  const set = (key: string, value: unknown) => setField(path, key, value);
  switch (textOf(item?.type)) {
    case 'function_call_output':
    case 'custom_tool_call_output':
      return [set('output', notice)];
    case 'local_shell_call_output':
      // The output is documented as JSON inside a text.
      return [set('output', JSON.stringify({ error: notice }))];
    case 'shell_call_output':
      return [set('output', [{ stdout: '', stderr: notice, outcome: { type: 'exit', exit_code: 1 } }])];
    case 'apply_patch_call_output':
      return [set('status', 'failed'), set('output', notice)];
    case 'tool_search_output':
      // A search of the client that found nothing has an empty list. One of the server must go back as it came.
      return item?.execution === 'client' ? [set('tools', [])] : undefined;
    case 'mcp_approval_response':
      return [set('approve', false), set('reason', notice)];
    case 'mcp_call':
      return [set('output', notice), ...(objectOf(item)?.error ? [set('error', null)] : [])];
    default:
      return undefined;
  }
}
