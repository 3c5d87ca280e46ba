import { type CallDecision, ENFORCEABLE_EVENTS, type ToolCall } from '@iris/contracts';
import { activeTraceId, count, inSpan } from '@iris/telemetry';
import type { ContextService, GatheredContext } from '../context/index.js';
import {
  type DecisionService,
  EarlierDenials,
  firstCalls,
  type OneDecisionPerRequest,
  type PlannableTool,
  type ToolPlans,
  toRememberedDecision,
  underDenial,
  type VerdictMemory,
  verdictKeys,
  verdictScope,
} from '../decision/index.js';
import type { EvidenceService } from '../evidence/index.js';
import { type Budget, REPLY_RESERVE_MS } from '../shared/budget.js';
import type { DecidedCall } from '../shared/decided-call.js';
import type { DecisionRequest } from '../shared/decision-request.js';
import type { PolicyRevision } from '../shared/policy-revision.js';
import type { Judgement } from './judgement.js';

/** What a request asks decisions about. */
export interface CallQuestion {
  readonly request: DecisionRequest;
  readonly calls: readonly ToolCall[];
  readonly declared: readonly PlannableTool[];
  /**
   * Whether a denial is put into force: only such a one holds for the request that comes after the call. Absent where
   * nothing is.
   */
  readonly isEnforced?: (decision: CallDecision) => boolean;
}

export interface JudgeOptions {
  /** Calls of one request that are judged again: `too_many_new_calls`. */
  readonly maxNewCalls: number;
}

/** The stages that a judge runs. */
export interface JudgeStages {
  readonly context: Pick<ContextService, 'gather'>;
  readonly decision: Pick<DecisionService, 'prepare' | 'decide'>;
  readonly plans: Pick<ToolPlans, 'alwaysDenied'>;
  readonly memory: Pick<VerdictMemory, 'recall' | 'remember'>;
  readonly requests: Pick<OneDecisionPerRequest, 'inTurn'>;
  readonly evidence: Pick<EvidenceService, 'prepare'>;
}

/** Reserved from the budget for the evidence of each call, in ms. */
const RECORD_RESERVE_MS = 0.1;

/** Share of the budget that an event after the response may wait for the other one of the same request. */
const OTHER_EVENT_PERCENT = 30;

/** The context of a request, and the calls that are decided with it. */
interface OpenCalls {
  readonly gathered: GatheredContext;
  /** Calls that no remembered verdict covers, up to the limit. */
  readonly undecided: readonly ToolCall[];
  /** What was denied before it ran. */
  readonly denied: ReadonlyMap<ToolCall, CallDecision>;
  readonly keep: (part: readonly DecidedCall[]) => void;
}

/** Runs the stages context and decision for all calls of a request. */
export class CallJudge {
  private readonly earlier: EarlierDenials;

  constructor(
    private readonly stages: JudgeStages,
    private readonly policies: Pick<PolicyRevision, 'revision'>,
    private readonly options: JudgeOptions,
  ) {
    this.earlier = new EarlierDenials(stages.memory);
  }

  /**
   * Fills in the judgement as decisions are made, so that it holds a part of them when it is closed early or the PDP
   * fails.
   *
   * @throws PdpError when the PDP does not decide on all calls
   */
  async judge(question: CallQuestion, judgement: Judgement, budget: Budget, signal: AbortSignal): Promise<void> {
    const run = async () => {
      const open = await inSpan('iris.context', {}, () => this.#context(question, judgement, budget, signal));
      if (open === undefined) return;
      await inSpan('iris.decision', {}, () => this.#decide(question, judgement, open, budget));
    };
    const { event, requestId } = question.request;
    if (ENFORCEABLE_EVENTS.has(event)) await run();
    else await this.stages.requests.inTurn(requestId, budget.remainingMsOfShare(OTHER_EVENT_PERCENT), run);
  }

  /** @returns undefined when the verdict is given meanwhile */
  async #context(
    { request, calls, isEnforced }: CallQuestion,
    judgement: Judgement,
    budget: Budget,
    signal: AbortSignal,
  ): Promise<OpenCalls | undefined> {
    const { memory, context, decision } = this.stages;
    judgement.begin('context');
    const { revision } = this.policies;
    const scope = verdictScope(request);
    const keys = verdictKeys(request, calls);
    const decisions = new Map<ToolCall, CallDecision>();
    judgement.decisions = decisions;
    const denied = new Map<ToolCall, CallDecision>();
    const openCalls = async () => {
      const [recalled] = await Promise.all([
        memory.recall(scope, keys, revision),
        this.#addDenied(denied, request, calls.filter(isNew), revision),
      ]);
      const open = calls.filter((call) => {
        const verdict = recalled.get(call);
        return verdict === undefined || (verdict.effect === 'ALLOW' && denied.has(call));
      });
      // A verdict on an older call was given with its denial; one that is lost is not known here.
      await this.#addDenied(
        denied,
        request,
        open.filter((call) => !isNew(call)),
        revision,
      );
      const undecided = await firstCalls(open, this.options.maxNewCalls);
      if (judgement.isClosed) return undecided;
      for (const [call, earlier] of denied) decisions.set(call, earlier);
      for (const [call, verdict] of recalled) {
        if (decisions.has(call)) continue;
        decisions.set(call, toRememberedDecision(call, verdict));
        count('iris.decision.remembered', { effect: verdict.effect });
      }
      judgement.left = open.length - undecided.length;
      return undecided;
    };
    // Redis is asked first: its answer travels while the facts are put together. What it holds is part of the judgement
    // at once: a denial that is known holds also when the facts are late.
    const limited = openCalls();
    const gathered = await context.gather(request.who, limited, budget, signal);
    const prepared = decision.prepare(gathered.principal);
    const undecided = await limited;
    if (judgement.isClosed) return undefined;
    judgement.end();

    const decided: DecidedCall[] = [];
    judgement.prepared = prepared;
    judgement.decided = decided;
    let preparing = Promise.resolve();
    // Decisions of a large check are kept as they come, so that a request that runs out of time makes progress when it
    // is sent again.
    const keep = (all: readonly DecidedCall[]) => {
      if (judgement.isClosed) return;
      const part = all.map((each) => underDenial(each, denied.get(each.decision.call)));
      decided.push(...part);
      preparing = preparing.then(() => this.stages.evidence.prepare(part)).catch(() => undefined);
      for (const each of part) decisions.set(each.decision.call, each.decision);
      memory.remember(
        scope,
        part.map((each) => each.decision),
        keys,
        revision,
      );
      if (isEnforced === undefined) return;
      this.earlier.remember(request, part.map((each) => each.decision).filter(isEnforced), revision);
    };
    return { gathered, undecided, denied, keep };
  }

  async #decide(
    { request, calls, declared }: CallQuestion,
    judgement: Judgement,
    { gathered, undecided, denied, keep }: OpenCalls,
    budget: Budget,
  ): Promise<void> {
    const { prepared } = judgement;
    if (prepared === undefined) throw new Error('the context is gathered first');
    judgement.begin('pdp');
    const reserveMs = 2 * REPLY_RESERVE_MS + undecided.length * RECORD_RESERVE_MS;
    const timeoutMs = Math.max(1, budget.remainingMs() - reserveMs);
    const { decision, plans } = this.stages;
    const [ordered, strip] = await Promise.all([
      decision.decide(request, prepared, undecided, gathered.cmdb, timeoutMs, activeTraceId(), keep),
      plans.alwaysDenied(request, prepared, declared, this.policies.revision, timeoutMs / 2),
    ]).finally(() => judgement.end());
    if (judgement.isClosed) return;
    judgement.strip = strip;
    const held = ordered.map((each) => underDenial(each, denied.get(each.decision.call)));
    judgement.decided = held;
    const decisions = new Map(judgement.decisions);
    for (const each of held) decisions.set(each.decision.call, each.decision);
    // Parts of a large check arrive in any order; the first denial of the body is the one that a block names.
    judgement.decisions = new Map(
      calls.flatMap((call) => {
        const decided = decisions.get(call);
        return decided === undefined ? [] : [[call, decided] as const];
      }),
    );
  }

  async #addDenied(
    denied: Map<ToolCall, CallDecision>,
    request: DecisionRequest,
    calls: readonly ToolCall[],
    revision: string,
  ): Promise<void> {
    if (calls.length === 0) return;
    for (const [call, earlier] of await this.earlier.recall(request, calls, revision)) denied.set(call, earlier);
  }
}

/** Whether no earlier request can have held the result of a call. */
function isNew({ inNewestTurn }: ToolCall): boolean {
  return inNewestTurn !== false;
}
