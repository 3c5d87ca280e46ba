import type { Hook, JsonObject } from '@iris/contracts';
import type { DecisionRequest } from '@iris/decision';
import { toAttributes } from '@iris/pdp';
import { clientOf, identify } from '../hook/index.js';

/** A hook as the stages behind it see it: nothing of the hook's own form is left. */
export function decisionRequest(hook: Hook): DecisionRequest {
  const { metadata } = hook;
  const sessionAttributes = sessionAttributesOf(hook);
  return {
    event: hook.event,
    keyName: hook.keyName,
    arrivedAt: hook.arrivedAt,
    who: identify(hook.data),
    requestId: metadata.request_id,
    sessionId: metadata.session_id,
    userAgent: metadata.user_agent,
    unknownFields: hook.unknownFields,
    attributes: requestAttributes(hook, sessionAttributes),
    sessionAttributes,
  };
}

/** What is known of a call before it is made, and is the same for the whole session. */
function sessionAttributesOf({ metadata }: Hook): JsonObject {
  const client = clientOf(metadata.user_agent);
  return toAttributes({
    model: metadata.model,
    provider: metadata.provider,
    ...(client.name === undefined ? {} : { client }),
    userAgent: metadata.user_agent,
  });
}

function requestAttributes(hook: Hook, sessionAttributes: JsonObject): JsonObject {
  const { metadata } = hook;
  return {
    ...sessionAttributes,
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
