import type { CallDecision, HookEvent, JsonObject, ToolCall } from '@iris/contracts';
import { PdpError } from '@iris/pdp';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { OneDecisionPerRequest } from '../decision/one-decision-per-request.js';
import { VerdictMemory } from '../decision/verdict-memory.js';
import { Budget } from '../shared/budget.js';
import type { DecidedCall, PreparedPrincipal } from '../shared/decided-call.js';
import { requestOf } from '../testing/index.js';
import { CallJudge } from './call-judge.js';
import { Judgement } from './judgement.js';

const MAX_NEW_CALLS = 3;
const BUDGET_MS = 60_000;
const ANA: PreparedPrincipal = {
  principal: { id: 'ana', roles: ['user'], attr: {} },
  origins: {},
  sources: {},
  anonymous: false,
};

function call(id: string, params: JsonObject = {}): ToolCall {
  return { id, name: 'Read', phase: 'executed', paramsStatus: 'ok', params, resultDigest: `result of ${id}` };
}

function calls(count: number): ToolCall[] {
  return Array.from({ length: count }, (_, index) => call(`t${index}`));
}

/** Calls whose id begins with `d` are denied. */
function decisionOn(of: ToolCall): DecidedCall {
  const isDenied = of.id.startsWith('d');
  const decision: CallDecision = {
    call: of,
    effect: isDenied ? 'DENY' : 'ALLOW',
    reason: isDenied ? 'policy_denied' : 'policy_allowed',
    observe: false,
    rules: [],
    derivedRoles: [],
    outputs: [],
  };
  return { decision, attr: {}, parts: [] };
}

type Keep = (part: readonly DecidedCall[]) => void;
type Decide = (asked: readonly ToolCall[], keep: Keep, timeoutMs: number) => Promise<DecidedCall[]>;

const atOnce: Decide = async (asked, keep) => {
  const decided = asked.map(decisionOn);
  keep(decided);
  return decided;
};

/** What the judgement holds, as `id:effect`. */
function heldBy({ decisions }: Judgement): string[] {
  return [...decisions.values()].map((decision) => `${decision.call.id}:${decision.effect}`);
}

describe('CallJudge', () => {
  let asked: string[][];
  let gathered: string[][];
  let prepared: string[];
  let decide: Decide;
  let memory: Pick<VerdictMemory, 'recall' | 'remember'>;
  let plans: () => Promise<ReadonlySet<string>>;
  let prepare: () => Promise<void>;
  let gather: () => Promise<void>;
  let revision: string;

  beforeEach(() => {
    asked = [];
    gathered = [];
    prepared = [];
    decide = atOnce;
    memory = new VerdictMemory({ ttlSeconds: 60, maxEntries: 1000, onPolicyChange: 'recheck' });
    plans = async () => new Set();
    prepare = async () => undefined;
    gather = async () => undefined;
    revision = 'r1';
  });

  const requests = new OneDecisionPerRequest(undefined);

  async function judge(
    all: readonly ToolCall[],
    {
      judgement = new Judgement(),
      event = 'pre_request' as HookEvent,
      requestId = 'r',
      sessionId = 's',
      budgetMs = BUDGET_MS,
      isEnforced = (_decision: CallDecision): boolean => true,
    } = {},
  ): Promise<Judgement> {
    const ids = (some: readonly ToolCall[]) => some.map(({ id }) => id);
    const judge = new CallJudge(
      {
        context: {
          gather: async (identity, open) => {
            gathered.push(ids(await open));
            await gather();
            return { principal: { identity, roles: ['user'], sources: {} }, cmdb: new Map() };
          },
        },
        decision: {
          prepare: () => ANA,
          decide: (_request, _principal, undecided, _facts, timeoutMs, _trace, keep) => {
            asked.push(ids(undecided));
            return decide(undecided, keep ?? (() => undefined), timeoutMs);
          },
        },
        plans: { alwaysDenied: () => plans() as Promise<Set<string>> },
        memory,
        requests,
        evidence: {
          prepare: (part) => {
            prepared.push(...part.map(({ decision }) => decision.call.id));
            return prepare();
          },
        },
      },
      { revision },
      { maxNewCalls: MAX_NEW_CALLS },
    );
    const request = requestOf({ event, requestId, sessionId });
    const signal = new AbortController().signal;
    await judge.judge({ request, calls: all, declared: [], isEnforced }, judgement, new Budget(budgetMs), signal);
    return judgement;
  }

  it('decides on new calls and adds the remembered ones, in the order of the body', async () => {
    await judge([call('d1'), call('t2')]);
    const judgement = await judge([call('t0'), call('d1'), call('t2'), call('t3')]);
    expect(asked).toEqual([
      ['d1', 't2'],
      ['t0', 't3'],
    ]);
    expect(heldBy(judgement)).toEqual(['t0:ALLOW', 'd1:DENY', 't2:ALLOW', 't3:ALLOW']);
    // Evidence of a remembered decision exists already.
    expect(judgement.decided.map(({ decision }) => decision.call.id)).toEqual(['t0', 't3']);
    expect(judgement.hasDenial).toBe(true);
  });

  describe('a call that was denied before it ran', () => {
    const before = { event: 'pre_tool_use', sessionId: 'of the agent' } as const;
    const about: ToolCall = { ...call('x-0123456789abcdefghij'), phase: 'requested', resultDigest: undefined };
    const result: ToolCall = { ...about, phase: 'executed', resultDigest: 'r', inNewestTurn: true };
    let answer: 'ALLOW' | 'DENY';

    beforeEach(() => {
      answer = 'DENY';
      decide = async (all, keep) => {
        const decided = all.map((of) => {
          const { decision, ...rest } = decisionOn(of);
          return { ...rest, decision: { ...decision, effect: answer, message: `It is ${answer}.` } };
        });
        keep(decided);
        return decided;
      };
    });

    it('stays denied in the request that holds its result, and on later turns', async () => {
      await judge([about], before);
      answer = 'ALLOW';
      const judgement = await judge([result, call('t1')]);
      expect(heldBy(judgement)).toEqual([`${result.id}:DENY`, 't1:ALLOW']);
      expect(judgement.decided.map(({ decision }) => [decision.reason, decision.message])).toEqual([
        ['denied_before_execution', 'It is DENY.'],
        ['policy_allowed', 'It is ALLOW.'],
      ]);
      const later = await judge([{ ...result, inNewestTurn: false }, call('t1')]);
      expect(heldBy(later)).toEqual([`${result.id}:DENY`, 't1:ALLOW']);
      expect(asked.at(-1)).toEqual([]);
    });

    it('stays denied where it was allowed after the response, before the agent asked', async () => {
      answer = 'ALLOW';
      await judge([about], { event: 'entire_request' });
      answer = 'DENY';
      await judge([about], before);
      answer = 'ALLOW';
      expect(heldBy(await judge([result]))).toEqual([`${result.id}:DENY`]);
    });

    it('is held before the facts are gathered, and when the PDP gives no decision', async () => {
      await judge([about], before);
      decide = async () => {
        throw new PdpError('pdp_unavailable', 'no PDP');
      };
      const judgement = new Judgement();
      await expect(judge([result], { judgement })).rejects.toThrow('no PDP');
      expect(heldBy(judgement)).toEqual([`${result.id}:DENY`]);
    });

    it('is decided again when the denial was not enforced, or the call was allowed', async () => {
      await judge([about], { ...before, isEnforced: () => false });
      answer = 'ALLOW';
      await judge([{ ...about, id: 'y-0123456789abcdefghij' }], before);
      const all = [result, { ...result, id: 'y-0123456789abcdefghij' }];
      expect(heldBy(await judge(all))).toEqual(all.map(({ id }) => `${id}:ALLOW`));
      // An allow is not reused: policies see event and phase.
      expect(asked.at(-1)).toEqual(all.map(({ id }) => id));
    });
  });

  it('gathers facts only about the calls that are open', async () => {
    await judge([call('t1')]);
    await judge([call('t1'), call('t2')]);
    expect(gathered).toEqual([['t1'], ['t2']]);
  });

  it.each([
    ['content', [call('d1', { path: '/other' })]],
    ['result', [{ ...call('d1'), resultDigest: 'another' }]],
  ])('asks again about a call of the same id with another %s', async (_title, changed) => {
    await judge([call('d1')]);
    await judge(changed);
    expect(asked).toEqual([['d1'], ['d1']]);
  });

  it('remembers by the revision that was in force when the PDP was asked', async () => {
    await judge([call('t1')]);
    revision = 'r2';
    await judge([call('t1')]);
    await judge([call('t1')]);
    expect(asked).toEqual([['t1'], ['t1'], []]);
  });

  it('leaves calls beyond the limit to the next request, which continues there', async () => {
    const all = calls(2 * MAX_NEW_CALLS + 1);
    const left: number[] = [];
    for (let turn = 0; turn < 3; turn += 1) left.push((await judge(all)).left);
    expect(left).toEqual([MAX_NEW_CALLS + 1, 1, 0]);
    expect(asked.flat()).toEqual(all.map(({ id }) => id));
    expect(Math.max(...asked.map(({ length }) => length))).toBe(MAX_NEW_CALLS);
  });

  it('holds remembered denials although calls are left', async () => {
    await judge([call('d1')]);
    const judgement = await judge([...calls(MAX_NEW_CALLS + 1), call('d1')]);
    expect(judgement).toMatchObject({ left: 1, hasDenial: true });
  });

  it('holds what is remembered, and how much is left, before the facts are gathered', async () => {
    await judge([call('d1')]);
    const judgement = new Judgement();
    const late = Promise.withResolvers<void>();
    const reached = Promise.withResolvers<void>();
    gather = () => {
      reached.resolve();
      return late.promise;
    };
    const judging = judge([...calls(MAX_NEW_CALLS + 1), call('d1')], { judgement });
    await reached.promise;
    expect(heldBy(judgement)).toEqual(['d1:DENY']);
    expect(judgement.left).toBe(1);
    judgement.close();
    late.resolve();
    await judging;
    expect(asked).toEqual([['d1']]);
  });

  it('names denials in the order of the body, in whatever order the parts of a check arrive', async () => {
    decide = async (open, keep) => {
      for (const each of open.toReversed()) keep([decisionOn(each)]);
      return open.map(decisionOn);
    };
    const judgement = await judge([call('d1'), call('t2'), call('d3')]);
    expect(heldBy(judgement)).toEqual(['d1:DENY', 't2:ALLOW', 'd3:DENY']);
    expect(judgement.decided.map(({ decision }) => decision.call.id)).toEqual(['d1', 't2', 'd3']);
  });

  describe('when the PDP fails after a part', () => {
    const all = [call('d1'), call('t2'), call('t3')];
    const broken: Decide = async ([first, ...rest], keep) => {
      keep(first === undefined ? [] : [decisionOn(first)]);
      if (rest.length > 0) throw new PdpError('pdp_timeout', 'late');
      return [];
    };

    it('rejects, and the judgement holds that part and no more', async () => {
      decide = broken;
      const judgement = new Judgement();
      await expect(judge(all, { judgement })).rejects.toThrow(PdpError);
      expect(heldBy(judgement)).toEqual(['d1:DENY']);
      expect(judgement.decided).toHaveLength(1);
      expect(judgement.prepared).toBe(ANA);
    });

    it('asks for the rest alone when the request is sent again', async () => {
      decide = broken;
      await expect(judge(all)).rejects.toThrow(PdpError);
      decide = atOnce;
      expect(heldBy(await judge(all))).toEqual(['d1:DENY', 't2:ALLOW', 't3:ALLOW']);
      expect(asked).toEqual([
        ['d1', 't2', 't3'],
        ['t2', 't3'],
      ]);
    });

    it('holds remembered denials of the body', async () => {
      await judge([call('d9')]);
      decide = async () => {
        throw new PdpError('pdp_unavailable', 'away');
      };
      const judgement = new Judgement();
      await expect(judge([call('t1'), call('d9')], { judgement })).rejects.toThrow(PdpError);
      expect(heldBy(judgement)).toEqual(['d9:DENY']);
    });
  });

  describe('states how long the PDP was asked', () => {
    const someTime = () => {
      const start = performance.now();
      while (performance.now() === start);
    };

    it.each<[string, (judgement: Judgement) => void]>([
      ['decides', () => undefined],
      [
        'fails',
        () => {
          throw new PdpError('pdp_timeout', 'late');
        },
      ],
      ['has not decided when the verdict is given', (judgement) => judgement.close()],
    ])('when it %s', async (_title, end) => {
      const judgement = new Judgement();
      decide = async (open) => {
        someTime();
        end(judgement);
        return open.map(decisionOn);
      };
      await judge([call('t1')], { judgement }).catch(() => undefined);
      const { pdp } = judgement.durationsMs;
      expect(pdp).toBeGreaterThan(0);
      someTime();
      judgement.close();
      expect(judgement.durationsMs.pdp).toBe(pdp);
    });
  });

  describe('once the verdict is given', () => {
    it('neither keeps nor remembers what arrives later', async () => {
      const judgement = new Judgement();
      decide = async (open, keep) => {
        const [first, ...rest] = open.map(decisionOn);
        keep(first === undefined ? [] : [first]);
        judgement.close();
        keep(rest);
        return open.map(decisionOn);
      };
      const all = [call('t1'), call('d2'), call('t3')];
      await judge(all, { judgement });
      expect(heldBy(judgement)).toEqual(['t1:ALLOW']);
      expect(judgement.decided.map(({ decision }) => decision.call.id)).toEqual(['t1']);
      expect(prepared).toEqual(['t1']);
      decide = atOnce;
      await judge(all);
      expect(asked.at(-1)).toEqual(['d2', 't3']);
    });

    it('asks the PDP nothing', async () => {
      const judgement = new Judgement();
      const recall = Promise.withResolvers<Awaited<ReturnType<VerdictMemory['recall']>>>();
      memory = { recall: () => recall.promise, remember: () => undefined };
      const judging = judge([call('t1')], { judgement });
      judgement.close();
      recall.resolve(new Map());
      await judging;
      expect(asked).toEqual([]);
      expect(judgement).toMatchObject({ prepared: undefined, decided: [], left: 0 });
    });
  });

  it('does not fail when evidence cannot be prepared', async () => {
    prepare = () => Promise.reject(new Error('cannot be masked'));
    expect(heldBy(await judge([call('t1')]))).toEqual(['t1:ALLOW']);
  });

  it('holds the tools that are never allowed', async () => {
    plans = async () => new Set(['Bash']);
    expect([...(await judge([])).strip]).toEqual(['Bash']);
  });

  it.each([BUDGET_MS, 100, 1, 0])(
    'gives the PDP less than what is left of %d ms, and never no time',
    async (budgetMs) => {
      let given = 0;
      decide = async (open, _keep, timeoutMs) => {
        given = timeoutMs;
        return open.map(decisionOn);
      };
      await judge(calls(3), { budgetMs });
      expect(given).toBeGreaterThan(0);
      expect(given).toBeLessThan(Math.max(budgetMs, 2));
    },
  );

  it('makes one decision of two events of the same response', async () => {
    const response = () => [{ ...call('t1'), phase: 'requested' as const, resultDigest: undefined }];
    const judgements = await Promise.all([
      judge(response(), { event: 'tool_call_entire_request', requestId: 'r9' }),
      judge(response(), { event: 'entire_request', requestId: 'r9' }),
    ]);
    expect(asked).toEqual([['t1'], []]);
    expect(judgements.map(heldBy)).toEqual([['t1:ALLOW'], ['t1:ALLOW']]);
    expect(judgements.map(({ decided }) => decided.length)).toEqual([1, 0]);
  });
});
