import type { CallDecision, ReasonId } from '@iris/contracts';
import type { DecidedCall } from '@iris/decision';
import { fromValue, fromValues } from '../enrich/index.js';
import type { AnsweredAction, AnsweredResource, AskedResource } from './cerbos-methods.js';

/** One decided call for each action on each resource. An action without an answer is denied, as its caller reads it. */
export function decidedCalls(
  asked: readonly AskedResource[],
  answers: readonly (AnsweredResource | undefined)[],
  cerbosCallId: string,
): DecidedCall[] {
  return asked.flatMap((resource, index) => {
    const answer = answers[index];
    const attr = fromValues(resource.attr);
    const policies = {
      resourceKind: resource.kind,
      policyVersion: resource.policyVersion || 'default',
      scope: resource.scope,
    };
    return resource.actions.map((action) => ({
      decision: decisionOf(action, resource, answer, cerbosCallId),
      attr,
      parts: [],
      policies,
    }));
  });
}

const UNANSWERED: Omit<AnsweredAction, 'action'> = { effect: 'DENY' };

function decisionOf(
  action: string,
  { id, kind }: AskedResource,
  answer: AnsweredResource | undefined,
  cerbosCallId: string,
): CallDecision {
  const { effect, matchedPolicy, matchedScope } = answer?.actions.find((each) => each.action === action) ?? UNANSWERED;
  const outputs = (answer?.outputs ?? [])
    .filter((output) => output.action === '' || output.action === action)
    .map(({ src, val }) => ({ source: src, ...(val === undefined ? {} : { value: fromValue(val) }) }));
  return {
    call: { id: id || kind, name: action, phase: 'requested', paramsStatus: 'empty' },
    effect: effect === 'DENY' ? 'DENY' : 'ALLOW',
    reason: reasonOf(effect, matchedPolicy, answer),
    observe: false,
    rules: [...new Set(outputs.map(({ source }) => source))],
    ...(matchedPolicy === undefined ? {} : { matchedPolicy }),
    ...(matchedScope ? { matchedScope } : {}),
    derivedRoles: answer?.derivedRoles ?? [],
    outputs,
    ...(cerbosCallId === '' ? {} : { cerbosCallId }),
  };
}

function reasonOf(
  effect: AnsweredAction['effect'],
  matchedPolicy: string | undefined,
  answer: AnsweredResource | undefined,
): ReasonId {
  if (effect === 'CONDITIONAL') return 'plan_conditional';
  if (effect === 'ALLOW') return 'policy_allowed';
  if ((answer?.validationErrors.length ?? 0) > 0) return 'attributes_rejected';
  return matchedPolicy?.startsWith('NO_MATCH') ? 'no_policy_match' : 'policy_denied';
}
