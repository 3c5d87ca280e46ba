import { type CallDecision, guardrailResponseSchema, REASON_IDS } from '@iris/contracts';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { replyText } from '../http/aperture-reply.js';
import type { HookVerdict } from '../protocol/hook-verdict.js';
import { block, blockFor, denialNotice } from './denials.js';

function denial(rest: Partial<CallDecision> = {}): CallDecision {
  return {
    call: { id: 't1', name: 'Bash', phase: 'executed', paramsStatus: 'ok', params: { command: 'secret' } },
    effect: 'DENY',
    reason: 'policy_denied',
    observe: false,
    rules: [],
    derivedRoles: [],
    outputs: [],
    ...rest,
  };
}

describe('replyText', () => {
  it('has the documented keys and nothing else, for any verdict', () => {
    const reason = fc.constantFrom(...REASON_IDS);
    const status = fc.option(fc.integer({ min: 400, max: 599 }), { nil: undefined });
    const verdict: fc.Arbitrary<HookVerdict> = fc.oneof(
      fc.record({ action: fc.constant('allow' as const), reason }),
      fc.tuple(reason, fc.string(), fc.string(), status).map(([id, text, rule, code]) => block(id, text, rule, code)),
      fc.record({
        action: fc.constant('modify' as const),
        reason,
        body: fc.dictionary(fc.string(), fc.jsonValue()).map((value) => JSON.stringify(value)),
      }),
      fc.record({ action: fc.constant('ask' as const), reason, message: fc.string() }),
    );
    fc.assert(
      fc.property(verdict, (given) => {
        expect(guardrailResponseSchema.safeParse(JSON.parse(replyText(given))).error).toBeUndefined();
      }),
    );
  });

  it('puts a new body in as the text it is', () => {
    const body = '{ "n" : 12345678901234567890, "s":"\\u00e9" }';
    expect(replyText({ action: 'modify', reason: 'policy_denied', body })).toBe(
      `{"action":"modify","request_body":${body}}`,
    );
  });
});

describe('a denial', () => {
  it('has message, status, reason and rule, and no parameters', () => {
    const decision = denial({ message: 'Ask IT.', statusCode: 451, rules: ['resource.x#rule', 'resource.x#other'] });
    expect(blockFor([decision, denial()])).toEqual({
      action: 'block',
      reason: 'policy_denied',
      statusCode: 451,
      message: 'Ask IT. [policy_denied resource.x#rule]',
    });
    expect(denialNotice(decision)).toBe(
      'The result of this tool call was withheld. Ask IT. [policy_denied resource.x#rule]',
    );
  });

  it.each([
    ['policy_denied', 'No policy rule allows this tool call. [policy_denied]'],
    ['no_policy_match', 'No policy decides about this tool. [no_policy_match]'],
  ] as const)('has a default message without a rule for %s', (reason, message) => {
    expect(blockFor([denial({ reason })])).toMatchObject({ message, statusCode: 403 });
  });

  it('keeps the reason when the words are cut', () => {
    const verdict = block('policy_denied', 'x'.repeat(5000));
    expect(verdict).toMatchObject({ message: expect.stringMatching(/^x{1000}… \[policy_denied\]$/) });
  });

  it('is needed for a block', () => {
    expect(() => blockFor([])).toThrow('a block needs a denial');
  });
});
