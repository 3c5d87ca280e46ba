import type { CallDecision, ToolCall } from '@iris/contracts';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { toRememberedDecision, VerdictMemory, type VerdictScope } from './verdict-memory.js';

const SCOPE: VerdictScope = { principal: 'ana', session: 's1' };

function call(rest: Partial<ToolCall> = {}): ToolCall {
  return { id: 't1', name: 'Bash', phase: 'executed', paramsStatus: 'ok', params: { command: 'ls' }, ...rest };
}

function denial(of: ToolCall): CallDecision {
  return {
    call: of,
    effect: 'DENY',
    reason: 'policy_denied',
    message: 'Ask IT.',
    statusCode: 451,
    observe: false,
    rules: ['resource.x#rule'],
    derivedRoles: ['engineer'],
    outputs: [],
  };
}

function memory(rest: { onPolicyChange?: 'keep' | 'recheck'; maxEntries?: number } = {}): VerdictMemory {
  return new VerdictMemory({ lifeSeconds: 60, maxEntries: 100, onPolicyChange: 'keep', ...rest });
}

async function knows(of: VerdictMemory, asked: ToolCall, scope = SCOPE, revision = 'r1'): Promise<boolean> {
  return (await of.recall(scope, [asked], revision)).has(asked);
}

describe('VerdictMemory', () => {
  it('gives back what was decided, so that a denial reads the same', async () => {
    const verdicts = memory();
    verdicts.remember(SCOPE, [denial(call())], 'r1');
    const again = call({ phase: 'requested' });
    const verdict = (await verdicts.recall(SCOPE, [again], 'r1')).get(again);
    expect(verdict && toRememberedDecision(again, verdict)).toEqual({
      ...denial(again),
      derivedRoles: [],
    });
  });

  it.each([
    ['another id', { id: 't2' }],
    ['another name', { name: 'Read' }],
    ['another server', { server: 'x' }],
    ['other parameters', { params: { command: 'rm' } }],
    ['parameters that cannot be read', { params: undefined, paramsStatus: 'unparsed' as const }],
  ])('does not know a call of %s', async (_title, rest) => {
    const verdicts = memory();
    verdicts.remember(SCOPE, [denial(call())], 'r1');
    expect(await knows(verdicts, call())).toBe(true);
    expect(await knows(verdicts, call(rest))).toBe(false);
  });

  it('keeps principals and sessions apart, and knows nothing without a scope', async () => {
    const verdicts = memory();
    verdicts.remember(SCOPE, [denial(call())], 'r1');
    expect(await knows(verdicts, call(), { ...SCOPE, session: 's2' })).toBe(false);
    expect(await knows(verdicts, call(), { ...SCOPE, principal: 'ben' })).toBe(false);
    verdicts.remember(undefined, [denial(call({ id: 't9' }))], 'r1');
    expect(await verdicts.recall(undefined, [call(), call({ id: 't9' })], 'r1')).toEqual(new Map());
  });

  it('knows a call by its id alone where nothing else is known of it', async () => {
    const verdicts = memory();
    verdicts.remember(SCOPE, [denial(call())], 'r1');
    const onlyId = call({ name: 'unknown', params: undefined, paramsStatus: 'not_object' });
    expect(await knows(verdicts, onlyId)).toBe(true);
    // Once the name is known, what was said of an unknown call says nothing of it.
    verdicts.remember(SCOPE, [denial({ ...onlyId, id: 't3' })], 'r1');
    expect(await knows(verdicts, call({ id: 't3' }))).toBe(false);
  });

  it('keeps verdicts over a change of policy, or only those of the revision in force', async () => {
    for (const [onPolicyChange, kept] of [
      ['keep', true],
      ['recheck', false],
    ] as const) {
      const verdicts = memory({ onPolicyChange });
      verdicts.remember(SCOPE, [denial(call())], 'r1');
      expect(await knows(verdicts, call(), SCOPE, 'r1')).toBe(true);
      expect(await knows(verdicts, call(), SCOPE, 'r2')).toBe(kept);
    }
  });

  it('forgets rather than growing, which means that calls are judged again', async () => {
    const verdicts = memory({ maxEntries: 1 });
    verdicts.remember(SCOPE, [denial(call()), denial(call({ id: 't2' }))], 'r1');
    expect(await knows(verdicts, call())).toBe(false);
    expect(await knows(verdicts, call({ id: 't2' }))).toBe(true);
  });

  it('takes any id, and no id for another', async () => {
    const id = fc.oneof(fc.string(), fc.string({ minLength: 65, maxLength: 200 }));
    await fc.assert(
      fc.asyncProperty(id, id, async (one, other) => {
        fc.pre(one !== other);
        const verdicts = memory();
        verdicts.remember(SCOPE, [denial(call({ id: one }))], 'r1');
        expect(await knows(verdicts, call({ id: one }))).toBe(true);
        expect(await knows(verdicts, call({ id: other }))).toBe(false);
      }),
    );
  });
});
