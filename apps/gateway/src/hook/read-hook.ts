import {
  type AgentHookFacts,
  type Hook,
  type HookCallData,
  type HookEvent,
  hookCallDataSchema,
  isJsonObject,
  type Json,
  type ReasonId,
} from '@iris/contracts';
import { type JsonDocument, parseDocument } from '@iris/json-document';
import { decodeBody } from '../protocol/content-coding.js';
import type { AgentIdentity, IncomingHook } from '../protocol/incoming-hook.js';
import { readAgentHook } from './agent-hook.js';
import { isEmpty } from './empty.js';
import type { HookLimits } from './hook-limits.js';

export type ReadHook =
  | { readonly ok: true; readonly hook: Hook; readonly document: JsonDocument }
  | {
      readonly ok: false;
      readonly reason: ReasonId;
      readonly detail: string;
      /** What an agent's hook states beside the call, as far as it can be read. */
      readonly agent?: AgentHookFacts;
    };

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The hook room: from bytes to a hook that is known to be well formed. Never throws. */
export async function readHook(incoming: IncomingHook, limits: HookLimits): Promise<ReadHook> {
  const decoded = await decodeBody(incoming.body, incoming.contentCoding, limits);
  if (!decoded.ok) {
    return { ok: false, reason: decoded.reason, detail: detailOf(decoded.reason, limits) };
  }
  let text: string;
  try {
    text = utf8.decode(decoded.bytes);
  } catch {
    return { ok: false, reason: 'hook_malformed', detail: 'the body is not UTF-8' };
  }
  const parsed = parseDocument(text, limits);
  if (!parsed.ok) {
    const at = parsed.path === undefined ? '' : ` at ${printPath(parsed.path)}`;
    return { ok: false, reason: parsed.reason, detail: `${detailOf(parsed.reason, limits)}${at}` };
  }
  const form = formOf(parsed.document.value, incoming.agent);
  if (!form.ok) return { ok: false, reason: form.reason, detail: form.detail, agent: form.facts };
  const data = hookCallDataSchema.safeParse(form.data);
  if (!data.success) {
    const issue = data.error.issues[0];
    const path = printPath((issue?.path ?? []) as (string | number)[]);
    return {
      ok: false,
      reason: 'hook_malformed',
      detail: `${path}: ${issue?.message ?? 'wrong type'}`,
      agent: form.facts,
    };
  }
  const tooLong = longText(data.data.metadata, limits.maxIdLength);
  if (tooLong !== undefined) {
    const detail = `metadata.${tooLong} is longer than ${limits.maxIdLength} characters`;
    return { ok: false, reason: 'id_too_long', detail, agent: form.facts };
  }
  const hook: Hook = {
    event: incoming.routeEvent ?? eventOf(data.data),
    keyName: incoming.keyName,
    arrivedAt: incoming.arrivedAt,
    metadata: data.data.metadata,
    data: data.data,
    ...(form.facts === undefined ? {} : { agent: form.facts }),
  };
  return { ok: true, hook, document: parsed.document };
}

type HookForm =
  | { readonly ok: true; readonly data: unknown; readonly facts?: AgentHookFacts }
  | { readonly ok: false; readonly reason: ReasonId; readonly detail: string; readonly facts?: AgentHookFacts };

/** The hook in Aperture's form. A body of another shape keeps it, so that the schema names what is wrong. */
function formOf(value: Json, agent: AgentIdentity | undefined): HookForm {
  return agent === undefined || !isJsonObject(value) ? { ok: true, data: value } : readAgentHook(value, agent);
}

/** The first text of the metadata that is longer than the limit. Each reaches attributes, evidence and Redis keys. */
function longText(metadata: HookCallData['metadata'], maxLength: number): string | undefined {
  return METADATA_TEXTS.find((name) => (metadata[name]?.length ?? 0) > maxLength);
}

const METADATA_TEXTS = [
  'login_name',
  'user_agent',
  'url',
  'model',
  'provider',
  'tailnet_name',
  'stable_node_id',
  'request_id',
  'session_id',
] as const;

/**
 * The event by the fields present, since the payload does not name it: only events after the response carry calls or
 * the response itself. An empty field is ignored, and neither does a scalar that can be no response: in doubt it is
 * the event whose verdict is obeyed.
 */
function eventOf(data: HookCallData): HookEvent {
  const present = (value: unknown) => (typeof value === 'string' || typeof value === 'object') && !isEmpty(value);
  if (present(data.response_body) || present(data.raw_responses)) return 'entire_request';
  return present(data.tool_calls) ? 'tool_call_entire_request' : 'pre_request';
}

function detailOf(reason: ReasonId, limits: HookLimits): string {
  switch (reason) {
    case 'body_too_large':
      return `the body is larger than ${limits.maxBodyBytes} bytes`;
    case 'body_too_deep':
      return `the body nests deeper than ${limits.maxDepth} levels`;
    case 'body_too_complex':
      return `the body has more than ${limits.maxNodes} JSON values`;
    case 'decoded_ratio_exceeded':
      return `the body decompresses to more than ${limits.maxDecodedRatio} times its size`;
    case 'duplicate_json_key':
      return 'an object has the same key twice';
    case 'unsupported_encoding':
      return 'the content coding is not one of gzip, zstd';
    default:
      return 'the body is not valid JSON';
  }
}

/** Keys are the caller's text: only plain ones are shown. */
function printPath(path: readonly (string | number)[]): string {
  if (path.length === 0) return '(body)';
  return path
    .slice(0, 12)
    .map((part) => (typeof part === 'number' ? `[${part}]` : /^[\w-]{1,40}$/.test(part) ? `.${part}` : '.(key)'))
    .join('')
    .replace(/^\./, '');
}
