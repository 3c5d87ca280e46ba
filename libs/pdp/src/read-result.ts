import { type CheckResourcesResult, Effect } from '@cerbos/core';
import type { Json } from '@iris/contracts';
import { stringify } from 'safe-stable-stringify';
import type { CheckResult, PdpResource } from './pdp.js';

/** What the PDP reports as the policy of an action that no policy decides. */
const NO_MATCH = /^NO_MATCH/;

/** The PDP's answer for one resource; an action without an answer counts as denied. */
export function readResult(
  { kind, id, action }: PdpResource,
  answer: CheckResourcesResult | undefined,
  cerbosCallId: string,
): CheckResult {
  // An answer in the place of this resource that speaks of another one is none.
  const isOfIt = answer?.resource.kind === kind && answer.resource.id === id;
  const result = isOfIt ? answer : undefined;
  const meta = result?.metadata?.actions[action];
  return {
    effect: result?.actions[action] === Effect.ALLOW ? 'ALLOW' : 'DENY',
    policyFound: meta !== undefined && !NO_MATCH.test(meta.matchedPolicy),
    matchedPolicy: meta?.matchedPolicy,
    matchedScope: meta?.matchedScope || undefined,
    derivedRoles: result?.metadata?.effectiveDerivedRoles ?? [],
    outputs: dedupe(result?.outputs ?? []),
    schemaErrors: (result?.validationErrors ?? []).map(({ path, source }) => `${source}${path}`),
    cerbosCallId,
  };
}

/** The PDP evaluates role by role, so a rule may speak once per role, with the keys of its output in any order. */
function dedupe(outputs: CheckResourcesResult['outputs']): CheckResult['outputs'] {
  const seen = new Map<string, CheckResult['outputs'][number]>();
  for (const { source, value } of outputs) {
    const key = `${source}\n${stringify(value)}`;
    if (!seen.has(key)) seen.set(key, { source, value: value as Json | undefined });
  }
  return [...seen.values()];
}
