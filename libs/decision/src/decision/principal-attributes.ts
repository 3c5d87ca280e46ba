import {
  FLATTENED_ATTRIBUTES,
  type JsonObject,
  type PrincipalContext,
  SOURCE_IDS,
  type SourceId,
  withoutNulls,
} from '@iris/contracts';
import { toAttributes } from '@iris/pdp';
import type { AttributeOrigins } from '../shared/decided-call.js';
import { valueAt } from './attribute-paths.js';

/**
 * The principal's attributes as policies see them: flattened by precedence, by source, and the state of every
 * configured source. A fact that is not known is absent.
 */
export function principalAttributes(context: PrincipalContext): { attr: JsonObject; origins: AttributeOrigins } {
  const { identity, sources } = context;
  const bySource: JsonObject = {};
  const states: JsonObject = {};
  for (const id of SOURCE_IDS) {
    const facts = sources[id];
    if (facts === undefined) continue;
    states[id] = toAttributes({ status: facts.status, ageSeconds: facts.ageSeconds, reason: facts.reason });
    if (facts.status === 'fresh' || facts.status === 'stale') bySource[id] = knownAttributes(facts.attributes);
  }
  if (identity.capabilities !== undefined) {
    bySource.tailscale = {
      ...(bySource.tailscale as JsonObject | undefined),
      capabilities: knownAttributes(identity.capabilities),
    };
  }

  const flattened: JsonObject = {};
  const origins: Record<string, { source: SourceId; ageSeconds?: number }> = {};
  for (const { path, from } of FLATTENED_ATTRIBUTES) {
    for (const candidate of from) {
      const value = valueAt(bySource, candidate);
      if (value === undefined) continue;
      const source = candidate.slice(0, candidate.indexOf('.')) as SourceId;
      flattened[path] = value;
      origins[path] = { source, ageSeconds: sources[source]?.ageSeconds };
      break;
    }
  }

  const own = toAttributes({ kind: identity.kind, nodeId: identity.nodeId, tailnet: identity.tailnet });
  return { attr: { ...own, ...flattened, ...bySource, context: states }, origins };
}

/** What was made of facts that are held in memory, so that it is made once for as long as they are held. */
const known = new WeakMap<JsonObject, JsonObject>();

/** Without nulls at any depth: to a policy, null is a value, and `null == false` lets a call pass. */
function knownAttributes(facts: JsonObject): JsonObject {
  let attributes = known.get(facts);
  if (attributes === undefined) {
    attributes = withoutNulls(toAttributes(facts));
    known.set(facts, attributes);
  }
  return attributes;
}
