import type { JsonObject, ToolCall } from '@iris/contracts';
import { toAttributes } from '@iris/pdp';
import type { Catalog } from '@iris/tool-catalog';
import { policyParams } from '../calls/policy-params.js';

/** A tool call as policies see it, apart from what is the same for the whole hook; or why it is denied by itself. */
export type CallAttributes =
  | { readonly status: 'ok'; readonly attr: JsonObject }
  | {
      readonly status: 'call_too_large' | 'call_too_complex';
      /** What is known of the call without its parameters. */
      readonly attr: JsonObject;
    };

/** @param maxParamsBytes from which size on long texts in the parameters are cut, in bytes */
export function callAttributes(
  call: ToolCall,
  catalog: Catalog,
  cmdb: JsonObject | undefined,
  maxParamsBytes: number,
): CallAttributes {
  const { tool, classification } = catalog.classify(call);
  const attr = toAttributes({
    tool: { ...tool, anomalies: [...tool.anomalies, ...(call.anomalies ?? [])] },
    paramsStatus: call.paramsStatus,
    phase: call.phase,
    category: classification.category,
    system: classification.system,
    operation: classification.operation,
    environment: classification.environment,
    target: classification.target,
    cmdb,
  });
  if (call.oversized !== undefined) return { status: call.oversized, attr: { ...attr, paramsTruncated: true } };
  if (call.params === undefined) return { status: 'ok', attr };
  const sent = policyParams(call.params, maxParamsBytes);
  if (sent.status !== 'ok') return { status: sent.status, attr: { ...attr, paramsTruncated: true } };
  attr.params = sent.params;
  if (sent.truncated) attr.paramsTruncated = true;
  return { status: 'ok', attr };
}
