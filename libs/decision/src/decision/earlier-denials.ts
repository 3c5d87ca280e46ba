import { hash } from 'node:crypto';
import type { CallDecision, HookEvent, ToolCall } from '@iris/contracts';
import { stringify } from 'safe-stable-stringify';
import { isMadeId } from '../calls/made-ids.js';
import type { DecidedCall } from '../shared/decided-call.js';
import type { DecisionRequest } from '../shared/decision-request.js';
import type { VerdictKeys } from './verdict-keys.js';
import { type RememberedVerdict, toRememberedDecision, type VerdictMemory } from './verdict-memory.js';

/** The events whose verdict stops a call before it runs. */
const BEFORE_EXECUTION: ReadonlySet<HookEvent> = new Set(['pre_tool_use', 'mcp_tools_call']);

/** From this length on an id is a provider's random one, which no other call has. */
const UNIQUE_ID_LENGTH = 20;

/**
 * Denials that stopped a call before it ran, for the request that later holds the call: a result that is there anyway is
 * withheld, whatever the policies say by then. The entry points have sessions, devices and clients of their own, so a
 * denial is bound to person and id of the call, and to its content where the id may be another call's too.
 *
 * An allow is not reused: event and phase differ, and policies see both. Never throws.
 */
export class EarlierDenials {
  constructor(private readonly memory: Pick<VerdictMemory, 'recall' | 'remember'>) {}

  /** @param decided decisions that were put into force */
  remember(request: DecisionRequest, decided: readonly CallDecision[], revision: string): void {
    if (!BEFORE_EXECUTION.has(request.event)) return;
    const denied = decided.filter(({ effect, call }) => effect === 'DENY' && !isMadeId(call.id));
    if (denied.length > 0)
      this.memory.remember(scopeOf(request), denied, keysOf(denied.map(({ call }) => call)), revision);
  }

  /** The denials of these calls; none for events other than `pre_request`. */
  async recall(
    request: DecisionRequest,
    calls: readonly ToolCall[],
    revision: string,
  ): Promise<Map<ToolCall, CallDecision>> {
    const denials = new Map<ToolCall, CallDecision>();
    if (request.event !== 'pre_request') return denials;
    // Whatever came back as the result: the denial is about the call.
    const asked = new Map(
      calls
        .filter(({ id }) => !isMadeId(id))
        .map((call): [ToolCall, ToolCall] => [{ ...call, phase: 'requested', callVisible: true }, call]),
    );
    if (asked.size === 0) return denials;
    const found = await this.memory.recall(scopeOf(request), keysOf([...asked.keys()]), revision);
    for (const [copy, verdict] of found) {
      const call = asked.get(copy);
      if (call !== undefined && verdict.effect === 'DENY') denials.set(call, earlierDenial(call, verdict));
    }
    return denials;
  }
}

/** A decision after an earlier denial of its call: an allow does not lift it. */
export function underDenial(decided: DecidedCall, earlier: CallDecision | undefined): DecidedCall {
  const { decision } = decided;
  if (earlier === undefined || decision.effect === 'DENY') return decided;
  const { effect, reason, message, statusCode, observe, rules, deniedCategories } = earlier;
  return {
    ...decided,
    decision: { ...decision, effect, reason, message, statusCode, observe, rules, deniedCategories },
  };
}

function earlierDenial(call: ToolCall, verdict: RememberedVerdict): CallDecision {
  return { ...toRememberedDecision(call, verdict), reason: 'denied_before_execution', observe: false };
}

/** A digest, so that no login is part of a key. None for nobody: anonymous calls are everybody's. */
function scopeOf({ who }: DecisionRequest): string | undefined {
  if (who.kind === 'anonymous') return undefined;
  return hash('sha256', JSON.stringify(['before execution', who.kind, who.id]), 'base64url');
}

function keysOf(calls: readonly ToolCall[]): Map<ToolCall, VerdictKeys> {
  return new Map(
    calls.map((call) => [call, { names: [{ id: `before:${call.id}`, content: contentOf(call) }], recalled: true }]),
  );
}

function contentOf({ id, name, params }: ToolCall): string {
  return id.length >= UNIQUE_ID_LENGTH ? 'any' : hash('sha256', stringify([name, params ?? {}]), 'base64url');
}
