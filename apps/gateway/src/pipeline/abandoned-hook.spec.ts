import { hookCallDataSchema, type ToolCall } from '@iris/contracts';
import { Budget, type CallJudge, Modes, type RequestOutcome } from '@iris/decision';
import type { Logger } from '@iris/telemetry';
import { loadCatalog } from '@iris/tool-catalog';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { HookReading } from '../protocol/hook-reader.js';
import type { IncomingHook } from '../protocol/incoming-hook.js';
import { VerdictService } from '../verdict/verdict.service.js';
import { HookPipeline } from './hook-pipeline.js';
import { VerdictRecorder } from './verdict-recorder.js';

const BUDGET_MS = 1000;
const catalog = loadCatalog({
  text: 'entries: [{ name: files, system: workstation, category: files, tools: { read: [Read] } }]\nenvironments: [{ name: production, patterns: [prod] }]',
});
const silent = { error: () => undefined, warn: () => undefined, info: () => undefined } as unknown as Logger;
const CALL: ToolCall = { id: 't1', name: 'Read', phase: 'executed', paramsStatus: 'ok' };
const INCOMING: IncomingHook = {
  routeEvent: 'pre_request',
  keyName: 'k',
  arrivedAt: 0,
  body: Buffer.alloc(0),
  contentCoding: undefined,
};

function reading(): HookReading {
  const data = hookCallDataSchema.parse({ metadata: { login_name: 'ana' } });
  const hook = { event: 'pre_request' as const, keyName: 'k', arrivedAt: 0, metadata: data.metadata, data };
  return { ok: true, hook, calls: { status: 'read', declared: [], calls: [CALL] } };
}

describe('a hook that nobody waits for any more', () => {
  let read: (signal: AbortSignal) => Promise<HookReading>;
  let judge: (signal: AbortSignal) => Promise<void>;
  let recorded: RequestOutcome[];

  beforeEach(() => {
    jest.useFakeTimers();
    read = async () => reading();
    judge = async () => undefined;
    recorded = [];
  });
  afterEach(() => void jest.useRealTimers());

  function answer(gone = new AbortController().signal, failure: 'closed' | 'open' = 'open') {
    const evidence = {
      accepting: () => true,
      shownId: (id?: string) => id,
      shownPrincipal: () => 'a hash',
      record: async (outcome: RequestOutcome) => {
        recorded.push(outcome);
        return true;
      },
    };
    const judging: Pick<CallJudge, 'judge'> = { judge: (_question, _judgement, _budget, signal) => judge(signal) };
    const pipeline = new HookPipeline(
      new Modes({ default: 'enforce', byEvent: {}, byCategory: {} }, catalog),
      { read: (_incoming, signal) => read(signal) },
      judging,
      new VerdictService({ onFailure: { pre_request: failure, pre_tool_use: failure }, onDeniedResult: 'redact' }),
      new VerdictRecorder(evidence, undefined, silent),
      { saw: () => undefined },
      silent,
    );
    return pipeline.answer(INCOMING, new Budget(BUDGET_MS), gone);
  }

  /** Never ends; notes the signal. */
  const hanging = () => {
    const seen: AbortSignal[] = [];
    return {
      seen,
      step: (signal: AbortSignal) => {
        seen.push(signal);
        return new Promise<never>(() => undefined);
      },
    };
  };

  it('is answered inside the budget, and what still runs for it is aborted', async () => {
    const { seen, step } = hanging();
    judge = step;
    const answering = answer();
    await jest.advanceTimersByTimeAsync(0);
    expect(seen.map(({ aborted }) => aborted)).toEqual([false]);
    await jest.runAllTimersAsync();
    expect((await answering).verdict).toEqual({ action: 'allow', reason: 'budget_exhausted' });
    expect(seen.map(({ aborted }) => aborted)).toEqual([true]);
  });

  it.each(['closed', 'open'] as const)('is blocked while it is being read, in the failure mode %s', async (failure) => {
    const { seen, step } = hanging();
    read = step;
    const answering = answer(undefined, failure);
    await jest.runAllTimersAsync();
    expect((await answering).verdict).toMatchObject({ action: 'block', reason: 'gateway_busy' });
    expect(seen.map(({ aborted }) => aborted)).toEqual([true]);
  });

  it('gets one verdict and one record, though its calls are decided later', async () => {
    const late = Promise.withResolvers<void>();
    judge = () => late.promise;
    const answering = answer(undefined, 'closed');
    await jest.runAllTimersAsync();
    const { verdict } = await answering;
    late.resolve();
    await jest.runAllTimersAsync();
    expect(verdict).toMatchObject({ action: 'block', reason: 'budget_exhausted' });
    expect(recorded.map((outcome) => outcome.verdict)).toEqual([verdict]);
  });

  it('gets one record also when its decision fails later', async () => {
    const late = Promise.withResolvers<void>();
    judge = () => late.promise;
    const answering = answer(undefined, 'closed');
    await jest.runAllTimersAsync();
    await answering;
    late.reject(new Error('too late to matter'));
    await jest.runAllTimersAsync();
    expect(recorded.map(({ verdict }) => verdict.reason)).toEqual(['budget_exhausted']);
  });

  it('has its questions aborted when the caller hangs up, and a record all the same', async () => {
    const gone = new AbortController();
    const seen: AbortSignal[] = [];
    judge = (signal) => {
      seen.push(signal);
      return new Promise((resolve) => signal.addEventListener('abort', () => resolve()));
    };
    const answering = answer(gone.signal);
    await jest.advanceTimersByTimeAsync(0);
    gone.abort();
    expect(seen.map(({ aborted }) => aborted)).toEqual([true]);
    await answering;
    expect(recorded).toHaveLength(1);
  });

  it('is aborted from the start when the caller has hung up before', async () => {
    const seen: boolean[] = [];
    judge = async (signal) => void seen.push(signal.aborted);
    await answer(AbortSignal.abort());
    expect(seen).toEqual([true]);
    expect(recorded).toHaveLength(1);
  });
});
