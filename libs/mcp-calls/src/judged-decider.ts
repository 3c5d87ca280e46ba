import { randomUUID } from 'node:crypto';
import { type ContextReader, principalKey } from '@iris/context-cache';
import type { CallDecision, JsonObject, ReasonId, ToolCall } from '@iris/contracts';
import {
  Budget,
  type CallerMark,
  type CallJudge,
  countDecision,
  type DecisionRequest,
  type EvidenceService,
  Judgement,
  type Modes,
  type RequestOutcome,
  type ShadowPolicy,
  sessionAttributes,
} from '@iris/decision';
import { PdpError, toAttributes } from '@iris/pdp';
import { activeTraceId, count, inSpan, type Logger, recordDuration } from '@iris/telemetry';
import {
  CallDecider,
  type CallOrigin,
  type CallVerdict,
  type ListedTool,
  type McpCall,
  type ToolVisibility,
  toolKey,
} from './call-decider.js';
import { denied, questionOf, withReason } from './denial-text.js';

export interface JudgedDeciderOptions {
  /** Longest time until a call is decided, in ms. */
  readonly budgetMs: number;
  /** Verdict on a call that is not decided. */
  readonly onFailure: 'closed' | 'open';
  /** Longest name of a tool, in UTF-16 units. */
  readonly maxNameLength: number;
}

export interface JudgedDeciderParts {
  readonly judge: Pick<CallJudge, 'judge'>;
  readonly modes: Pick<Modes, 'pinned'>;
  readonly evidence: Pick<EvidenceService, 'accepting' | 'record' | 'shownPrincipal'>;
  readonly shadow?: Pick<ShadowPolicy, 'compare'>;
  readonly cache: Pick<ContextReader, 'onDropped'>;
  readonly logger: Logger;
}

const EVENT = 'mcp_tools_call';

/** How long a listing holds at most, and while a source is unavailable, in ms. */
const MAX_LISTING_MS = 60_000;
const PARTIAL_LISTING_MS = 1000;

interface MarkedRequest extends DecisionRequest {
  readonly caller?: CallerMark;
}

/** One call on its way to its verdict. */
interface Case {
  readonly request: MarkedRequest;
  readonly call: ToolCall;
  readonly judgement: Judgement;
  readonly budget: Budget;
  readonly modes: Modes;
}

interface Conclusion {
  readonly verdict: CallVerdict;
  /** Set where the verdict is only recorded. */
  readonly wouldHave?: 'block' | 'ask';
  readonly failed?: boolean;
}

/** Decides on calls with the stages that all entry points share, and records the decisions. */
export class JudgedDecider extends CallDecider {
  constructor(
    private readonly parts: JudgedDeciderParts,
    private readonly options: JudgedDeciderOptions,
  ) {
    super();
  }

  async decide(call: McpCall): Promise<CallVerdict> {
    const about: Case = {
      request: requestOf(call.origin),
      call: toolCallOf(call),
      judgement: new Judgement(),
      budget: new Budget(this.options.budgetMs),
      modes: this.parts.modes.pinned(),
    };
    try {
      const conclusion = await this.conclude(about, call);
      about.judgement.close();
      return await this.record(about, conclusion);
    } catch (error) {
      this.parts.logger.error({ err: error }, 'unexpected error while deciding a call');
      return this.failure(about, 'internal_error', 'an unexpected error').verdict;
    }
  }

  async visibility(origin: CallOrigin, tools: readonly ListedTool[]): Promise<ToolVisibility> {
    const judgement = new Judgement();
    const declared = tools.map((tool) => ({ ...tool, key: toolKey(tool) }));
    const modes = this.parts.modes.pinned();
    try {
      const question = { request: requestOf(origin), calls: [], declared };
      await this.judge(question, judgement, new Budget(this.options.budgetMs));
      judgement.close();
      const hidden = declared.filter(({ key }) => judgement.strip.has(key));
      const enforced = hidden.filter((tool) => modes.ofTool(EVENT, tool) === 'enforce');
      return { hidden: new Set(enforced.map(({ key }) => key)), ttlMs: listingMs(judgement) };
    } catch (error) {
      judgement.close();
      this.parts.logger.warn({ err: error }, 'a listing shows tools that could not be judged');
      return { hidden: new Set(), ttlMs: 0 };
    }
  }

  onFactsChanged(listener: (concerns: (principalId: string) => boolean) => void): () => void {
    return this.parts.cache.onDropped((key) => listener((id) => key === undefined || key === principalKey(id)));
  }

  private async conclude(about: Case, { canAsk, confirmed = false, tool = '' }: McpCall): Promise<Conclusion> {
    const { call, judgement, budget, request } = about;
    if (!this.parts.evidence.accepting()) {
      return this.limited(about, 'evidence_unavailable', 'decisions cannot be recorded now');
    }
    if (tool.length > this.options.maxNameLength) {
      return this.limited(about, 'name_too_long', 'the name of the tool is too long');
    }
    try {
      const isEnforced = (decision: CallDecision) =>
        !decision.observe && about.modes.ofDecision(EVENT, decision) === 'enforce';
      await this.judge({ request, calls: [call], declared: [], isEnforced }, judgement, budget);
    } catch (error) {
      if (error instanceof PdpError) {
        this.parts.logger.warn({ reason: error.reason, cause: error.cause }, error.message);
        return this.failure(about, error.reason, 'the policy decision point gives no decision');
      }
      if (error instanceof OvertimeError) {
        return this.failure(about, 'budget_exhausted', 'the time for a decision is used up');
      }
      throw error;
    }
    const decision = judgement.decisions.get(call);
    if (decision === undefined) return this.failure(about, 'internal_error', 'the call has no decision');
    return concluded(about, decision, confirmed ? 'confirmed' : canAsk ? 'can ask' : 'cannot ask');
  }

  /** @throws OvertimeError when there is no answer inside the budget; PdpError */
  private async judge(
    question: Parameters<CallJudge['judge']>[0],
    judgement: Judgement,
    budget: Budget,
  ): Promise<void> {
    const late = new AbortController();
    let timer: NodeJS.Timeout | undefined;
    const overtime = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new OvertimeError()), budget.totalMs);
    });
    const judging = this.parts.judge.judge(question, judgement, budget, late.signal);
    try {
      await Promise.race([judging, overtime]);
    } catch (error) {
      judgement.close();
      late.abort();
      judging.catch(() => undefined);
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  /** A limit holds in either failure mode. */
  private limited({ modes, call }: Case, reason: ReasonId, text: string): Conclusion {
    if (modes.ofTool(EVENT, call) === 'observe') return { verdict: { action: 'allow', reason }, wouldHave: 'block' };
    return { verdict: { action: 'deny', reason, message: withReason(`Denied: ${text}.`, reason) } };
  }

  /** A denial that is known holds in either failure mode. */
  private failure(about: Case, reason: ReasonId, text: string): Conclusion {
    const known = about.judgement.decisions.get(about.call);
    if (known?.effect === 'DENY') return { ...concluded(about, known, 'cannot ask'), failed: true };
    if (this.options.onFailure === 'open') return { verdict: { action: 'allow', reason }, failed: true };
    return { ...this.limited(about, reason, text), failed: true };
  }

  private async record(about: Case, { verdict, wouldHave, failed = false }: Conclusion): Promise<CallVerdict> {
    const { request, judgement, budget, modes } = about;
    const { decided } = judgement;
    const modeOf = (decision: CallDecision) => modes.ofDecision(EVENT, decision);
    const isEnforced = (decision: CallDecision) => !decision.observe && modeOf(decision) === 'enforce';
    for (const { decision } of decided) countDecision(decision, isEnforced(decision));
    const action = verdict.action === 'deny' ? 'block' : verdict.action;
    const outcome: RequestOutcome<MarkedRequest> = {
      request,
      prepared: judgement.prepared,
      verdict: { action, reason: verdict.reason },
      mode: modes.ofEvent(EVENT),
      modeOf,
      switchOf: (decision) => modes.overrideOf(decision),
      wouldHave,
      traceId: activeTraceId(),
      failed,
      durationsMs: { ...judgement.durationsMs, total: budget.elapsedMs() },
    };
    const kept = await inSpan('iris.evidence', {}, () => this.parts.evidence.record(outcome, decided, isEnforced));
    this.parts.shadow?.compare(outcome, decided);
    const enforced = modes.ofTool(EVENT, about.call) === 'enforce';
    const given = kept || !enforced ? verdict : this.limited(about, 'evidence_unavailable', UNRECORDED).verdict;
    this.report(about, given, failed);
    return given;
  }

  private report({ request, budget, judgement }: Case, { action, reason }: CallVerdict, failed: boolean): void {
    const sent = action === 'deny' ? 'block' : action;
    count('iris.hook.replies', { event: EVENT, action: sent, reason });
    if (failed) count('iris.hook.failure_mode', { event: EVENT, action: sent, reason });
    recordDuration('iris.hook.duration', budget.elapsedMs(), { event: EVENT, action: sent });
    const rules = [...judgement.decisions.values()].flatMap((decision) => decision.rules);
    const principal = this.parts.evidence.shownPrincipal(request.who.id);
    this.parts.logger.info(
      { event: EVENT, action: sent, reason, key: request.keyName, principal, rules },
      'an MCP call was answered',
    );
  }
}

const UNRECORDED = 'this decision cannot be recorded';

class OvertimeError extends Error {}

type Asking = 'can ask' | 'cannot ask' | 'confirmed';

function concluded({ call, modes }: Case, decision: CallDecision, asking: Asking): Conclusion {
  const isObserved = decision.observe || modes.ofDecision(EVENT, decision) === 'observe';
  if (decision.effect === 'DENY') {
    if (isObserved) return { verdict: { action: 'allow', reason: 'observe_mode' }, wouldHave: 'block' };
    return { verdict: denied(decision) };
  }
  const question = questionOf(decision);
  if (question === undefined || asking === 'confirmed')
    return { verdict: { action: 'allow', reason: 'policy_allowed' } };
  if (modes.ofTool(EVENT, call) === 'observe') {
    return { verdict: { action: 'allow', reason: 'observe_mode' }, wouldHave: 'ask' };
  }
  if (asking === 'can ask') return { verdict: { action: 'ask', reason: 'policy_allowed', message: question } };
  const text = `${question} A person must confirm this call, and this client cannot ask (it has no elicitation).`;
  return { verdict: { action: 'deny', reason: 'nobody_to_ask', message: withReason(text, 'nobody_to_ask') } };
}

/** Until the first fact ends. */
function listingMs({ prepared }: Judgement): number {
  const facts = Object.values(prepared?.sources ?? {});
  if (facts.some(({ status }) => status === 'unavailable')) return PARTIAL_LISTING_MS;
  const ends = facts.map(({ freshUntil }) => (freshUntil ?? Number.POSITIVE_INFINITY) - Date.now());
  return Math.max(0, Math.min(MAX_LISTING_MS, ...ends));
}

function requestOf({ caller, sessionId, userAgent, client }: CallOrigin): MarkedRequest {
  const session = { ...sessionAttributes({ userAgent }), ...(client && toAttributes({ client: { ...client } })) };
  const requestId = randomUUID();
  return {
    event: EVENT,
    keyName: caller.keyName,
    ...(caller.mark === undefined ? {} : { caller: caller.mark }),
    entryPoint: 'mcp',
    arrivedAt: Date.now(),
    who: caller.who,
    requestId,
    sessionId,
    userAgent,
    attributes: { ...session, ...toAttributes({ event: EVENT, requestId, sessionId }) } as JsonObject,
    sessionAttributes: session,
  };
}

function toolCallOf({ server, method, tool, params, paramsStatus, toolUseId }: McpCall): ToolCall {
  const common = { id: toolUseId ?? `mcp:${randomUUID()}`, server, phase: 'requested' as const, params, paramsStatus };
  return tool === undefined ? { ...common, name: method, protocolMethod: true } : { ...common, name: tool };
}
