import { type CallDecision, ENFORCEABLE_EVENTS } from '@iris/contracts';
import {
  countDecision,
  type EvidenceService,
  type Judgement,
  type RequestOutcome,
  type ShadowPolicy,
} from '@iris/decision';
import { activeTraceId, annotateSpan, count, inSpan, type Logger, record, recordDuration } from '@iris/telemetry';
import type { HookVerdict } from '../protocol/hook-verdict.js';
import { block, type Conclusion } from '../verdict/index.js';
import type { HookContext } from './hook-context.js';

/** Rules that one line of the log names at most. */
const MAX_LOGGED_RULES = 10;

/** Records verdicts before they leave: evidence, metrics, the log and the span. */
export class VerdictRecorder {
  constructor(
    private readonly evidence: Pick<EvidenceService, 'accepting' | 'record' | 'shownId' | 'shownPrincipal'>,
    /** Absent: no candidate policies are asked. */
    private readonly shadow: Pick<ShadowPolicy, 'compare'> | undefined,
    private readonly logger: Logger,
  ) {}

  /** Whether a decision made now can be recorded, or need not be. */
  accepting(): boolean {
    return this.evidence.accepting();
  }

  /** Gives the verdict on a hook. Once per hook: the first verdict counts. */
  close(context: HookContext, conclusion: Conclusion): Promise<HookVerdict> {
    if (context.closing === undefined) {
      context.judgement.close();
      context.closing = this.#record(context, conclusion);
    }
    return context.closing;
  }

  async #record(context: HookContext, conclusion: Conclusion): Promise<HookVerdict> {
    const { judgement, request, budget, modes } = context;
    const { verdict: given, wouldHave, failed = false } = conclusion;
    const { event } = request;
    const { decided } = judgement;
    const mode = modes.ofEvent(event);
    const modeOf = (decision: CallDecision) => modes.ofDecision(event, decision);
    const enforceable = ENFORCEABLE_EVENTS.has(event);
    const isEnforced = (decision: CallDecision) => enforceable && !decision.observe && modeOf(decision) === 'enforce';
    for (const { decision } of decided) countDecision(decision, isEnforced(decision));
    const outcome: RequestOutcome = {
      request,
      prepared: judgement.prepared,
      verdict: given,
      mode,
      modeOf,
      switchOf: (decision) => modes.overrideOf(decision),
      wouldHave,
      traceId: activeTraceId(),
      failed: failed || judgement.left > 0,
      durationsMs: { ...judgement.durationsMs, total: budget.elapsedMs() },
    };
    const kept = await inSpan('iris.evidence', {}, () => this.evidence.record(outcome, decided, isEnforced));
    this.shadow?.compare(outcome, decided);
    // Also an allow: what a category enforces must be recorded where the event is only observed.
    const enforced = mode === 'enforce' || decided.some(({ decision }) => modeOf(decision) === 'enforce');
    const isLost = !kept && enforceable && enforced;
    const verdict = isLost ? block('evidence_unavailable', 'Blocked: this decision cannot be recorded.') : given;
    this.#report(context, { verdict, wouldHave, failed });
    return verdict;
  }

  #report({ request, budget, judgement }: HookContext, { verdict, wouldHave, failed }: Conclusion): void {
    const { event, requestId, keyName, who } = request;
    const { action, reason } = verdict;
    count('iris.hook.replies', { event, action, reason });
    if (wouldHave !== undefined) count('iris.hook.would_have', { event, action: wouldHave });
    if (failed) count('iris.hook.failure_mode', { event, action, reason });
    recordDuration('iris.hook.duration', budget.elapsedMs(), { event, action });
    record('iris.hook.budget_used', budget.elapsedMs() / budget.totalMs, { event });
    this.logger.info(
      {
        event,
        action,
        reason,
        requestId: this.evidence.shownId(requestId),
        hookKey: keyName,
        principal: this.evidence.shownPrincipal(who.id),
        rules: rulesOf(judgement),
      },
      'a hook was answered',
    );
    annotateSpan({
      'iris.hook.event': event,
      'iris.verdict.action': action,
      'iris.verdict.reason': reason,
      // Also where denials are only observed, and the verdict is to allow.
      'iris.decision.denied': judgement.hasDenial,
      'iris.hook.failed': failed === true,
    });
  }
}

/** The rules that explain denials, or what was allowed where nothing was denied; undefined without a decision. */
function rulesOf({ decisions }: Judgement): readonly string[] | undefined {
  const all = [...decisions.values()];
  const denied = all.filter(({ effect }) => effect === 'DENY');
  const rules = new Set((denied.length > 0 ? denied : all).flatMap((decision) => decision.rules));
  return all.length === 0 ? undefined : [...rules].slice(0, MAX_LOGGED_RULES);
}
