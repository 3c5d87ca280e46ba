import { type CallDecision, ENFORCEABLE_EVENTS, type Hook, type HookEvent, isJsonObject } from '@iris/contracts';
import type { DecidedCall, Judgement, Modes } from '@iris/decision';
import { count } from '@iris/telemetry';
import type { ReadCalls } from '../protocol/hook-calls.js';
import type { HookVerdict } from '../protocol/hook-verdict.js';
import { block, blockFor, denialNotice } from './denials.js';

/** The verdict, and what it would have been if nothing were only observed. */
export interface Conclusion {
  readonly verdict: HookVerdict;
  /** Absent when nothing is only observed. */
  readonly wouldHave?: HookVerdict['action'];
  /** Whether no decision could be had, so that the failure mode gave the verdict. */
  readonly failed?: boolean;
}

const NOBODY_TO_ASK =
  'A person must confirm this call, and this client or permission mode asks nobody. Use a mode that asks, for example default.';

/** From decisions to the verdict on a hook: what is enforced makes the verdict, all of it what would have been. */
export async function conclude(
  hook: Hook,
  calls: ReadCalls,
  judgement: Judgement,
  modes: Modes,
  onDeniedResult: 'redact' | 'block',
): Promise<Conclusion> {
  const enforced = enforcedPart(hook, calls, judgement, modes);
  const verdict = await verdictOn(hook, calls, enforced, onDeniedResult);
  if (verdict.action === 'modify' && enforced.strip.size > 0 && calls.body !== undefined) {
    count('iris.decision.stripped_tools', { format: calls.body.format }, enforced.strip.size);
  }
  const all: Acted = {
    decided: judgement.decided,
    strip: judgement.strip,
    denied: [...judgement.decisions.values()].filter(isDenied),
  };
  const left = all.denied.length - enforced.denied.length + all.strip.size - enforced.strip.size;
  if (left === 0 && modes.ofEvent(hook.event) === 'enforce') return { verdict };
  const wouldHave = (await verdictOn(hook, calls, all, onDeniedResult)).action;
  const isLetPass = verdict.action === 'allow' && all.denied.length > 0;
  return { verdict: isLetPass ? { action: 'allow', reason: 'observe_mode' } : verdict, wouldHave };
}

/**
 * A verdict without the decision on every call, for example that of a failure mode: a block where a known denial is
 * enforced, since no failure mode opens it.
 */
export function unlessDenied(event: HookEvent, judgement: Judgement, verdict: HookVerdict, modes: Modes): HookVerdict {
  if (verdict.action !== 'allow' || !ENFORCEABLE_EVENTS.has(event)) return verdict;
  const denied = [...judgement.decisions.values()].filter(
    (decision) => isDenied(decision) && !decision.observe && modes.ofDecision(event, decision) === 'enforce',
  );
  return denied.length === 0 ? verdict : blockFor(denied);
}

/** What a verdict acts on. */
interface Acted {
  readonly denied: readonly CallDecision[];
  readonly decided: readonly DecidedCall[];
  readonly strip: ReadonlySet<string>;
}

function enforcedPart(hook: Hook, calls: ReadCalls, { decided, decisions, strip }: Judgement, modes: Modes): Acted {
  const isEnforced = (decision: CallDecision) => modes.ofDecision(hook.event, decision) === 'enforce';
  const declared = calls.declared.filter((tool) => modes.ofTool(hook.event, tool) === 'enforce');
  return {
    denied: [...decisions.values()].filter(
      (decision) => isDenied(decision) && !decision.observe && isEnforced(decision),
    ),
    decided: decided.filter(({ decision }) => isEnforced(decision)),
    strip: new Set(declared.map(({ key }) => key).filter((key) => strip.has(key))),
  };
}

async function verdictOn(
  hook: Hook,
  calls: ReadCalls,
  acted: Acted,
  onDeniedResult: 'redact' | 'block',
): Promise<HookVerdict> {
  const { denied, strip } = acted;
  const { body } = calls;
  if (body === undefined || hook.event !== 'pre_request') {
    if (denied.length > 0) return blockFor(denied);
    const question = hook.event === 'pre_tool_use' ? questionOf(acted.decided) : undefined;
    if (question !== undefined && hook.agent?.canAsk === true) {
      return { action: 'ask', reason: 'policy_allowed', message: question };
    }
    if (question !== undefined) return block('nobody_to_ask', `${question} ${NOBODY_TO_ASK}`);
    return allowed(calls);
  }
  const outside = denied.filter(({ call }) => call.phase !== 'executed');
  if (outside.length > 0) return blockFor(outside);
  if (denied.length > 0 && onDeniedResult === 'block') return blockFor(denied);

  const redact = new Map(denied.map((decision) => [decision.call.id, denialNotice(decision)]));
  const rewritten = await body.rewrite({ strip, redact });
  switch (rewritten.status) {
    case 'unchanged':
      return allowed(calls);
    case 'rewritten':
      return { action: 'modify', reason: 'policy_denied', body: rewritten.text };
    case 'not_representable':
      return denied.length > 0
        ? blockFor(denied)
        : block('denial_not_representable', 'A tool that is not allowed cannot be removed from this request.');
  }
}

function allowed({ calls }: ReadCalls): HookVerdict {
  return { action: 'allow', reason: calls.length > 0 ? 'policy_allowed' : 'no_tool_call' };
}

function isDenied({ effect }: CallDecision): boolean {
  return effect === 'DENY';
}

/** What a rule that allows a call wants a person to confirm. */
function questionOf(decided: readonly DecidedCall[]): string | undefined {
  for (const { decision } of decided) {
    for (const { value } of decision.outputs) {
      if (isJsonObject(value) && typeof value.ask === 'string' && value.ask.trim() !== '') return value.ask.trim();
    }
  }
  return undefined;
}
