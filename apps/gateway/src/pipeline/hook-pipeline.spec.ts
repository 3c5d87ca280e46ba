import type { Identity } from '@iris/contracts';
import {
  Budget,
  CallJudge,
  type ContextService,
  type DecidedCall,
  DecisionService,
  EffectsOfCalls,
  type EvidenceService,
  Modes,
  OneDecisionPerRequest,
  type RequestOutcome,
  VerdictMemory,
} from '@iris/decision';
import { type CheckResult, type Pdp, PdpError, type PdpResource } from '@iris/pdp';
import type { Logger } from '@iris/telemetry';
import { loadCatalog } from '@iris/tool-catalog';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { DEFAULT_HOOK_LIMITS } from '../hook/index.js';
import { VerdictService } from '../verdict/verdict.service.js';
import { HookPipeline } from './hook-pipeline.js';
import { InThreadHookReader } from './hook-reader.js';
import { VerdictRecorder } from './verdict-recorder.js';

const POLICIES = { resourceKind: 'aperture_hook', policyVersion: 'default', scope: '' };
const catalog = loadCatalog({
  text: 'entries: [{ name: files, system: workstation, category: files, tools: { read: [Read, Secret] } }]\nenvironments: [{ name: production, patterns: [prod] }]',
});
const BUDGET_MS = 10_000;
const MAX_NEW_CALLS = 200;
const silent = { error: () => undefined, warn: () => undefined, info: () => undefined } as unknown as Logger;

interface Recorded {
  readonly outcome: RequestOutcome;
  readonly ids: readonly string[];
}

/** The pipeline with its stages, and a fake at each of its ports. Tools of the name `Secret` are denied. */
class Pipeline {
  readonly asked: string[] = [];
  readonly recorded: Recorded[] = [];
  /** After so many answers the PDP fails, once. */
  failsAfter: number | undefined;
  /** The PDP never answers. */
  hangs = false;
  private readonly pipeline: HookPipeline;
  private requests = 0;

  constructor(failureMode: 'closed' | 'open', mode: 'enforce' | 'observe' = 'enforce') {
    const pdp: Pick<Pdp, 'check'> = { check: (request, { onPart }) => this.check(request.resources, onPart) };
    const effects = new EffectsOfCalls(catalog);
    const context: Pick<ContextService, 'gather'> = {
      gather: async (identity: Identity) => ({
        principal: { identity, roles: ['user'], sources: {} },
        cmdb: new Map(),
      }),
    };
    const evidence: Pick<EvidenceService, 'accepting' | 'prepare' | 'record' | 'shownId' | 'shownPrincipal'> = {
      accepting: () => true,
      prepare: async () => undefined,
      shownId: (id) => id,
      shownPrincipal: () => 'a hash',
      record: async (outcome: RequestOutcome, decided: readonly DecidedCall[]) => {
        this.recorded.push({ outcome, ids: decided.map(({ decision }) => decision.call.id) });
        return true;
      },
    };
    const modes = new Modes({ default: mode, byEvent: {}, byCategory: {} }, catalog);
    const judge = new CallJudge(
      {
        context: context as ContextService,
        decision: new DecisionService(pdp as Pdp, catalog, effects, POLICIES, { maxParamsBytes: 4096 }),
        plans: { alwaysDenied: async () => new Set<string>() },
        memory: new VerdictMemory({ ttlSeconds: 60, maxEntries: 1000, onPolicyChange: 'keep' }),
        requests: new OneDecisionPerRequest(undefined),
        evidence,
      },
      { revision: 'r1' },
      { maxNewCalls: MAX_NEW_CALLS },
    );
    this.pipeline = new HookPipeline(
      modes,
      new InThreadHookReader(DEFAULT_HOOK_LIMITS),
      judge,
      new VerdictService({
        onFailure: { pre_request: failureMode, pre_tool_use: failureMode },
        onDeniedResult: 'redact',
      }),
      new VerdictRecorder(evidence, undefined, silent),
      { saw: () => undefined },
      silent,
    );
  }

  send(names: readonly string[], budgetMs = BUDGET_MS, results = 'result') {
    const messages = names.flatMap((name, index) => [
      { role: 'assistant', content: [{ type: 'tool_use', id: `t${index}`, name, input: { index } }] },
      { role: 'user', content: [{ type: 'tool_result', tool_use_id: `t${index}`, content: `${results} ${index}` }] },
    ]);
    return this.sendBody('/v1/messages', { max_tokens: 1, messages }, budgetMs);
  }

  async sendBody(url: string, request_body: object, budgetMs = BUDGET_MS) {
    this.requests += 1;
    const hook = {
      metadata: { login_name: 'ana', session_id: 's', request_id: `r${this.requests}`, url },
      request_body,
    };
    const incoming = {
      routeEvent: 'pre_request' as const,
      keyName: 'k',
      arrivedAt: 0,
      body: Buffer.from(JSON.stringify(hook)),
      contentCoding: undefined,
    };
    return (await this.pipeline.answer(incoming, new Budget(budgetMs), new AbortController().signal)).verdict;
  }

  private async check(
    resources: readonly PdpResource[],
    onPart: ((from: number, results: readonly CheckResult[]) => void) | undefined,
  ): Promise<CheckResult[]> {
    const { failsAfter } = this;
    this.failsAfter = undefined;
    const results = resources.slice(0, failsAfter).map(({ id, action }): CheckResult => {
      this.asked.push(id);
      return {
        effect: action === 'Secret' ? 'DENY' : 'ALLOW',
        policyFound: true,
        derivedRoles: [],
        outputs: [],
        schemaErrors: [],
        cerbosCallId: 'c',
      };
    });
    if (results.length > 0) onPart?.(0, results);
    if (this.hangs) return new Promise(() => undefined);
    if (failsAfter !== undefined) throw new PdpError('pdp_timeout', 'late');
    return results;
  }
}

describe('a history that is sent again', () => {
  it('costs no check but for what is new', async () => {
    const pipeline = new Pipeline('closed');
    const history = ['Read', 'Secret', 'Read'];
    const first = await pipeline.send(history);
    expect(pipeline.asked).toEqual(['t0', 't1', 't2']);
    expect(await pipeline.send(history)).toEqual(first);
    expect(pipeline.asked).toHaveLength(3);
    expect(await pipeline.send([...history, 'Read'])).toMatchObject({ action: 'modify' });
    expect(pipeline.asked).toEqual(['t0', 't1', 't2', 't3']);
    await pipeline.send(history, BUDGET_MS, 'another result');
    expect(pipeline.asked).toHaveLength(7);
  });
});

describe('a call without an id', () => {
  type Turns = readonly (readonly [result: string])[];
  const text = { role: 'user', parts: [{ text: 'go on' }] };
  const gemini = (turns: Turns) => ({
    contents: [
      text,
      ...turns.flatMap(([result]) => [
        { role: 'model', parts: [{ functionCall: { name: 'Read', args: { file_path: '/a' } } }] },
        { role: 'user', parts: [{ functionResponse: { name: 'Read', response: { result } } }] },
      ]),
    ],
  });
  const chat = (turns: Turns) => ({
    messages: [
      { role: 'user', content: 'go on' },
      ...turns.flatMap(([result]) => [
        {
          role: 'assistant',
          tool_calls: [{ id: '', type: 'function', function: { name: 'Read', arguments: '{"file_path":"/a"}' } }],
        },
        { role: 'tool', tool_call_id: '', content: result },
      ]),
    ],
  });

  it.each([
    ['generateContent', '/v1beta/models/gemini:generateContent', gemini],
    ['Chat Completions', '/v1/chat/completions', chat],
  ])('is evaluated again while its result is new, and not in the history: %s', async (_title, url, body) => {
    const pipeline = new Pipeline('closed');
    const askedFor = async (turns: Turns) => {
      const before = pipeline.asked.length;
      await pipeline.sendBody(url, body(turns));
      return pipeline.asked.length - before;
    };
    expect(await askedFor([['one']])).toBe(1);
    expect(await askedFor([['one'], ['two']])).toBe(1);
    expect(await askedFor([['one'], ['two'], ['three']])).toBe(1);
    // Neither another result in an old place nor the newest one again is covered.
    expect(await askedFor([['other'], ['two'], ['three']])).toBe(2);
  });
});

describe('a check that the PDP breaks off', () => {
  const calls = ['Read', 'Read', 'Read', 'Read'];
  let pipeline: Pipeline;

  beforeEach(() => {
    pipeline = new Pipeline('closed');
    pipeline.failsAfter = 3;
  });

  it('blocks, and asks for the rest alone when the hook is sent again', async () => {
    expect(await pipeline.send(calls)).toMatchObject({ action: 'block', reason: 'pdp_timeout' });
    expect(await pipeline.send(calls)).toEqual({ action: 'allow', reason: 'policy_allowed' });
    expect(pipeline.asked).toEqual(['t0', 't1', 't2', 't3']);
  });

  it('leaves evidence of each decision once, and of the hook', async () => {
    await pipeline.send(calls);
    await pipeline.send(calls);
    expect(pipeline.recorded.map(({ ids, outcome }) => [outcome.failed, ids])).toEqual([
      [true, ['t0', 't1', 't2']],
      [false, ['t3']],
    ]);
  });

  it('lets the undecided calls pass in the failure mode open', async () => {
    pipeline = new Pipeline('open');
    pipeline.failsAfter = 1;
    expect(await pipeline.send(calls)).toEqual({ action: 'allow', reason: 'pdp_timeout' });
  });
});

describe('a denial that is known', () => {
  it.each([
    ['was answered before the PDP failed', 1],
    ['was remembered', 0],
  ])('holds in the failure mode open when it %s', async (_title, failsAfter) => {
    const pipeline = new Pipeline('open');
    if (failsAfter === 0) await pipeline.send(['Secret']);
    pipeline.failsAfter = failsAfter;
    const verdict = await pipeline.send(['Secret', 'Read']);
    expect(verdict).toMatchObject({ action: 'modify', reason: 'policy_denied' });
    expect(JSON.stringify(verdict)).not.toContain('result 0');
    expect(JSON.stringify(verdict)).toContain('result 1');
  });

  it('blocks when the budget is used up', async () => {
    const pipeline = new Pipeline('open');
    pipeline.hangs = true;
    expect(await pipeline.send(['Secret', 'Read'], 100)).toMatchObject({ action: 'block', reason: 'policy_denied' });
    expect(await pipeline.send(['Read'], 100)).toEqual({ action: 'allow', reason: 'budget_exhausted' });
  });

  it('is only recorded in the mode observe', async () => {
    const pipeline = new Pipeline('open', 'observe');
    pipeline.failsAfter = 1;
    expect(await pipeline.send(['Secret', 'Read'])).toMatchObject({ action: 'allow' });
  });
});

describe.each(['closed', 'open'] as const)('more new calls than the limit, in the failure mode %s', (failureMode) => {
  const names = (count: number) => Array.from({ length: count }, () => 'Read');

  it('are blocked, and each turn continues where the one before ended', async () => {
    const pipeline = new Pipeline(failureMode);
    const history = names(2 * MAX_NEW_CALLS + 1);
    for (const turn of [1, 2]) {
      expect(await pipeline.send(history)).toMatchObject({ action: 'block', reason: 'too_many_new_calls' });
      expect(pipeline.asked).toHaveLength(turn * MAX_NEW_CALLS);
      expect(pipeline.recorded.at(-1)).toMatchObject({ outcome: { failed: true } });
    }
    expect(await pipeline.send(history)).toMatchObject({ action: 'allow' });
    expect(new Set(pipeline.asked).size).toBe(history.length);
    expect(pipeline.asked).toHaveLength(history.length);
  });

  it('are blocked as well where the PDP fails', async () => {
    const pipeline = new Pipeline(failureMode);
    pipeline.failsAfter = 1;
    expect(await pipeline.send(names(MAX_NEW_CALLS + 1))).toMatchObject({ action: 'block', reason: 'pdp_timeout' });
  });

  it('are allowed in the mode observe, with what enforcement would have replied', async () => {
    const pipeline = new Pipeline(failureMode, 'observe');
    expect(await pipeline.send(names(MAX_NEW_CALLS + 1))).toMatchObject({ action: 'allow' });
    expect(pipeline.recorded.at(-1)).toMatchObject({ outcome: { wouldHave: 'block', failed: true } });
  });
});
