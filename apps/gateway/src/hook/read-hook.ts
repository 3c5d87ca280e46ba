import {
  type Hook,
  type HookCallData,
  type HookEvent,
  hookCallDataSchema,
  isJsonObject,
  type Json,
  type ReasonId,
} from '@iris/contracts';
import { type JsonDocument, parseDocument } from '@iris/json-document';
import { decodeBody } from '../http/content-coding.js';
import type { HookLimits } from './hook-limits.js';

/** Who an agent's own hook is from: by the hook key or by the tailnet's proxy, never by a claim in the body. */
export interface AgentIdentity {
  readonly loginName?: string;
  readonly userAgent?: string;
}

/** A request on a hook path, authenticated and not yet read. */
export interface IncomingHook {
  /** From the route; undefined on the path that all of Aperture's events share. */
  readonly routeEvent: HookEvent | undefined;
  readonly keyName: string;
  /** Epoch ms. */
  readonly arrivedAt: number;
  readonly body: Buffer;
  readonly contentCoding: string | undefined;
  /** Only for `pre_tool_use`. */
  readonly agent?: AgentIdentity;
}

export type ReadHook =
  | { readonly ok: true; readonly hook: Hook; readonly document: JsonDocument }
  | { readonly ok: false; readonly reason: ReasonId; readonly detail: string };

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The hook room: from bytes to a hook that is known to be well formed. Never throws. */
export async function readHook(incoming: IncomingHook, limits: HookLimits): Promise<ReadHook> {
  const decoded = await decodeBody(incoming.body, incoming.contentCoding, limits.maxBodyBytes);
  if (!decoded.ok) {
    return { ok: false, reason: decoded.reason, detail: detailOf(decoded.reason, limits) };
  }
  let text: string;
  try {
    text = utf8.decode(decoded.bytes);
  } catch {
    return { ok: false, reason: 'hook_malformed', detail: 'the body is not UTF-8' };
  }
  const parsed = parseDocument(text, { maxDepth: limits.maxDepth });
  if (!parsed.ok) {
    const at = parsed.path === undefined ? '' : ` at ${printPath(parsed.path)}`;
    return { ok: false, reason: parsed.reason, detail: `${detailOf(parsed.reason, limits)}${at}` };
  }
  const value = incoming.agent === undefined ? parsed.document.value : fromAgent(parsed.document.value, incoming.agent);
  const data = hookCallDataSchema.safeParse(value);
  if (!data.success) {
    const issue = data.error.issues[0];
    const path = printPath((issue?.path ?? []) as (string | number)[]);
    return { ok: false, reason: 'hook_malformed', detail: `${path}: ${issue?.message ?? 'wrong type'}` };
  }
  const hook: Hook = {
    event: incoming.routeEvent ?? eventOf(data.data),
    keyName: incoming.keyName,
    arrivedAt: incoming.arrivedAt,
    metadata: data.data.metadata,
    data: data.data,
  };
  return { ok: true, hook, document: parsed.document };
}

/**
 * The input of an agent's PreToolUse hook in the form of Aperture's. A body of another shape keeps it, so that the
 * schema names what is wrong; an event that is not about a tool call has none.
 * Source: Claude Code's hooks reference, PreToolUse input.
 */
function fromAgent(value: Json, agent: AgentIdentity): unknown {
  if (!isJsonObject(value)) return value;
  const call = { name: value.tool_name, params: value.tool_input };
  const isToolCall = value.hook_event_name === undefined || value.hook_event_name === 'PreToolUse';
  return {
    metadata: {
      login_name: agent.loginName,
      user_agent: agent.userAgent,
      session_id: value.session_id,
      request_id: value.tool_use_id,
    },
    tool_calls: isToolCall ? [call] : [],
  };
}

/** What is known of a hook before it is read: nothing but how it came. */
export function unreadHook(incoming: IncomingHook): Hook {
  const data = hookCallDataSchema.parse({});
  return {
    event: incoming.routeEvent ?? 'pre_request',
    keyName: incoming.keyName,
    arrivedAt: incoming.arrivedAt,
    metadata: data.metadata,
    data,
  };
}

/**
 * The event by the fields present, since the payload does not name it: only events after the response carry calls or
 * the response itself.
 */
function eventOf(data: HookCallData): HookEvent {
  const present = (value: unknown) => value !== undefined && value !== null;
  if (present(data.response_body) || present(data.raw_responses)) return 'entire_request';
  return present(data.tool_calls) ? 'tool_call_entire_request' : 'pre_request';
}

function detailOf(reason: ReasonId, limits: HookLimits): string {
  switch (reason) {
    case 'body_too_large':
      return `the body is larger than ${limits.maxBodyBytes} bytes`;
    case 'body_too_deep':
      return `the body nests deeper than ${limits.maxDepth} levels`;
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
