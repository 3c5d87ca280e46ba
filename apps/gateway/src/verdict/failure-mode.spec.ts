import { type HookEvent, REASONS, type ReasonId } from '@iris/contracts';
import type { Mode } from '@iris/decision';
import { describe, expect, it } from '@jest/globals';
import { FailureMode } from './failure-mode.js';

const REASON_IDS = Object.keys(REASONS) as ReasonId[];
const BEFORE_THE_CALL: readonly HookEvent[] = ['pre_request', 'pre_tool_use'];
const HOOK_EVENTS: readonly HookEvent[] = [...BEFORE_THE_CALL, 'tool_call_entire_request', 'entire_request'];
/** One of each kind of input that an attacker may choose the size or the shape of. */
const OF_SIZE_OR_SHAPE: readonly ReasonId[] = [
  'body_too_large',
  'body_unreadable',
  'body_too_deep',
  'too_many_calls',
  'too_many_new_calls',
  'name_too_long',
  'metadata_too_large',
  'gateway_busy',
  'conflicting_fields',
];

function failureMode(pre_request: 'closed' | 'open', pre_tool_use = pre_request, mode: Mode = 'enforce') {
  return new FailureMode({ ofEvent: () => mode }, { pre_request, pre_tool_use });
}

/** The conclusions for every reason, in each way in which a hook may fail. */
function all(mode: FailureMode, event: HookEvent) {
  return REASON_IDS.flatMap((reason) => [
    mode.undecided(event, reason, 'text'),
    mode.undecided(event, reason, 'text', true),
    mode.unread(event, reason, 'text'),
    mode.unjudgeable(event, { status: 'unreadable', reason }),
    mode.unjudgeable(event, { status: 'nothing_to_evaluate' }),
  ]);
}

describe('FailureMode', () => {
  it.each(HOOK_EVENTS)('blocks whatever the reason when it is closed, on %s', (event) => {
    for (const { verdict } of all(failureMode('closed'), event)) expect(verdict.action).toBe('block');
  });

  it.each(HOOK_EVENTS)('blocks nothing where %s is only observed, in either setting', (event) => {
    for (const setting of ['closed', 'open'] as const) {
      for (const { verdict } of all(failureMode(setting, setting, 'observe'), event)) {
        expect(verdict.action).toBe('allow');
      }
    }
  });

  it.each(OF_SIZE_OR_SHAPE)('blocks %s also when it is open', (reason) => {
    const open = failureMode('open');
    for (const event of BEFORE_THE_CALL) {
      const conclusions = [
        open.unread(event, reason, 'text'),
        open.unjudgeable(event, { status: 'unreadable', reason }),
      ];
      // No failure: another verdict on such a hook does not come with a later try.
      for (const conclusion of conclusions) {
        expect(conclusion).toMatchObject({ verdict: { action: 'block', reason } });
        expect(conclusion.failed).not.toBe(true);
      }
    }
  });

  it('lets pass what the PDP does not decide when it is open, but for calls beyond the limit', () => {
    const open = failureMode('open');
    expect(open.undecided('pre_request', 'pdp_timeout', 'text')).toEqual({
      verdict: { action: 'allow', reason: 'pdp_timeout' },
      failed: true,
    });
    expect(open.undecided('pre_request', 'pdp_timeout', 'text', true)).toMatchObject({
      verdict: { action: 'block', reason: 'pdp_timeout' },
      failed: true,
    });
  });

  it('has a setting of its own for the calls of agents', () => {
    const actions = (mode: FailureMode) =>
      BEFORE_THE_CALL.map((event) => mode.undecided(event, 'pdp_timeout', 'text').verdict.action);
    expect(actions(failureMode('closed', 'open'))).toEqual(['block', 'allow']);
    expect(actions(failureMode('open', 'closed'))).toEqual(['allow', 'block']);
  });

  it('states in the message of a block why, with the reason id', () => {
    const closed = failureMode('closed');
    expect(closed.undecided('pre_request', 'pdp_timeout', 'the PDP is late').verdict).toMatchObject({
      message: 'Blocked: the PDP is late. [pdp_timeout]',
    });
    expect(closed.unread('pre_request', 'hook_malformed', 'it is no JSON').verdict).toMatchObject({
      message: 'Blocked: this request could not be read: it is no JSON. [hook_malformed]',
    });
  });
});
