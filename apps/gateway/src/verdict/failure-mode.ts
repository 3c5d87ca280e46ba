import { type HookEvent, REASONS, type ReasonId } from '@iris/contracts';
import type { Modes } from '@iris/decision';
import type { HookCalls } from '../protocol/hook-calls.js';
import type { HookVerdict } from '../protocol/hook-verdict.js';
import type { Conclusion } from './conclusion.js';
import { block } from './denials.js';

/** Which verdict a hook gets when its calls cannot be decided. */
export type FailureModes = Readonly<Record<'pre_request' | 'pre_tool_use', 'closed' | 'open'>>;

/** Size and shape open no way around a policy: these block in either failure mode. */
const BLOCKS_IN_ANY_FAILURE_MODE: ReadonlySet<ReasonId> = new Set([
  'body_too_large',
  'body_unreadable',
  'body_too_deep',
  'body_too_complex',
  'decoded_ratio_exceeded',
  'too_many_calls',
  'too_many_new_calls',
  'too_many_results',
  'too_many_declared_tools',
  'id_too_long',
  'name_too_long',
  'metadata_too_large',
  'gateway_busy',
  'worker_failed',
  'hook_key_not_permitted',
  'unknown_agent_event',
  'conflicting_fields',
]);

const NO_BODY =
  'this hook carries no request body, so no tool call can be judged; its grant in Aperture lacks request_body in send';
const UNKNOWN_FORMAT = 'this request has a format whose tool calls cannot be judged';

/** The verdicts on hooks whose calls are not decided. Nothing is blocked where the event is only observed. */
export class FailureMode {
  constructor(
    private readonly modes: Pick<Modes, 'ofEvent'>,
    private readonly onFailure: FailureModes,
  ) {}

  /**
   * The verdict of the failure mode.
   *
   * @param isOverLimit whether calls are left beyond the limit: more calls than it open no way around a policy
   */
  undecided(event: HookEvent, reason: ReasonId, text: string, isOverLimit = false): Conclusion {
    const { pre_request, pre_tool_use } = this.onFailure;
    const onFailure = event === 'pre_tool_use' ? pre_tool_use : pre_request;
    const isOpen = onFailure === 'open' && !isOverLimit;
    const blocked = () => this.unlessObserving(event, block(reason, `Blocked: ${text}.`));
    return { verdict: isOpen ? { action: 'allow', reason } : blocked(), failed: true };
  }

  /** The verdict on a hook that was not read. */
  unread(event: HookEvent, reason: ReasonId, detail: string): Conclusion {
    const text = `this request could not be read: ${detail}`;
    return BLOCKS_IN_ANY_FAILURE_MODE.has(reason)
      ? { verdict: this.unlessObserving(event, block(reason, `Blocked: ${text}.`)) }
      : this.undecided(event, reason, text);
  }

  /** The verdict on a hook that was read and whose calls were not. */
  unjudgeable(event: HookEvent, calls: Exclude<HookCalls, { status: 'read' }>): Conclusion {
    if (calls.status === 'nothing_to_evaluate') return this.undecided(event, calls.status, NO_BODY);
    const { reason, detail } = calls;
    if (BLOCKS_IN_ANY_FAILURE_MODE.has(reason)) return this.unread(event, reason, detail ?? REASONS[reason]);
    return this.undecided(event, reason, UNKNOWN_FORMAT);
  }

  /** A verdict that blocks unless the event is only observed. */
  unlessObserving(event: HookEvent, verdict: HookVerdict): HookVerdict {
    return this.modes.ofEvent(event) === 'observe' ? { action: 'allow', reason: verdict.reason } : verdict;
  }
}
