import { toJson } from '@bufbuild/protobuf';
import { ValueSchema } from '@bufbuild/protobuf/wkt';
import { Effect } from '@cerbos/api/cerbos/effect/v1/effect_pb';
import type { OutputEntry } from '@cerbos/api/cerbos/engine/v1/engine_pb';
import type { CheckResourcesResponse_ResultEntry } from '@cerbos/api/cerbos/response/v1/response_pb';
import { ValidationError_Source } from '@cerbos/api/cerbos/schema/v1/schema_pb';
import type { PolicyOutput } from '@iris/contracts';
import { stringify } from 'safe-stable-stringify';
import type { CheckResult, PdpResource } from './pdp.js';

/** What the PDP reports as the policy of an action that no policy decides. */
const NO_MATCH = /^NO_MATCH/;

/** The PDP's answer for one resource; an action without an answer counts as denied. */
export function readResult(
  { kind, id, action }: PdpResource,
  answer: CheckResourcesResponse_ResultEntry | undefined,
  cerbosCallId: string,
): CheckResult {
  // An answer in the place of this resource that speaks of another one is none.
  const isOfIt = answer?.resource?.kind === kind && answer.resource.id === id;
  const result = isOfIt ? answer : undefined;
  const meta = result?.meta?.actions[action];
  return {
    effect: result?.actions[action] === Effect.ALLOW ? 'ALLOW' : 'DENY',
    policyFound: meta !== undefined && !NO_MATCH.test(meta.matchedPolicy),
    matchedPolicy: meta?.matchedPolicy,
    matchedScope: meta?.matchedScope || undefined,
    derivedRoles: result?.meta?.effectiveDerivedRoles ?? [],
    outputs: dedupe(result?.outputs ?? []),
    schemaErrors: (result?.validationErrors ?? []).map(
      ({ path, source }) => `SOURCE_${ValidationError_Source[source]}${path}`,
    ),
    cerbosCallId,
  };
}

/** The PDP evaluates role by role, so a rule may speak once per role, with the keys of its output in any order. */
function dedupe(outputs: readonly OutputEntry[]): PolicyOutput[] {
  const seen = new Map<string, PolicyOutput>();
  for (const { src: source, val } of outputs) {
    const value = val === undefined ? undefined : toJson(ValueSchema, val);
    const key = `${source}\n${stringify(value)}`;
    if (!seen.has(key)) seen.set(key, { source, value });
  }
  return [...seen.values()];
}
