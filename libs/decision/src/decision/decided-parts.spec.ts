import type { CallDecision } from '@iris/contracts';
import { describe, expect, it } from '@jest/globals';
import type { EffectPart } from '../shared/decided-call.js';
import { decisionOfParts } from './decided-parts.js';

function decision(rest: Partial<CallDecision> = {}): CallDecision {
  return {
    call: { id: 'c1', name: 'Bash', phase: 'executed', paramsStatus: 'ok', params: {} },
    effect: 'ALLOW',
    reason: 'policy_allowed',
    observe: false,
    rules: ['p#own'],
    derivedRoles: ['engineer'],
    outputs: [],
    ...rest,
  };
}

function denial(category: string, rest: Partial<CallDecision> = {}): CallDecision {
  return decision({
    effect: 'DENY',
    reason: 'policy_denied',
    message: 'On-call only.',
    rules: [`p#${category}`],
    deniedCategories: [category],
    ...rest,
  });
}

function part(program: string, rest: Partial<EffectPart['effect']> = {}): EffectPart {
  return { effect: { program, ...rest }, summary: { program }, attr: {} };
}

describe('decisionOfParts', () => {
  it('is the decision on the call where it has no effect', () => {
    const own = decision();
    expect(decisionOfParts(own, [], [])).toBe(own);
  });

  it('allows when the call and every effect are allowed', () => {
    expect(decisionOfParts(decision(), [part('psql')], [decision({ rules: ['p#db'] })])).toMatchObject({
      effect: 'ALLOW',
      rules: ['p#own'],
      effects: [{ summary: { program: 'psql' }, effect: 'ALLOW', rules: ['p#db'] }],
    });
  });

  it('denies when one effect is denied, and names it with the way out', () => {
    const parts = [part('curl'), part('kubectl', { target: 'eu-1', advice: 'give --context' })];
    expect(decisionOfParts(decision(), parts, [decision(), denial('infrastructure')])).toMatchObject({
      effect: 'DENY',
      reason: 'policy_denied',
      message: 'kubectl on eu-1: On-call only. To name its target: give --context.',
      rules: ['p#infrastructure'],
      deniedCategories: ['infrastructure'],
      effects: [{ effect: 'ALLOW' }, { effect: 'DENY' }],
    });
  });

  it('lets the denial of the call itself speak first', () => {
    const own = denial('shell', { message: 'Engineers only.' });
    expect(decisionOfParts(own, [part('psql')], [denial('database')])).toMatchObject({
      message: 'Engineers only.',
      rules: ['p#shell', 'p#database'],
      deniedCategories: ['shell', 'database'],
    });
  });

  it('is only observed when every denial is', () => {
    const watched = denial('database', { observe: true });
    expect(decisionOfParts(decision(), [part('a')], [watched]).observe).toBe(true);
    expect(decisionOfParts(decision(), [part('a'), part('b')], [watched, denial('infrastructure')]).observe).toBe(
      false,
    );
  });
});
