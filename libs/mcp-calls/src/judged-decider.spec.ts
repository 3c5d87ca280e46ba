import { principalKey } from '@iris/context-cache';
import type { CallDecision, ToolCall } from '@iris/contracts';
import { type CallJudge, type DecidedCall, type Judgement, Modes, type RequestOutcome } from '@iris/decision';
import { PdpError } from '@iris/pdp';
import { createLogger } from '@iris/telemetry';
import { type Catalog, loadCatalog } from '@iris/tool-catalog';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { type CallVerdict, type McpCall, toolKey } from './call-decider.js';
import { JudgedDecider } from './judged-decider.js';

const ANA = 'ana@lumen.example';
const CATALOG: Catalog = loadCatalog({
  text: `
environments: [{ name: production, patterns: [prod] }]
entries: [{ name: own, system: s, category: files, tools: { read: [look] } }]
servers: [{ id: db, system: postgres, category: database, tools: { execute: [query] } }]
`,
});

type Mode = 'enforce' | 'observe';

let decision: Partial<CallDecision>;
let fails: Error | 'never' | undefined;
let asked: ToolCall[];
let outcomes: RequestOutcome[];
let accepting: boolean;
let kept: boolean;
let dropped: (key: string | undefined) => void;
let strip: ReadonlySet<string>;

beforeEach(() => {
  decision = { effect: 'ALLOW', reason: 'policy_allowed' };
  fails = undefined;
  asked = [];
  outcomes = [];
  accepting = true;
  kept = true;
  strip = new Set();
});

type Question = Parameters<CallJudge['judge']>[0];

async function judge({ calls }: Question, judgement: Judgement): Promise<void> {
  asked.push(...calls);
  judgement.strip = strip;
  const decided = calls.map((call): DecidedCall => {
    const whole = { observe: false, rules: [], derivedRoles: [], outputs: [], ...decision, call } as CallDecision;
    return { decision: whole, attr: {}, parts: [] };
  });
  if (fails === undefined || decision.effect === 'DENY') {
    judgement.decided = decided;
    judgement.decisions = new Map(decided.map((each) => [each.decision.call, each.decision]));
  }
  if (fails === 'never') await new Promise(() => undefined);
  if (fails instanceof Error) throw fails;
}

function decider(onFailure: 'closed' | 'open' = 'closed', mode: Mode = 'enforce'): JudgedDecider {
  const record = async (outcome: RequestOutcome) => {
    outcomes.push(outcome);
    return kept;
  };
  return new JudgedDecider(
    {
      judge: { judge },
      modes: new Modes({ default: mode, byEvent: {}, byCategory: {} }, CATALOG),
      evidence: { accepting: () => accepting, record, shownPrincipal: (id: string) => id } as never,
      cache: {
        onDropped: (listener: typeof dropped) => {
          dropped = listener;
          return () => undefined;
        },
      } as never,
      logger: createLogger('test', 'silent'),
    },
    { budgetMs: 100, onFailure, maxNameLength: 50 },
  );
}

const CALL: McpCall = {
  origin: { caller: { who: { kind: 'user', id: ANA, loginName: ANA }, keyName: 'oauth' }, sessionId: 's' },
  server: 'db',
  method: 'tools/call',
  tool: 'query',
  paramsStatus: 'ok',
  params: { sql: 'select 1' },
  canAsk: false,
};
const DENIED = { effect: 'DENY', reason: 'policy_denied', message: 'not on call' } as const;
const UNREACHABLE = new PdpError('pdp_unavailable', 'the PDP could not be reached');

const short = ({ action, reason }: CallVerdict) => `${action} ${reason}`;

describe('JudgedDecider', () => {
  it('asks about the tool of the server, for its person, and records the decision', async () => {
    expect(short(await decider().decide(CALL))).toBe('allow policy_allowed');
    expect(asked).toMatchObject([{ name: 'query', server: 'db', phase: 'requested', params: { sql: 'select 1' } }]);
    expect(outcomes).toMatchObject([
      { request: { event: 'mcp_tools_call', who: { id: ANA }, keyName: 'oauth', sessionId: 's' } },
    ]);
  });

  it('asks about a method as a use of the server', async () => {
    await decider().decide({ ...CALL, method: 'resources/read', tool: undefined, params: { uri: 'x' } });
    expect(asked).toMatchObject([{ name: 'resources/read', protocolMethod: true }]);
  });

  it('denies with the message of the rule and the reason id', async () => {
    decision = DENIED;
    expect(await decider().decide(CALL)).toMatchObject({ action: 'deny', message: 'not on call [policy_denied]' });
  });

  it.each<[string, () => void, 'closed' | 'open', Mode, string]>([
    ['a denial is observed by mode', () => (decision = DENIED), 'closed', 'observe', 'allow observe_mode'],
    [
      'a denial is observed by its rule',
      () => (decision = { ...DENIED, observe: true }),
      'closed',
      'enforce',
      'allow observe_mode',
    ],
    ['the PDP is unavailable, closed', () => (fails = UNREACHABLE), 'closed', 'enforce', 'deny pdp_unavailable'],
    ['the PDP is unavailable, open', () => (fails = UNREACHABLE), 'open', 'enforce', 'allow pdp_unavailable'],
    ['the PDP is unavailable, observed', () => (fails = UNREACHABLE), 'closed', 'observe', 'allow pdp_unavailable'],
    ['no answer comes in time', () => (fails = 'never'), 'closed', 'enforce', 'deny budget_exhausted'],
    ['an unexpected error happens', () => (fails = new Error('bug')), 'closed', 'enforce', 'deny internal_error'],
    ['nothing can be recorded', () => (accepting = false), 'open', 'enforce', 'deny evidence_unavailable'],
    ['the decision is not recorded', () => (kept = false), 'open', 'enforce', 'deny evidence_unavailable'],
  ])('answers where %s', async (_title, arrange, onFailure, mode, expected) => {
    arrange();
    expect(short(await decider(onFailure, mode).decide(CALL))).toBe(expected);
  });

  it('keeps a denial that is known when the PDP fails, in either failure mode', async () => {
    decision = DENIED;
    fails = UNREACHABLE;
    expect(short(await decider('open').decide(CALL))).toBe('deny policy_denied');
  });

  it('denies a name that is too long in either failure mode', async () => {
    expect(short(await decider('open').decide({ ...CALL, tool: 'x'.repeat(51) }))).toBe('deny name_too_long');
    expect(asked).toEqual([]);
  });

  it.each([
    [{ canAsk: true }, 'ask policy_allowed'],
    [{ canAsk: false }, 'deny nobody_to_ask'],
    [{ canAsk: true, confirmed: true }, 'allow policy_allowed'],
  ])('answers a rule that wants a confirmation, with %j', async (changes, expected) => {
    decision = { ...decision, outputs: [{ source: 'rule', value: { ask: 'Really?' } }] };
    expect(short(await decider().decide({ ...CALL, ...changes }))).toBe(expected);
  });

  it('hides the tools that are never allowed where that is enforced', async () => {
    const tools = [{ server: 'db', name: 'query' }];
    strip = new Set(tools.map(toolKey));
    expect((await decider().visibility(CALL.origin, tools)).hidden.size).toBe(1);
    expect((await decider('closed', 'observe').visibility(CALL.origin, tools)).hidden.size).toBe(0);
    fails = UNREACHABLE;
    expect(await decider().visibility(CALL.origin, tools)).toEqual({ hidden: new Set(), ttlMs: 0 });
  });

  it('reports a change of the facts of a principal, and of all', () => {
    const changed: boolean[] = [];
    decider().onFactsChanged((concerns) => void changed.push(concerns(ANA)));
    for (const key of [principalKey(ANA), principalKey('ben@lumen.example'), undefined]) dropped(key);
    expect(changed).toEqual([true, false, true]);
  });
});
