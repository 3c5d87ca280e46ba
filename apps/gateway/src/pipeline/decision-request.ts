import type { Hook, JsonObject } from '@iris/contracts';
import { type DecisionRequest, sessionAttributes } from '@iris/decision';
import { toAttributes } from '@iris/pdp';
import { identify } from '../hook/index.js';

/** A hook as the stages behind it see it: nothing of the hook's own form is left. */
export function decisionRequest(hook: Hook): DecisionRequest {
  const { metadata } = hook;
  const session = sessionAttributes({
    model: metadata.model,
    provider: metadata.provider,
    userAgent: metadata.user_agent,
  });
  return {
    event: hook.event,
    keyName: hook.keyName,
    entryPoint: hook.event === 'pre_tool_use' ? (hook.agent?.name ?? 'agent') : 'aperture',
    arrivedAt: hook.arrivedAt,
    who: identify(hook.data),
    requestId: metadata.request_id,
    sessionId: metadata.session_id,
    userAgent: metadata.user_agent,
    unknownFields: hook.unknownFields,
    attributes: requestAttributes(hook, session),
    sessionAttributes: session,
  };
}

function requestAttributes(hook: Hook, session: JsonObject): JsonObject {
  const { metadata } = hook;
  return {
    ...session,
    ...toAttributes({
      permissionMode: hook.agent?.permissionMode,
      url: metadata.url,
      unknownFields: hook.unknownFields?.length ? hook.unknownFields : undefined,
      event: hook.event,
      requestId: metadata.request_id,
      sessionId: metadata.session_id,
      estimatedCost: metadata.estimated_cost,
      quotas: metadata.quotas,
    }),
  };
}
