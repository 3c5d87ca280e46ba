import type { CallDecision, ReasonId } from '@iris/contracts';
import type { HookVerdict } from '../protocol/hook-verdict.js';

const DEFAULT_BLOCK_STATUS = 403;
const MAX_MESSAGE = 1000;

/** A block with its cause and reason id, so that a user's report leads to the log. */
export function block(reason: ReasonId, message: string, rule?: string, statusCode?: number): HookVerdict {
  return {
    action: 'block',
    reason,
    statusCode: statusCode ?? DEFAULT_BLOCK_STATUS,
    message: withReason(message, reason, rule),
  };
}

/** A block for denied calls: the first denial speaks. */
export function blockFor(denials: readonly CallDecision[]): HookVerdict {
  const [first] = denials;
  if (first === undefined) throw new Error('a block needs a denial');
  return block(first.reason, denialText(first), first.rules[0], first.statusCode);
}

/**
 * The notice that stands where a denied result stood. It depends on the decision alone, so it is the same on every
 * later turn.
 */
export function denialNotice(decision: CallDecision): string {
  return withReason(
    `The result of this tool call was withheld. ${denialText(decision)}`,
    decision.reason,
    decision.rules[0],
  );
}

function denialText(decision: CallDecision): string {
  if (decision.message !== undefined) return decision.message;
  return decision.reason === 'no_policy_match'
    ? 'No policy decides about this tool.'
    : 'No policy rule allows this tool call.';
}

function withReason(message: string, reason: ReasonId, rule: string | undefined): string {
  const text = message.length > MAX_MESSAGE ? `${message.slice(0, MAX_MESSAGE)}…` : message;
  return `${text} [${rule === undefined ? reason : `${reason} ${rule}`}]`;
}
