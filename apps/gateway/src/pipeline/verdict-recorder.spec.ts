import type { CallDecision, HookEvent, ToolCall } from '@iris/contracts';
import {
  Budget,
  type DecidedCall,
  type Mode,
  type ModeOverride,
  Modes,
  type RecordedRequest,
  type RequestOutcome,
} from '@iris/decision';
import type { Logger } from '@iris/telemetry';
import { loadCatalog } from '@iris/tool-catalog';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type MeterProvider, metrics } from '@opentelemetry/api';
import type { HookVerdict } from '../protocol/hook-verdict.js';
import { HookContext } from './hook-context.js';
import { VerdictRecorder } from './verdict-recorder.js';

const catalog = loadCatalog({
  text: 'entries: [{ name: files, system: workstation, category: files, tools: { read: [Read] } }]\nenvironments: [{ name: production, patterns: [prod] }]',
});
const ALLOW: HookVerdict = { action: 'allow', reason: 'policy_allowed' };
const LOST = { action: 'block', reason: 'evidence_unavailable' };

/** What was counted, by metric. */
const counted: { readonly name: string; readonly labels: object }[] = [];
const instrument = (name: string) => {
  const note = (_value: number, labels: object) => counted.push({ name, labels });
  return { add: note, record: note };
};
const meter = { createCounter: instrument, createHistogram: instrument, createGauge: instrument };
beforeAll(() => void metrics.setGlobalMeterProvider({ getMeter: () => meter } as unknown as MeterProvider));
afterAll(() => metrics.disable());
const labelsOf = (metric: string) => counted.filter(({ name }) => name === metric).map(({ labels }) => labels);

function decidedCall(id: string, changes: Partial<CallDecision> = {}): DecidedCall {
  const call: ToolCall = { id, name: 'Read', phase: 'executed', paramsStatus: 'ok' };
  return {
    decision: {
      call,
      effect: 'ALLOW',
      reason: 'policy_allowed',
      observe: false,
      rules: [],
      derivedRoles: [],
      outputs: [],
      ...changes,
    },
    attr: {},
    parts: [],
  };
}

function contextOf(
  decided: readonly DecidedCall[],
  event: HookEvent,
  mode: Mode,
  override?: ModeOverride,
  byCategory: Readonly<Record<string, Mode>> = {},
) {
  const context = new HookContext(
    { routeEvent: event, keyName: 'k', arrivedAt: 0, body: Buffer.alloc(0), contentCoding: undefined },
    new Budget(1000),
    new Modes({ default: mode, byEvent: {}, byCategory }, catalog, () => override),
  );
  context.judgement.decided = decided;
  context.judgement.decisions = new Map(decided.map(({ decision }) => [decision.call, decision]));
  return context;
}

describe('VerdictRecorder', () => {
  let kept: Promise<boolean>;
  let recorded: {
    readonly outcome: RequestOutcome<RecordedRequest>;
    readonly ids: string[];
    readonly enforced: boolean[];
  }[];
  let compared: (readonly DecidedCall[])[];
  let lines: { readonly rules?: readonly string[] }[];
  let recorder: VerdictRecorder;

  beforeEach(() => {
    kept = Promise.resolve(true);
    recorded = [];
    compared = [];
    lines = [];
    counted.length = 0;
    recorder = new VerdictRecorder(
      {
        accepting: () => true,
        shownId: (id) => id,
        shownPrincipal: () => 'a hash',
        record: (outcome, decided, enforced) => {
          const ids = decided.map(({ decision }) => decision.call.id);
          recorded.push({ outcome, ids, enforced: decided.map(({ decision }) => enforced(decision)) });
          return kept;
        },
      },
      { compare: (_outcome, decided) => void compared.push(decided) },
      { info: (line: { readonly rules?: readonly string[] }) => lines.push(line) } as unknown as Logger,
    );
  });

  it.each<[HookEvent, Mode, object]>([
    ['pre_request', 'enforce', LOST],
    ['pre_tool_use', 'enforce', LOST],
    ['pre_request', 'observe', ALLOW],
    ['pre_tool_use', 'observe', ALLOW],
    // The response is given already: there is nothing left to block.
    ['tool_call_entire_request', 'enforce', ALLOW],
    ['entire_request', 'enforce', ALLOW],
  ])('of a decision that is not kept, on %s in the mode %s, gives %j', async (event, mode, expected) => {
    kept = Promise.resolve(false);
    const verdict = await recorder.close(contextOf([decidedCall('t1')], event, mode), { verdict: ALLOW });
    expect(verdict).toMatchObject(expected);
    expect(labelsOf('iris.hook.replies')).toEqual([{ event, action: verdict.action, reason: verdict.reason }]);
  });

  it.each<[Record<string, Mode>, object]>([
    [{ files: 'enforce' }, LOST],
    [{ other: 'enforce' }, ALLOW],
  ])('of a decision that is not kept, observed but for %j, gives %j', async (byCategory, expected) => {
    kept = Promise.resolve(false);
    const context = contextOf([decidedCall('t1')], 'pre_request', 'observe', undefined, byCategory);
    expect(await recorder.close(context, { verdict: ALLOW })).toMatchObject(expected);
  });

  it('blocks nothing that is not kept while a switch sets all to observe', async () => {
    kept = Promise.resolve(false);
    const override = { id: 's1', key: 'admin', until: 1 };
    const verdict = await recorder.close(contextOf([], 'pre_request', 'enforce', override), { verdict: ALLOW });
    expect(verdict).toEqual(ALLOW);
    expect(recorded[0]?.outcome.switchOf?.()).toEqual(override);
  });

  it('gives the verdict only once the evidence is kept', async () => {
    const spool = Promise.withResolvers<boolean>();
    kept = spool.promise;
    let given: HookVerdict | undefined;
    const closing = recorder.close(contextOf([], 'pre_request', 'enforce'), { verdict: ALLOW }).then((verdict) => {
      given = verdict;
    });
    await new Promise(setImmediate);
    expect(given).toBeUndefined();
    expect(labelsOf('iris.hook.replies')).toEqual([]);
    spool.resolve(true);
    await closing;
    expect(given).toEqual(ALLOW);
  });

  it('gives the first verdict to all who close a hook, and records and counts it once', async () => {
    const context = contextOf([decidedCall('t1')], 'pre_request', 'enforce');
    const blocked: HookVerdict = { action: 'block', reason: 'budget_exhausted', message: 'late', statusCode: 403 };
    const all = [
      recorder.close(context, { verdict: blocked, failed: true }),
      recorder.close(context, { verdict: ALLOW }),
    ];
    expect(await Promise.all(all)).toEqual([blocked, blocked]);
    expect(await recorder.close(context, { verdict: ALLOW })).toEqual(blocked);
    expect(recorded.map(({ ids, outcome }) => [ids, outcome.verdict])).toEqual([[['t1'], blocked]]);
    for (const metric of ['replies', 'failure_mode', 'duration', 'budget_used']) {
      expect(labelsOf(`iris.hook.${metric}`)).toHaveLength(1);
    }
    expect(labelsOf('iris.decision.calls')).toHaveLength(1);
    expect(lines).toHaveLength(1);
    expect(compared).toHaveLength(1);
  });

  it('closes the judgement at once, before the evidence is written', () => {
    const context = contextOf([], 'pre_request', 'enforce');
    kept = new Promise(() => undefined);
    void recorder.close(context, { verdict: ALLOW });
    expect(context.judgement.isClosed).toBe(true);
  });

  it('records as enforced what is neither observed by its rule, nor by its mode, nor after the response', async () => {
    const calls = [decidedCall('t1'), decidedCall('t2', { observe: true })];
    await recorder.close(contextOf(calls, 'pre_request', 'enforce'), { verdict: ALLOW });
    await recorder.close(contextOf(calls, 'pre_request', 'observe'), { verdict: ALLOW });
    await recorder.close(contextOf(calls, 'entire_request', 'enforce'), { verdict: ALLOW });
    expect(recorded.map(({ enforced }) => enforced)).toEqual([
      [true, false],
      [false, false],
      [false, false],
    ]);
    expect(labelsOf('iris.decision.calls').map((labels) => Reflect.get(labels, 'enforced'))).toEqual(
      recorded.flatMap(({ enforced }) => enforced.map(String)),
    );
  });

  it.each([
    ['the failure mode gave the verdict', true, 0, true],
    ['calls are left for the next hook', false, 1, true],
    ['every call was decided', false, 0, false],
  ])('records whether a hook failed: %s', async (_title, failed, left, expected) => {
    const context = contextOf([], 'pre_request', 'enforce');
    context.judgement.left = left;
    await recorder.close(context, { verdict: ALLOW, failed });
    expect(recorded[0]?.outcome.failed).toBe(expected);
  });

  it('counts what enforcement would have replied only where something is observed', async () => {
    await recorder.close(contextOf([], 'pre_request', 'observe'), { verdict: ALLOW, wouldHave: 'block' });
    await recorder.close(contextOf([], 'pre_request', 'enforce'), { verdict: ALLOW });
    expect(labelsOf('iris.hook.would_have')).toEqual([{ event: 'pre_request', action: 'block' }]);
  });

  it('logs the rules of the denials, or those of what is allowed, and a bounded number of them', async () => {
    const allowed = decidedCall('t1', { rules: ['a', 'b'] });
    const denied = decidedCall('t2', { effect: 'DENY', rules: ['d', 'd'] });
    const many = decidedCall('t3', { rules: Array.from({ length: 1000 }, (_, index) => `r${index}`) });
    for (const decided of [[allowed], [allowed, denied], [many], []]) {
      await recorder.close(contextOf(decided, 'pre_request', 'enforce'), { verdict: ALLOW });
    }
    expect(lines.map(({ rules }) => rules)).toEqual([['a', 'b'], ['d'], expect.any(Array), undefined]);
    expect(lines[2]?.rules?.length).toBeLessThan(50);
  });
});
