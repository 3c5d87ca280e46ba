import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { guardrailResponseSchema } from './guardrail-response.js';
import { hookCallDataSchema } from './hook-call-data.js';

describe('HookCallData', () => {
  it.each([
    ['nothing at all', {}],
    ['unknown keys', { metadata: { login_name: 'a', more: 1 }, later: [1] }],
    ['null for everything', { metadata: null, tool_calls: null, user_message: null, request_body: null }],
    ['empty values', { metadata: {}, tool_calls: [], user_message: '', request_body: {} }],
    ['calls of any parameters', { tool_calls: [{ name: 'x', params: 3 }, { name: null }, {}] }],
    ['calls of any form, since one must not discard the others', { tool_calls: [null, { name: 1 }, 'x'] }],
    ['numbers beyond 32 bits', { metadata: { quotas: { day: { current: 5_000_000_000 } } } }],
  ])('accepts %s', (_title, hook) => {
    expect(hookCallDataSchema.safeParse(hook).error).toBeUndefined();
  });

  it.each([
    ['metadata.login_name', { metadata: { login_name: 5 } }],
    ['metadata.grants', { metadata: { grants: 'x' } }],
    ['user_message', { user_message: [] }],
  ])('names %s when its type is wrong', (path, hook) => {
    expect(hookCallDataSchema.safeParse(hook).error?.issues[0]?.path.join('.')).toBe(path);
  });

  it('never throws, whatever JSON it is given', () => {
    fc.assert(fc.property(fc.jsonValue(), (value) => void hookCallDataSchema.safeParse(value)));
  });
});

describe('GuardrailResponse', () => {
  it('has the four documented keys and no other', () => {
    const block = { action: 'block', status_code: 403, message: 'no' };
    expect(guardrailResponseSchema.safeParse(block).success).toBe(true);
    expect(guardrailResponseSchema.safeParse({ ...block, reason: 'x' }).success).toBe(false);
    expect(guardrailResponseSchema.safeParse({ action: 'modify', request_body: [] }).success).toBe(false);
    expect(guardrailResponseSchema.safeParse({ action: 'Block', status_code: 403, message: 'no' }).success).toBe(false);
  });
});
