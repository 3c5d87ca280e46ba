import type { CallDecision, ToolCall } from '@iris/contracts';
import { PdpError } from '@iris/pdp';
import { createLogger } from '@iris/telemetry';
import { describe, expect, it } from '@jest/globals';
import type { DecidedCall } from '../shared/decided-call.js';
import type { RequestOutcome, ShadowDifference } from '../shared/request-outcome.js';
import { requestOf } from '../testing/index.js';
import { ShadowPolicy } from './shadow-policy.js';

function decided(effect: 'ALLOW' | 'DENY', reason: CallDecision['reason'] = 'policy_denied'): DecidedCall {
  const call: ToolCall = { id: reason, name: 'Read', phase: 'executed', paramsStatus: 'ok' };
  const decision = { call, effect, reason, observe: false, rules: [], derivedRoles: [], outputs: [] };
  return { decision, attr: {}, parts: [] };
}

const OUTCOME: RequestOutcome = {
  request: requestOf(),
  prepared: { principal: { id: 'ana', roles: [], attr: {} }, origins: {}, sources: {}, anonymous: false },
  verdict: { action: 'allow', reason: 'policy_allowed' },
  mode: 'enforce',
  durationsMs: { context: 0, pdp: 0, total: 0 },
};

/** Compares once, and resolves with what was asked and recorded. */
async function compared(all: readonly DecidedCall[], answer: (asked: readonly DecidedCall[]) => DecidedCall[]) {
  const ended = Promise.withResolvers<void>();
  const asked: DecidedCall[] = [];
  const recorded: ShadowDifference[] = [];
  const candidate = {
    decideAgain: async (_request: unknown, _prepared: unknown, again: readonly DecidedCall[]) => {
      setImmediate(ended.resolve);
      asked.push(...again);
      return answer(again);
    },
  };
  const evidence = {
    recordDifferences: async (_outcome: RequestOutcome, differences: readonly ShadowDifference[]) => {
      recorded.push(...differences);
    },
  };
  new ShadowPolicy(candidate, evidence, 'next', createLogger('test', 'silent')).compare(OUTCOME, all);
  expect(asked).toEqual([]);
  setImmediate(() => setImmediate(ended.resolve));
  await ended.promise;
  return { asked, recorded };
}

describe('ShadowPolicy', () => {
  it('records the calls on which the candidate differs, after the reply', async () => {
    const { recorded } = await compared([decided('DENY'), decided('ALLOW')], (again) =>
      again.map(() => decided('ALLOW')),
    );
    expect(recorded.map(({ decision, shadow }) => [decision.effect, shadow.decision.effect])).toEqual([
      ['DENY', 'ALLOW'],
    ]);
  });

  it('leaves out the denials that hold whatever policies say', async () => {
    const all = [decided('DENY', 'call_too_large'), decided('DENY', 'call_too_complex'), decided('DENY')];
    const { asked } = await compared(all, (again) => [...again]);
    expect(asked).toEqual([all[2]]);
  });

  it('records nothing when the candidate gives no decision', async () => {
    const { recorded } = await compared([decided('DENY')], () => {
      throw new PdpError('pdp_timeout', 'late');
    });
    expect(recorded).toEqual([]);
  });
});
