import { type CallDecision, type GuardrailResponse, guardrailResponseSchema, type ReasonId } from '@iris/contracts';

/** The verdict on a whole hook, before it takes the form of a reply. */
export type HookVerdict =
  | { readonly action: 'allow'; readonly reason: ReasonId }
  | { readonly action: 'block'; readonly reason: ReasonId; readonly message: string; readonly statusCode: number }
  /** Only for an agent's own hook: policy allows the call, and asks that a person confirms it. */
  | { readonly action: 'ask'; readonly reason: ReasonId; readonly message: string }
  /** `body` is the raw text of the new provider body, in UTF-8 where it is bytes. */
  | { readonly action: 'modify'; readonly reason: ReasonId; readonly body: string | Buffer };

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

/** The parts of the HTTP reply. A body of bytes is neither decoded nor copied: that takes as long as it is. */
export function replyParts(verdict: HookVerdict): readonly (string | Buffer)[] {
  if (verdict.action !== 'modify' || typeof verdict.body === 'string') return [replyText(verdict)];
  return [MODIFY_START, verdict.body, '}'];
}

const MODIFY_START = '{"action":"modify","request_body":';

/** The text of the HTTP reply. A new provider body is put in as the raw text it is. */
export function replyText(verdict: HookVerdict): string {
  switch (verdict.action) {
    case 'modify':
      return `${MODIFY_START}${verdict.body}}`;
    case 'ask':
    case 'allow':
      return '{"action":"allow"}';
    case 'block': {
      const reply: GuardrailResponse = {
        action: 'block',
        status_code: verdict.statusCode,
        message: verdict.message,
      };
      return JSON.stringify(guardrailResponseSchema.parse(reply));
    }
  }
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
