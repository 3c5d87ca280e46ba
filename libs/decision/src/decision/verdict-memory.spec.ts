import { type CallDecision, type HookEvent, type ToolCall } from '@iris/contracts';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import fc from 'fast-check';
import { requestOf } from '../testing/index.js';
import { verdictKeys } from './verdict-keys.js';
import { toRememberedDecision, VerdictMemory } from './verdict-memory.js';

const SCOPE = 'scope-1';
const MADE = `call~${'0123456789ab'.repeat(2)}~1`;

const request = (event: HookEvent) => requestOf({ event, requestId: 'r1', sessionId: 's1' });

/** A call of a history. */
function call(rest: Partial<ToolCall> = {}): ToolCall {
  return {
    id: 't1',
    name: 'Bash',
    phase: 'executed',
    paramsStatus: 'ok',
    params: { command: 'ls' },
    resultDigest: 'result-1',
    inNewestTurn: true,
    callVisible: true,
    ...rest,
  };
}

/** The same call in a response, before it has run. */
function requested(rest: Partial<ToolCall> = {}): ToolCall {
  const { id, name, paramsStatus, params } = call();
  return { id, name, paramsStatus, params, phase: 'requested', ...rest };
}

/** A result whose call is kept by the provider. */
function onlyId(rest: Partial<ToolCall> = {}): ToolCall {
  return call({ name: 'unknown', params: undefined, paramsStatus: 'not_object', callVisible: false, ...rest });
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
  return new VerdictMemory({ ttlSeconds: 60, maxEntries: 100, onPolicyChange: 'keep', ...rest });
}

const eventOf = ({ phase }: ToolCall): HookEvent => (phase === 'executed' ? 'pre_request' : 'entire_request');

function remember(of: VerdictMemory, calls: readonly ToolCall[], event?: HookEvent, revision = 'r1'): void {
  for (const each of calls) {
    of.remember(SCOPE, [denial(each)], verdictKeys(request(event ?? eventOf(each)), [each]), revision);
  }
}

async function knows(
  of: VerdictMemory,
  asked: ToolCall,
  { scope = SCOPE, revision = 'r1', event = eventOf(asked) } = {},
): Promise<boolean> {
  return (await of.recall(scope, verdictKeys(request(event), [asked]), revision)).has(asked);
}

afterEach(() => {
  jest.useRealTimers();
});

describe('a remembered verdict', () => {
  it('reads the same when it is given again', async () => {
    const verdicts = memory();
    remember(verdicts, [call()]);
    const again = call({ inNewestTurn: false });
    const verdict = (await verdicts.recall(SCOPE, verdictKeys(request('pre_request'), [again]), 'r1')).get(again);
    expect(verdict && toRememberedDecision(again, verdict)).toEqual({ ...denial(again), derivedRoles: [] });
  });

  it.each<[string, Partial<ToolCall>]>([
    ['another id', { id: 't2' }],
    ['another name', { name: 'Read' }],
    ['the name of calls that are not known', { name: 'unknown' }],
    ['another server', { server: 'x' }],
    ['other parameters', { params: { command: 'rm' } }],
    ['parameters that cannot be read', { params: undefined, paramsStatus: 'unparsed' }],
    ['another result', { resultDigest: 'result-2' }],
    ['another result in an older turn', { resultDigest: 'result-2', inNewestTurn: false }],
    ['a result of which nothing is known', { resultDigest: undefined }],
  ])('does not cover a call with %s', async (_title, rest) => {
    const verdicts = memory();
    remember(verdicts, [call()]);
    expect(await knows(verdicts, call())).toBe(true);
    expect(await knows(verdicts, call(rest))).toBe(false);
  });

  it('covers its scope alone, and nothing without one', async () => {
    const verdicts = memory();
    remember(verdicts, [call()]);
    expect(await knows(verdicts, call(), { scope: 'scope-2' })).toBe(false);
    const names = verdictKeys(request('pre_request'), [call()]);
    verdicts.remember(undefined, [denial(call())], names, 'r1');
    expect(await verdicts.recall(undefined, names, 'r1')).toEqual(new Map());
  });

  it('does not cover a new result of a call whose id was made here, and covers it in the history', async () => {
    const verdicts = memory();
    remember(verdicts, [call({ id: MADE })]);
    expect(await knows(verdicts, call({ id: MADE }))).toBe(false);
    expect(await knows(verdicts, call({ id: MADE, inNewestTurn: false }))).toBe(true);
  });

  it('ends when its life is over, however often it was used and whatever else was decided since', async () => {
    jest.useFakeTimers({ now: 0, doNotFake: ['performance'] });
    const verdicts = memory();
    remember(verdicts, [call()]);
    for (const now of [20_000, 40_000, 59_000]) {
      jest.setSystemTime(now);
      expect(await knows(verdicts, call())).toBe(true);
      remember(verdicts, [call({ id: `at-${now}` })]);
    }
    jest.setSystemTime(60_000);
    expect(await knows(verdicts, call())).toBe(false);
    expect(await knows(verdicts, call({ id: 'at-59000' }))).toBe(true);
  });

  it.each(['call_too_large', 'call_too_complex', 'attributes_rejected'] as const)(
    'is none when the reason is %s',
    async (reason) => {
      const verdicts = memory();
      verdicts.remember(SCOPE, [{ ...denial(call()), reason }], verdictKeys(request('pre_request'), [call()]), 'r1');
      expect(await knows(verdicts, call())).toBe(false);
    },
  );

  it('survives a change of policy, or only those of the current revision count', async () => {
    for (const [onPolicyChange, kept] of [
      ['keep', true],
      ['recheck', false],
    ] as const) {
      const verdicts = memory({ onPolicyChange });
      remember(verdicts, [call()]);
      expect(await knows(verdicts, call())).toBe(true);
      expect(await knows(verdicts, call(), { revision: 'r2' })).toBe(kept);
    }
  });

  it('is forgotten rather than growing, which means that calls are judged again', async () => {
    const verdicts = memory({ maxEntries: 1 });
    remember(verdicts, [call(), call({ id: 't2' })]);
    expect(await knows(verdicts, call())).toBe(false);
    expect(await knows(verdicts, call({ id: 't2' }))).toBe(true);
  });

  it('is found by any id, and by no other one', async () => {
    const id = fc.oneof(fc.string(), fc.string({ minLength: 65, maxLength: 200 }));
    await fc.assert(
      fc.asyncProperty(id, id, async (one, other) => {
        fc.pre(one !== other);
        const verdicts = memory();
        remember(verdicts, [call({ id: one, inNewestTurn: false })]);
        expect(await knows(verdicts, call({ id: one, inNewestTurn: false }))).toBe(true);
        expect(await knows(verdicts, call({ id: other, inNewestTurn: false }))).toBe(false);
      }),
    );
  });
});

describe('a verdict that was given after a response', () => {
  it('covers the first result that comes, on every turn, and no other one', async () => {
    const verdicts = memory();
    remember(verdicts, [requested()]);
    expect(await knows(verdicts, call())).toBe(true);
    expect(await knows(verdicts, call({ resultDigest: 'result-2' }))).toBe(false);
    expect(await knows(verdicts, call({ inNewestTurn: false }))).toBe(true);
  });

  it('covers a result whose call stays with the provider, and no other one of the same id', async () => {
    const verdicts = memory();
    remember(verdicts, [requested()]);
    expect(await knows(verdicts, onlyId())).toBe(true);
    expect(await knows(verdicts, onlyId({ resultDigest: 'result-2' }))).toBe(false);
    expect(await knows(verdicts, onlyId())).toBe(true);
    expect(await knows(verdicts, call())).toBe(true);
  });

  it('returns nothing of the call when only its id was known', async () => {
    const verdicts = memory();
    remember(verdicts, [onlyId({ id: 't3' })]);
    expect(await knows(verdicts, onlyId({ id: 't3' }))).toBe(true);
    expect(await knows(verdicts, call({ id: 't3' }))).toBe(false);
  });

  it('is one verdict of both events of a request, and is found by the id that only the second one names', async () => {
    const verdicts = memory();
    remember(verdicts, [requested({ id: MADE })], 'tool_call_entire_request');
    expect(await knows(verdicts, onlyId())).toBe(false);
    expect(await knows(verdicts, requested(), { event: 'entire_request' })).toBe(true);
    expect(await knows(verdicts, onlyId())).toBe(true);
    expect(await knows(verdicts, onlyId({ resultDigest: 'result-2' }))).toBe(false);
  });

  it('is not made again when the history came first', async () => {
    const verdicts = memory();
    remember(verdicts, [call()]);
    expect(await knows(verdicts, requested())).toBe(true);
  });
});
