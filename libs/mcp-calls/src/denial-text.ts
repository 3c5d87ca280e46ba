import { type CallDecision, isJsonObject, type ReasonId } from '@iris/contracts';
import type { CallVerdict } from './call-decider.js';

const MAX_MESSAGE = 1000;

/** The denial of a call, with the message of its rule and the reason id that leads to the log. */
export function denied(decision: CallDecision): CallVerdict {
  const text = decision.message ?? defaultText(decision.reason);
  return { action: 'deny', reason: decision.reason, message: withReason(text, decision.reason, decision.rules[0]) };
}

/** What a rule that allows a call wants a person to confirm. */
export function questionOf({ outputs }: CallDecision): string | undefined {
  for (const { value } of outputs) {
    if (isJsonObject(value) && typeof value.ask === 'string' && value.ask.trim() !== '') return value.ask.trim();
  }
  return undefined;
}

export function withReason(message: string, reason: ReasonId, rule?: string): string {
  const text = message.length > MAX_MESSAGE ? `${message.slice(0, MAX_MESSAGE)}…` : message;
  return `${text} [${rule === undefined ? reason : `${reason} ${rule}`}]`;
}

function defaultText(reason: ReasonId): string {
  return reason === 'no_policy_match' ? 'No policy decides about this tool.' : 'No policy rule allows this tool call.';
}
