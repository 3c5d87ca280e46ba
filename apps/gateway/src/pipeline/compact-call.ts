import type { Json, ToolCall } from '@iris/contracts';
import { contentDigest, policyParams } from '@iris/decision/calls';

/**
 * A call as it leaves a worker thread: with the digest that would take the event loop as long as its parameters are, and
 * without what only a rewrite reads. Parameters that no call may have stay behind; the call is denied by itself.
 */
export function compactCall(call: ToolCall, maxParamsBytes: number): ToolCall {
  const { rawArguments: _, results: __, ...kept } = call as ToolCall & { rawArguments?: unknown; results?: unknown };
  const compact: ToolCall = { ...kept, contentDigest: contentDigest(call) };
  if (call.params === undefined) return compact;
  const sent = policyParams(call.params, maxParamsBytes);
  return sent.status === 'ok' ? compact : { ...compact, params: undefined, oversized: sent.status };
}

/** About how long the event loop takes to read a call: its values, and its texts by length. */
export function weightOf(call: ToolCall): number {
  return 20 + (call.id.length + call.name.length) / 100 + (call.params === undefined ? 0 : weightOfValue(call.params));
}

/** The recursion is bounded by the depth limit of the body. */
function weightOfValue(value: Json): number {
  if (typeof value === 'string') return 1 + value.length / 100;
  if (typeof value !== 'object' || value === null) return 1;
  let weight = 1;
  if (Array.isArray(value)) for (const element of value) weight += weightOfValue(element);
  else for (const key of Object.keys(value)) weight += 1 + weightOfValue(value[key] ?? null);
  return weight;
}
