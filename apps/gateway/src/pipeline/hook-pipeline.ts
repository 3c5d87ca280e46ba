import type { CallDecision, Hook, ReasonId, ToolCall } from '@iris/contracts';
import { ENFORCEABLE_EVENTS, REASONS } from '@iris/contracts';
import {
  type Budget,
  type ContextService,
  countDecision,
  type DecidedCall,
  type DecisionService,
  type EvidenceService,
  firstCalls,
  type HookOutcome,
  type Modes,
  type OneDecisionPerRequest,
  type PreparedPrincipal,
  type ShadowPolicy,
  type ToolPlans,
  toRememberedDecision,
  type VerdictMemory,
  verdictKeys,
  verdictScope,
} from '@iris/decision';
import { PdpError } from '@iris/pdp';
import { activeTraceId, annotateSpan, count, type Logger, record, recordDuration } from '@iris/telemetry';
import { Injectable } from '@nestjs/common';
import { type PdpWatch } from '../health/pdp-watch.js';
import { identify } from '../hook/identity.js';
import { type IncomingHook, unreadHook } from '../hook/read-hook.js';
import { type WiringWarnings } from '../hook/wiring-warnings.js';
import { type HookCalls } from '../tool-calls/index.js';
import { conclude, type ReadCalls } from '../verdict/conclusion.js';
import { block, blockFor, type HookVerdict } from '../verdict/reply.js';
import { type HookReader } from './hook-reader.js';

export interface WalkOptions {
  readonly modes: Modes;
  readonly onFailure: Readonly<Record<'pre_request' | 'pre_tool_use', 'closed' | 'open'>>;
  /** The outcome of denied results: replaced by a notice, or the whole request is blocked. */
  readonly onDeniedResult: 'redact' | 'block';
  /** Calls of one hook that are evaluated again: `too_many_new_calls`. */
  readonly maxNewCalls: number;
}

/** What is known of all calls of a hook; a part of it when the PDP does not decide on all of them. */
interface Judgement {
  readonly calls: ReadCalls;
  readonly prepared: PreparedPrincipal;
  decided: readonly DecidedCall[];
  /** Decisions on calls, remembered ones included. */
  decisions: ReadonlyMap<ToolCall, CallDecision>;
  strip: ReadonlySet<string>;
  readonly durationsMs: { readonly context: number; pdp: number };
  /** Where something is only observed, what enforcement would have replied. */
  readonly wouldHave?: HookVerdict['action'];
  /** Calls that this hook leaves to the next one, beyond the limit of new calls. */
  readonly left: number;
}

/** One hook in the pipeline. */
interface Passage {
  readonly incoming: IncomingHook;
  readonly budget: Budget;
  /** Aborted when nobody waits for the verdict any more. */
  readonly signal: AbortSignal;
  /** The modes of this hook. */
  readonly modes: Modes;
  /** What is known of the hook so far. */
  hook: Hook;
  judgement?: Judgement;
  /** Whether no decision could be had, so that the failure mode applies. */
  failed: boolean;
  /** Whether the body is being read: its size and shape alone decide how long that takes. */
  reading: boolean;
  /** Set once the verdict is given: resolves when it is recorded. */
  closing?: Promise<HookVerdict>;
}

/** A verdict, and what is known of the hook that it answers. */
export interface AnsweredHook {
  readonly verdict: HookVerdict;
  readonly hook: Hook;
}

/** Size and shape open no way around a policy: these block in either failure mode. */
const BLOCKS_IN_ANY_FAILURE_MODE: ReadonlySet<ReasonId> = new Set([
  'body_too_large',
  'body_unreadable',
  'body_too_deep',
  'body_too_complex',
  'decoded_ratio_exceeded',
  'too_many_calls',
  'too_many_new_calls',
  'too_many_results',
  'too_many_declared_tools',
  'id_too_long',
  'name_too_long',
  'metadata_too_large',
  'gateway_busy',
  'worker_failed',
  'hook_key_not_permitted',
  'unknown_agent_event',
  'conflicting_fields',
]);

/** Metadata is part of every question to the PDP and of every record. In UTF-16 units of JSON. */
const MAX_METADATA = 65_536;

/** Kept back from the budget so that the reply itself has time to leave, in ms. */
const REPLY_RESERVE_MS = 25;

/** Rules that one line of the log names at most. */
const MAX_LOGGED_RULES = 10;

/** Kept back for the evidence of each call, in ms. */
const RECORD_RESERVE_MS = 0.1;

/** Share of the budget that an event after the response may wait for the other one of the same request. */
const OTHER_EVENT_PERCENT = 30;

/** The pipeline of one hook: hook, tool-calls, context, decision, hook, evidence. */
@Injectable()
export class HookWalk {
  constructor(
    private readonly reader: HookReader,
    private readonly context: ContextService,
    private readonly decision: DecisionService,
    private readonly plans: ToolPlans,
    private readonly memory: VerdictMemory,
    private readonly requests: OneDecisionPerRequest,
    private readonly evidence: EvidenceService,
    private readonly warnings: WiringWarnings,
    private readonly pdpWatch: Pick<PdpWatch, 'revision'>,
    /** Absent: no candidate policies are asked. */
    private readonly shadow: ShadowPolicy | undefined,
    private readonly options: WalkOptions,
    private readonly logger: Logger,
  ) {}

  /**
   * The verdict on a hook. Always resolves, inside the budget: what cannot be decided gets the verdict of the failure
   * mode.
   *
   * @param gone aborted when the caller has hung up
   */
  async answer(incoming: IncomingHook, budget: Budget, gone: AbortSignal): Promise<AnsweredHook> {
    const overtime = new AbortController();
    // Not AbortSignal.any, which costs as much as reading a small hook.
    gone.addEventListener('abort', () => overtime.abort(), { once: true });
    const passage: Passage = {
      incoming,
      budget,
      signal: overtime.signal,
      modes: this.options.modes.pinned(),
      hook: unreadHook(incoming),
      failed: false,
      reading: false,
    };
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<HookVerdict>((resolve) => {
      timer = setTimeout(
        () => {
          resolve(this.overtime(passage));
          overtime.abort();
        },
        Math.max(1, budget.remainingMs() - REPLY_RESERVE_MS),
      );
    });
    const walked = this.walk(passage).catch((error: unknown) => this.answerToFault(passage, error));
    const verdict = await Promise.race([walked, late]).finally(() => clearTimeout(timer));
    return { verdict, hook: passage.hook };
  }

  private async answerToFault(passage: Passage, error: unknown): Promise<HookVerdict> {
    if (!(error instanceof PdpError)) {
      this.logger.error({ err: error }, 'unexpected error while handling a hook');
      const verdict = this.failed(passage, 'internal_error', 'an unexpected error');
      return this.close(passage, this.unlessDenied(passage, verdict));
    }
    this.logger.warn({ reason: error.reason, cause: error.cause }, error.message);
    const verdict = this.failed(passage, error.reason, 'the policy decision point gives no decision');
    const { hook, judgement } = passage;
    if (verdict.action !== 'allow' || judgement === undefined) return this.close(passage, verdict);
    // Denials that are known hold, also where the failure mode lets the undecided calls pass.
    const { onDeniedResult } = this.options;
    const { modes } = passage;
    const known = await conclude(hook, judgement.calls, judgement, modes, onDeniedResult).catch(() => undefined);
    if (known === undefined) return this.close(passage, this.unlessDenied(passage, verdict));
    return this.close(passage, known.verdict.action === 'allow' ? verdict : known.verdict);
  }

  /** A block where a denial is known that is enforced: no failure mode opens it. */
  private unlessDenied({ hook, judgement, modes }: Passage, verdict: HookVerdict): HookVerdict {
    if (verdict.action !== 'allow' || isAfterResponse(hook)) return verdict;
    const denied = [...(judgement?.decisions.values() ?? [])].filter(
      (decision) =>
        decision.effect === 'DENY' && !decision.observe && modes.ofDecision(hook.event, decision) === 'enforce',
    );
    return denied.length === 0 ? verdict : blockFor(denied);
  }

  /** The verdict on a hook that is refused before its body is read. */
  async refuse(incoming: IncomingHook, reason: ReasonId, detail: string, budget: Budget): Promise<AnsweredHook> {
    const signal = new AbortController().signal;
    const hook = unreadHook(incoming);
    const verdict = await this.unread(
      { incoming, budget, signal, modes: this.options.modes.pinned(), hook, failed: false, reading: false },
      reason,
      detail,
    );
    return { verdict, hook };
  }

  private async walk(passage: Passage): Promise<HookVerdict> {
    if (!this.evidence.accepting()) {
      const text = 'Blocked: decisions cannot be recorded now.';
      return this.close(passage, this.unlessObserving(passage, block('evidence_unavailable', text)));
    }
    passage.reading = true;
    const read = await this.reader.read(passage.incoming, passage.signal);
    passage.reading = false;
    if (!read.ok) {
      if (read.agent !== undefined) passage.hook = { ...passage.hook, agent: read.agent };
      return this.unread(passage, read.reason, read.detail);
    }
    const { hook, calls } = read;
    passage.hook = hook;
    if (JSON.stringify(hook.metadata).length > MAX_METADATA) {
      return this.unread(passage, 'metadata_too_large', `its metadata is longer than ${MAX_METADATA} characters`);
    }

    if (passage.modes.ofEvent(hook.event) === 'enforce') this.warnings.sawEvent(hook);
    if (calls.status === 'nothing_to_evaluate') {
      this.warnings.nothingToEvaluate(hook);
      const text =
        'this hook carries no request body, so no tool call can be judged; its grant in Aperture lacks request_body in send';
      return this.close(passage, this.failed(passage, calls.status, text));
    }
    if (calls.status === 'unreadable') {
      if (BLOCKS_IN_ANY_FAILURE_MODE.has(calls.reason)) {
        return this.unread(passage, calls.reason, calls.detail ?? REASONS[calls.reason]);
      }
      const text = 'this request has a format whose tool calls cannot be judged';
      return this.close(passage, this.failed(passage, calls.reason, text));
    }
    if (hook.agent !== undefined && calls.calls.length === 0) {
      return this.close(passage, { action: 'allow', reason: 'no_tool_call' });
    }
    if (calls.mismatch !== undefined) this.sayMismatch(hook, calls.mismatch);
    const judge = () => this.judge(passage, hook, calls);
    const waitMs = passage.budget.remainingMsOfShare(OTHER_EVENT_PERCENT);
    const judgement = await (isAfterResponse(hook) ? this.requests.inTurn(hook, waitMs, judge) : judge());
    if (judgement.left > 0) return this.unfinished(passage, judgement);
    const { onDeniedResult } = this.options;
    const { modes } = passage;
    const { verdict, wouldHave } = await conclude(hook, calls, judgement, modes, onDeniedResult);
    return this.close(passage, verdict, { ...judgement, wouldHave });
  }

  /** Tool names only: parameters never reach the log. */
  private sayMismatch(hook: Hook, mismatch: NonNullable<Extract<HookCalls, { status: 'read' }>['mismatch']>): void {
    const tools = Object.fromEntries(Object.entries(mismatch).map(([source, names]) => [source, names?.slice(0, 20)]));
    this.logger.warn(
      {
        reason: 'calls_mismatch',
        event: hook.event,
        requestId: this.evidence.shownId(hook.metadata.request_id),
        tools,
      },
      'the fields of a hook name different tool calls; every call that any of them names is judged',
    );
    count('iris.hook.wiring_warnings', { event: hook.event, reason: 'calls_mismatch' });
  }

  /** A body that takes longer to read than the budget is refused as one that is too large: in any failure mode. */
  private overtime(passage: Passage): Promise<HookVerdict> {
    if (passage.reading) return this.unread(passage, 'gateway_busy', 'it is not read within the budget');
    const verdict = this.failed(passage, 'budget_exhausted', 'the budget of this hook is used up');
    return this.close(passage, this.unlessDenied(passage, verdict));
  }

  /** A hook with more new calls than the limit blocks in any failure mode; the next one continues where it ended. */
  private unfinished(passage: Passage, judgement: Judgement): Promise<HookVerdict> {
    const text = `this request has too many tool calls that were not judged before. ${judgement.decided.length} of them are judged now, ${judgement.left} are left; send it again to continue.`;
    const verdict = this.unlessObserving(passage, block('too_many_new_calls', `Blocked: ${text}`));
    const wouldHave = verdict.action === 'block' ? undefined : 'block';
    return this.close(passage, verdict, { ...judgement, wouldHave });
  }

  /** A hook that was not read. Size and shape block in any failure mode: neither must open a way around. */
  private unread(passage: Passage, reason: ReasonId, detail: string): Promise<HookVerdict> {
    this.logger.warn({ reason, hookKey: passage.incoming.keyName }, `a hook was not read: ${detail}`);
    const text = `this request could not be read: ${detail}`;
    const verdict = BLOCKS_IN_ANY_FAILURE_MODE.has(reason)
      ? this.unlessObserving(passage, block(reason, `Blocked: ${text}.`))
      : this.failed(passage, reason, text);
    return this.close(passage, verdict);
  }

  private async judge(passage: Passage, hook: Hook, calls: ReadCalls): Promise<Judgement> {
    const { budget, signal } = passage;
    const identity = identify(hook.data);
    const scope = verdictScope(hook, identity);
    const revision = this.pdpWatch.revision;
    const start = performance.now();

    const names = verdictKeys(hook, calls.calls);
    // Redis is asked first: its answer travels while the facts are put together.
    const recalling = this.memory.recall(scope, names, revision);
    const open = recalling.then((recalled) => calls.calls.filter((call) => !recalled.has(call)));
    const undecided = open.then((all) => firstCalls(all, this.options.maxNewCalls));
    const gathered = await this.context.gather(identity, undecided, budget, signal);
    const prepared = this.decision.prepare(gathered.principal);
    const recalled = await recalling;
    const contextMs = performance.now() - start;

    const decisions = new Map<ToolCall, CallDecision>();
    for (const [call, verdict] of recalled) {
      decisions.set(call, toRememberedDecision(call, verdict));
      count('iris.decision.remembered', { effect: verdict.effect });
    }
    const left = (await open).length - (await undecided).length;
    const decided: DecidedCall[] = [];
    const durationsMs = { context: contextMs, pdp: 0 };
    const judgement: Judgement = { calls, prepared, decided, decisions, strip: new Set(), durationsMs, left };
    passage.judgement = judgement;
    // Answers of a large check are kept as they come, so that a hook that runs out of time makes progress when it is
    // sent again. What comes after the verdict has no evidence, so it is not kept.
    let preparing = Promise.resolve();
    const onDecided = (part: readonly DecidedCall[]) => {
      if (passage.closing !== undefined) return;
      decided.push(...part);
      preparing = preparing.then(() => this.evidence.prepare(part)).catch(() => undefined);
      for (const { decision } of part) decisions.set(decision.call, decision);
      this.memory.remember(
        scope,
        part.map(({ decision }) => decision),
        names,
        revision,
      );
    };
    const reserveMs = 2 * REPLY_RESERVE_MS + (await undecided).length * RECORD_RESERVE_MS;
    const timeoutMs = Math.max(1, budget.remainingMs() - reserveMs);
    const [ordered, strip] = await Promise.all([
      this.decision.decide(hook, prepared, await undecided, gathered.cmdb, timeoutMs, activeTraceId(), onDecided),
      this.plans.alwaysDenied(hook, prepared, calls.declared, revision, timeoutMs / 2),
    ]);
    judgement.strip = strip;
    judgement.decided = ordered;
    for (const { decision } of ordered) decisions.set(decision.call, decision);
    // Parts of a large check arrive in any order; the first denial of the body is the one that a block names.
    judgement.decisions = new Map(
      calls.calls.flatMap((call) => {
        const decision = decisions.get(call);
        return decision === undefined ? [] : [[call, decision] as const];
      }),
    );
    durationsMs.pdp = performance.now() - start - contextMs;
    return judgement;
  }

  /** Once per hook: the first verdict is the verdict. */
  private close(
    passage: Passage,
    verdict: HookVerdict,
    judgement: Judgement | undefined = passage.judgement,
  ): Promise<HookVerdict> {
    passage.closing ??= this.recorded(passage, verdict, judgement);
    return passage.closing;
  }

  /** Evidence, metrics and the span, then the verdict leaves. */
  private async recorded(
    passage: Passage,
    verdict: HookVerdict,
    judgement: Judgement | undefined,
  ): Promise<HookVerdict> {
    const { hook, budget, modes } = passage;
    const mode = modes.ofEvent(hook.event);
    const modeOf = (decision: CallDecision) => modes.ofDecision(hook.event, decision);
    const enforceable = !isAfterResponse(hook);
    const isEnforced = (decision: CallDecision) => enforceable && !decision.observe && modeOf(decision) === 'enforce';
    for (const { decision } of judgement?.decided ?? []) countDecision(decision, isEnforced(decision));
    const outcome: HookOutcome = {
      hook,
      identity: identify(hook.data),
      prepared: judgement?.prepared,
      verdict,
      mode,
      modeOf,
      switchOf: (decision) => modes.overrideOf(decision),
      wouldHave: judgement?.wouldHave,
      traceId: activeTraceId(),
      failed: passage.failed || (judgement?.left ?? 0) > 0,
      durationsMs: { context: 0, pdp: 0, ...judgement?.durationsMs, total: budget.elapsedMs() },
    };
    const kept = await this.evidence.record(outcome, judgement?.decided ?? [], isEnforced);
    this.shadow?.compare(outcome, judgement?.decided ?? []);
    if (!kept && enforceable && mode === 'enforce')
      verdict = block('evidence_unavailable', 'Blocked: this decision cannot be recorded.');
    const event = hook.event;
    count('iris.hook.replies', { event, action: verdict.action, reason: verdict.reason });
    if (judgement?.wouldHave !== undefined) count('iris.hook.would_have', { event, action: judgement.wouldHave });
    if (passage.failed) count('iris.hook.failure_mode', { event, action: verdict.action, reason: verdict.reason });
    recordDuration('iris.hook.duration', budget.elapsedMs(), { event, action: verdict.action });
    record('iris.hook.budget_used', budget.elapsedMs() / budget.totalMs, { event });
    this.logger.info(
      {
        event,
        action: verdict.action,
        reason: verdict.reason,
        requestId: this.evidence.shownId(hook.metadata.request_id),
        hookKey: hook.keyName,
        principal: this.evidence.shownPrincipal(outcome.identity.id),
        rules: rulesOf(judgement),
      },
      'a hook was answered',
    );
    annotateSpan({
      'iris.hook.event': event,
      'iris.verdict.action': verdict.action,
      'iris.verdict.reason': verdict.reason,
      // Also where denials are only observed, and the verdict is to allow.
      'iris.decision.denied': [...(judgement?.decisions.values() ?? [])].some(({ effect }) => effect === 'DENY'),
      'iris.hook.failed': passage.failed,
    });
    return verdict;
  }

  /** The verdict of the failure mode. */
  private failed(passage: Passage, reason: ReasonId, text: string): HookVerdict {
    passage.failed = true;
    const { pre_request, pre_tool_use } = this.options.onFailure;
    const onFailure = passage.hook.event === 'pre_tool_use' ? pre_tool_use : pre_request;
    // More calls than the limit open no way around a policy.
    const isOverLimit = (passage.judgement?.left ?? 0) > 0;
    if (onFailure === 'open' && !isOverLimit) return { action: 'allow', reason };
    return this.unlessObserving(passage, block(reason, `Blocked: ${text}.`));
  }

  private unlessObserving({ hook, modes }: Passage, verdict: HookVerdict): HookVerdict {
    const isObserved = modes.ofEvent(hook.event) === 'observe';
    return isObserved ? { action: 'allow', reason: verdict.reason } : verdict;
  }
}

/** The rules that spoke for denials, or for what was allowed where nothing was denied; undefined without a decision. */
function rulesOf(judgement: Judgement | undefined): readonly string[] | undefined {
  const decisions = [...(judgement?.decisions.values() ?? [])];
  const denied = decisions.filter(({ effect }) => effect === 'DENY');
  const rules = new Set((denied.length > 0 ? denied : decisions).flatMap((decision) => decision.rules));
  return decisions.length === 0 ? undefined : [...rules].slice(0, MAX_LOGGED_RULES);
}

function isAfterResponse(hook: Hook): boolean {
  return !ENFORCEABLE_EVENTS.has(hook.event);
}
