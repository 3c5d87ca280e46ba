import { createHash } from 'node:crypto';
import { ENFORCEABLE_EVENTS, type Hook, isJsonObject, type Json, type ToolCall } from '@iris/contracts';
import type { VerdictScope } from './verdict-memory.js';

/** Ids that the gateway made because the provider gave none: they tell a call's place in one body only. */
const MADE_ID = /^call~[0-9a-f]{24}~\d+~*$/;

/**
 * Whose verdicts a hook reads and writes. Without a session, ids are unique inside one request at most; without either,
 * nothing is remembered and every call is judged anew.
 */
export function verdictScope(hook: Hook, principal: string): VerdictScope | undefined {
  const { session_id, request_id } = hook.metadata;
  if (session_id) return { principal, session: session_id };
  return request_id ? { principal, session: `request:${request_id}` } : undefined;
}

/**
 * Under which calls the verdict on a call is remembered.
 *
 * - A call in a history: under itself, so that each turn that resends it gets the same.
 * - A call of a response: under its provider's id, for the history that will hold it; and under an id made of the
 *   request, for the other event of the request, which may know no ids.
 * - A call that an agent is about to make: under nothing. What was right for an equal call before may not be now.
 */
export function rememberedAs(hook: Hook, calls: readonly ToolCall[]): Map<ToolCall, readonly ToolCall[]> {
  if (hook.event === 'pre_tool_use') return new Map();
  if (ENFORCEABLE_EVENTS.has(hook.event)) return new Map(calls.map((call) => [call, [call]]));
  const ofRequest = hook.metadata.request_id ? callsOfRequest(hook.metadata.request_id, calls) : new Map();
  return new Map(
    calls.map((call) => {
      const own = MADE_ID.test(call.id) ? [] : [call];
      const shared = ofRequest.get(call);
      return [call, shared === undefined ? own : [...own, shared]];
    }),
  );
}

/** The calls under ids made of the request, the content and the count of equal calls before. */
function callsOfRequest(requestId: string, calls: readonly ToolCall[]): Map<ToolCall, ToolCall> {
  const counts = new Map<string, number>();
  const renamed = new Map<ToolCall, ToolCall>();
  for (const call of calls) {
    const params = sorted(call.params ?? {});
    const content = createHash('sha256')
      .update(JSON.stringify([call.name, params]))
      .digest('base64url');
    const before = counts.get(content) ?? 0;
    counts.set(content, before + 1);
    renamed.set(call, {
      id: `request:${requestId}:${content}:${before}`,
      name: call.name,
      phase: call.phase,
      paramsStatus: 'ok',
    });
  }
  return renamed;
}

/** Two events may print the same parameters in another order of keys. */
function sorted(value: Json): Json {
  if (Array.isArray(value)) return value.map(sorted);
  if (!isJsonObject(value)) return value;
  return Object.keys(value)
    .sort()
    .map((key) => [key, sorted(value[key] ?? null)]);
}
