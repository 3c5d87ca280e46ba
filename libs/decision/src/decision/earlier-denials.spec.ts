import type { CallDecision, HookEvent, ToolCall } from '@iris/contracts';
import { describe, expect, it } from '@jest/globals';
import type { DecidedCall } from '../shared/decided-call.js';
import type { DecisionRequest } from '../shared/decision-request.js';
import { requestOf } from '../testing/index.js';
import { EarlierDenials, underDenial } from './earlier-denials.js';
import { VerdictMemory } from './verdict-memory.js';

const ID = 'toolu_0123456789abcdefghij';
const MADE = `call~${'0123456789ab'.repeat(2)}~1`;

/** A call that an agent is about to make. */
function call(rest: Partial<ToolCall> = {}): ToolCall {
  return { id: ID, name: 'Bash', phase: 'requested', paramsStatus: 'ok', params: { command: 'ls', a: 1 }, ...rest };
}

/** The same call in a history. */
function executed(rest: Partial<ToolCall> = {}): ToolCall {
  return call({ phase: 'executed', resultDigest: 'r', inNewestTurn: true, ...rest });
}

function decision(of: ToolCall, effect: 'ALLOW' | 'DENY' = 'DENY'): CallDecision {
  const reason = effect === 'DENY' ? 'policy_denied' : 'policy_allowed';
  return {
    call: of,
    effect,
    reason,
    message: 'Ask IT.',
    observe: false,
    rules: ['x#y'],
    derivedRoles: [],
    outputs: [],
  };
}

function denials(): EarlierDenials {
  return new EarlierDenials(new VerdictMemory({ ttlSeconds: 60, maxEntries: 100, onPolicyChange: 'keep' }));
}

const request = (event: HookEvent, changes: Partial<DecisionRequest> = {}) => requestOf({ event, ...changes });

async function isDenied(of: EarlierDenials, asked: ToolCall, changes: Partial<DecisionRequest> = {}): Promise<boolean> {
  return (await of.recall(request('pre_request', changes), [asked], 'r1')).has(asked);
}

function remembering(event: HookEvent, ...decisions: readonly CallDecision[]): EarlierDenials {
  const of = denials();
  of.remember(request(event, { sessionId: 'of the agent', userAgent: 'claude-cli' }), decisions, 'r1');
  return of;
}

describe('a denial before execution', () => {
  it.each<HookEvent>(['pre_tool_use', 'mcp_tools_call'])(
    'of %s holds in another session, with another client and whatever the result is',
    async (event) => {
      const of = remembering(event, decision(call()));
      for (const asked of [
        executed(),
        executed({ resultDigest: 'other' }),
        executed({ resultDigest: undefined }),
        call(),
      ]) {
        expect(await isDenied(of, asked, { sessionId: 'of aperture', userAgent: 'claude-cli/2.1' })).toBe(true);
      }
    },
  );

  it('returns the message and rules of the denial, under a reason of its own', async () => {
    const asked = executed();
    const found = await remembering('pre_tool_use', decision(call())).recall(request('pre_request'), [asked], 'r1');
    expect(found.get(asked)).toMatchObject({
      call: asked,
      effect: 'DENY',
      reason: 'denied_before_execution',
      message: 'Ask IT.',
      rules: ['x#y'],
    });
  });

  it('holds under another name of the tool where the id is unique, and only for the same content elsewhere', async () => {
    expect(await isDenied(remembering('pre_tool_use', decision(call())), executed({ name: 'exec_command' }))).toBe(
      true,
    );
    const short = remembering('pre_tool_use', decision(call({ id: 'call_0' })));
    expect(await isDenied(short, executed({ id: 'call_0', params: { a: 1, command: 'ls' } }))).toBe(true);
    expect(await isDenied(short, executed({ id: 'call_0', params: { command: 'rm' } }))).toBe(false);
    expect(await isDenied(short, executed({ id: 'call_0', name: 'Read' }))).toBe(false);
  });

  it.each<[string, EarlierDenials, ToolCall, Partial<DecisionRequest>]>([
    ['another person', remembering('pre_tool_use', decision(call())), executed(), { who: { kind: 'user', id: 'ben' } }],
    ['another call', remembering('pre_tool_use', decision(call())), executed({ id: `${ID}2` }), {}],
    ['a call that was allowed', remembering('pre_tool_use', decision(call(), 'ALLOW')), executed(), {}],
    ['a call after its response', remembering('entire_request', decision(call())), executed(), {}],
    [
      'a call whose id was made here',
      remembering('pre_tool_use', decision(call({ id: MADE }))),
      executed({ id: MADE }),
      {},
    ],
  ])('does not hold for %s', async (_title, of, asked, changes) => {
    expect(await isDenied(of, asked, changes)).toBe(false);
  });

  it('holds for nobody, and is not asked about before the call', async () => {
    const who = { kind: 'anonymous', id: 'anonymous' } as const;
    const of = denials();
    of.remember(request('pre_tool_use', { who }), [decision(call())], 'r1');
    expect(await isDenied(of, executed(), { who })).toBe(false);
    const asked = call();
    expect(await remembering('pre_tool_use', decision(call())).recall(request('pre_tool_use'), [asked], 'r1')).toEqual(
      new Map(),
    );
  });
});

describe('underDenial', () => {
  const decided = (effect: 'ALLOW' | 'DENY'): DecidedCall => ({
    decision: decision(executed(), effect),
    attr: {},
    parts: [],
  });
  const earlier: CallDecision = { ...decision(executed()), reason: 'denied_before_execution', message: 'Earlier.' };

  it('replaces an allow, keeps a denial with its own words, and changes nothing without one', () => {
    expect(underDenial(decided('ALLOW'), earlier).decision).toMatchObject({
      effect: 'DENY',
      reason: 'denied_before_execution',
      message: 'Earlier.',
    });
    expect(underDenial(decided('DENY'), earlier).decision.reason).toBe('policy_denied');
    const allowed = decided('ALLOW');
    expect(underDenial(allowed, undefined)).toBe(allowed);
  });
});
