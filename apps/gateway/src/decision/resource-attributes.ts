import type { Hook, JsonObject, ToolCall } from '@iris/contracts';
import { toAttributes } from '@iris/pdp';
import type { Catalog } from '@iris/tool-catalog';
import { clientOf } from './client-name.js';

/** What is the same for every tool call of a hook. */
export function hookAttributes(hook: Hook): JsonObject {
  const { metadata } = hook;
  const arrived = new Date(hook.arrivedAt);
  const client = clientOf(metadata.user_agent);
  return toAttributes({
    model: metadata.model,
    provider: metadata.provider,
    ...(client.name === undefined ? {} : { client }),
    userAgent: metadata.user_agent,
    permissionMode: hook.agent?.permissionMode,
    url: metadata.url,
    event: hook.event,
    requestId: metadata.request_id,
    sessionId: metadata.session_id,
    estimatedCost: metadata.estimated_cost,
    quotas: metadata.quotas,
    request: { time: arrived.toISOString(), weekday: arrived.getUTCDay(), hourUtc: arrived.getUTCHours() },
  });
}

/** A tool call as policies see it, apart from what is the same for the whole hook. */
export function callAttributes(call: ToolCall, catalog: Catalog, cmdb: JsonObject | undefined): JsonObject {
  const { tool, classification } = catalog.classify(call);
  return toAttributes({
    tool: { ...tool, anomalies: [...tool.anomalies, ...(call.anomalies ?? [])] },
    params: call.params,
    paramsStatus: call.paramsStatus,
    phase: call.phase,
    category: classification.category,
    system: classification.system,
    operation: classification.operation,
    environment: classification.environment,
    target: classification.target,
    cmdb,
  });
}
