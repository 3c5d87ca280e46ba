import { type CallDecision, REASONS, type ReasonId } from '@iris/contracts';
import type { Budget, CallJudge, Modes } from '@iris/decision';
import { PdpError } from '@iris/pdp';
import { inSpan, type Logger } from '@iris/telemetry';
import { type AnsweredHook, HookAnswers } from '../protocol/hook-answers.js';
import type { HookCalls } from '../protocol/hook-calls.js';
import type { HookReader } from '../protocol/hook-reader.js';
import type { HookVerdict } from '../protocol/hook-verdict.js';
import type { IncomingHook } from '../protocol/incoming-hook.js';
import type { Conclusion, VerdictService } from '../verdict/index.js';
import { HookContext } from './hook-context.js';
import type { VerdictRecorder } from './verdict-recorder.js';
import type { WiringReport } from './wiring-report.js';
import { withinBudget } from './within-budget.js';

/** Metadata is part of every question to the PDP and of every record. In UTF-16 units of JSON. */
const MAX_METADATA = 65_536;

/** Runs the stages of one hook in their order: hook and tool-calls, context, decision, verdict, evidence. */
export class HookPipeline extends HookAnswers {
  constructor(
    private readonly modes: Pick<Modes, 'pinned'>,
    private readonly reader: HookReader,
    private readonly judge: Pick<CallJudge, 'judge'>,
    private readonly verdicts: VerdictService,
    private readonly recorder: VerdictRecorder,
    private readonly wiring: Pick<WiringReport, 'saw'>,
    private readonly logger: Logger,
  ) {
    super();
  }

  /** What cannot be decided gets the verdict of the failure mode. */
  async answer(incoming: IncomingHook, budget: Budget, gone: AbortSignal): Promise<AnsweredHook> {
    const context = new HookContext(incoming, budget, this.modes.pinned());
    if (gone.aborted) context.abandon();
    gone.addEventListener('abort', () => context.abandon(), { once: true });
    const answering = this.#run(context).catch((error: unknown) => this.#onError(context, error));
    const verdict = await withinBudget(budget, answering, () => this.#onOvertime(context));
    return { verdict, hook: context.hook };
  }

  async refuse(incoming: IncomingHook, reason: ReasonId, detail: string, budget: Budget): Promise<AnsweredHook> {
    const context = new HookContext(incoming, budget, this.modes.pinned());
    const verdict = await this.recorder.close(context, this.#unread(context, reason, detail));
    return { verdict, hook: context.hook };
  }

  async #run(context: HookContext): Promise<HookVerdict> {
    const conclusion = this.recorder.accepting()
      ? await this.#conclusion(context)
      : this.verdicts.unrecordable(context);
    return this.recorder.close(context, conclusion);
  }

  async #conclusion(context: HookContext): Promise<Conclusion> {
    context.isReading = true;
    const read = await inSpan('iris.read', {}, () => this.reader.read(context.incoming, context.signal));
    context.isReading = false;
    if (!read.ok) {
      if (read.agent !== undefined) context.hook = { ...context.hook, agent: read.agent };
      return this.#unread(context, read.reason, read.detail);
    }
    const { hook, calls } = read;
    context.hook = hook;
    if (JSON.stringify(hook.metadata).length > MAX_METADATA) {
      return this.#unread(context, 'metadata_too_large', `its metadata is longer than ${MAX_METADATA} characters`);
    }
    this.wiring.saw(hook, calls, context.modes);
    if (calls.status !== 'read') return this.#unjudgeable(context, calls);
    if (hook.agent !== undefined && calls.calls.length === 0) {
      return { verdict: { action: 'allow', reason: 'no_tool_call' } };
    }
    context.calls = calls;
    const { request, judgement, budget, signal, modes } = context;
    const isEnforced = (decision: CallDecision) =>
      !decision.observe && modes.ofDecision(hook.event, decision) === 'enforce';
    const question = { request, calls: calls.calls, declared: calls.declared, isEnforced };
    await this.judge.judge(question, judgement, budget, signal);
    return inSpan('iris.verdict', {}, () => this.verdicts.judged(context, calls));
  }

  async #onError(context: HookContext, error: unknown): Promise<HookVerdict> {
    if (error instanceof PdpError) {
      const { reason, message, cause } = error;
      this.logger.warn({ reason, cause }, message);
      return this.recorder.close(context, await this.verdicts.partlyJudged(context, reason));
    }
    this.logger.error({ err: error }, 'unexpected error while handling a hook');
    const text = 'an unexpected error';
    return this.recorder.close(context, this.verdicts.failed(context, 'internal_error', text));
  }

  /** A body that takes longer to read than the budget is refused as one that is too large: in either failure mode. */
  #onOvertime(context: HookContext): Promise<HookVerdict> {
    const text = 'the budget of this hook is used up';
    const conclusion = context.isReading
      ? this.#unread(context, 'gateway_busy', 'it is not read within the budget')
      : this.verdicts.failed(context, 'budget_exhausted', text);
    const closing = this.recorder.close(context, conclusion);
    context.abandon();
    return closing;
  }

  #unjudgeable(context: HookContext, calls: Exclude<HookCalls, { status: 'read' }>): Conclusion {
    const conclusion = this.verdicts.unjudgeable(context, calls);
    if (calls.status === 'nothing_to_evaluate' || conclusion.failed) return conclusion;
    return this.#unread(context, calls.reason, calls.detail ?? REASONS[calls.reason]);
  }

  #unread(context: HookContext, reason: ReasonId, detail: string): Conclusion {
    this.logger.warn({ reason, hookKey: context.incoming.keyName }, `a hook was not read: ${detail}`);
    return this.verdicts.unread(context, reason, detail);
  }
}
