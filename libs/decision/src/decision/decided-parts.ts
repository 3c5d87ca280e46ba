import type { CallDecision, EffectDecision } from '@iris/contracts';
import type { EffectPart } from '../shared/decided-call.js';

/**
 * One decision on a call from those on the call itself and on each of its effects: it is allowed only if all are. A denial
 * names the effect that it is about.
 */
export function decisionOfParts(
  own: CallDecision,
  parts: readonly EffectPart[],
  decisions: readonly CallDecision[],
): CallDecision {
  if (parts.length === 0) return own;
  const effects = decisions.map(
    ({ effect, rules }, index): EffectDecision => ({ summary: parts[index]?.summary ?? {}, effect, rules }),
  );
  const named = decisions.map((decision, index) => ({ ...decision, message: messageOf(decision, parts[index]) }));
  const denied = [own, ...named].filter(({ effect }) => effect === 'DENY');
  const [first] = denied;
  if (first === undefined) return { ...own, effects };
  return {
    ...own,
    effect: 'DENY',
    reason: first.reason,
    message: first.message,
    statusCode: first.statusCode,
    observe: denied.every(({ observe }) => observe),
    rules: [...new Set(denied.flatMap(({ rules }) => rules))],
    outputs: denied.flatMap(({ outputs }) => outputs),
    effects,
    deniedCategories: [...new Set(denied.flatMap(({ deniedCategories }) => deniedCategories ?? []))],
  };
}

function messageOf(decision: CallDecision, part: EffectPart | undefined): string | undefined {
  if (part === undefined || decision.effect === 'ALLOW') return decision.message;
  const { program, target, advice } = part.effect;
  const about = target === undefined ? program : `${program} on ${target}`;
  const message = decision.message ?? 'No policy rule allows this part of the call.';
  return `${about}: ${message}${advice === undefined ? '' : ` To name its target: ${advice}.`}`;
}
