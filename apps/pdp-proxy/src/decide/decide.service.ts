import type { DescMessage, MessageShape } from '@bufbuild/protobuf';
import type { Principal } from '@cerbos/api/cerbos/engine/v1/engine_pb';
import { status } from '@grpc/grpc-js';
import type { ReasonId } from '@iris/contracts';
import type { EvidenceService, PreparedPrincipal, RecordedRequest, RequestOutcome } from '@iris/decision';
import { countDecision } from '@iris/decision';
import { activeTraceId, count, recordDuration } from '@iris/telemetry';
import { mayAsk } from '../callers/index.js';
import { type Enricher, fromValues } from '../enrich/index.js';
import type { AskedResource, CerbosMethod } from './cerbos-methods.js';
import type { Asked, Entry, Exchange } from './entry.js';
import { decidedCalls } from './evidence-of-answer.js';

/** A question to the PDP with what records state of it. */
interface Question<I> {
  /** undefined for the question exactly as it was sent. */
  readonly message: I | undefined;
  /** Positions of its resources in the question as it was sent. */
  readonly indexes: readonly number[];
  readonly resources: readonly AskedResource[];
  readonly prepared: PreparedPrincipal;
  readonly replaced: readonly string[];
  readonly contextMs: number;
}

/** What every entry protocol shares: authorisation by kind, facts, the PDP, and one record for each decision. */
export class DecideService {
  constructor(
    private readonly enricher: Enricher,
    private readonly evidence: Pick<EvidenceService, 'record'>,
  ) {}

  /** Decides one question of the Cerbos API. Never rejects, unless the exchange does. */
  async decide<I extends DescMessage, O extends DescMessage, T>(
    method: CerbosMethod<I, O>,
    question: MessageShape<I>,
    entry: Entry,
    exchange: Exchange<MessageShape<I>, MessageShape<O>, T>,
  ): Promise<T> {
    const resources = method.resources(question);
    const denied = resources.find(({ kind }) => kind !== '' && !mayAsk(entry.caller, kind));
    if (denied !== undefined) {
      count('iris.proxy.requests', { protocol: entry.protocol, outcome: 'caller_not_permitted' });
      return exchange.refuse({
        code: status.PERMISSION_DENIED,
        message: `the caller ${entry.caller.name} is not permitted to ask about the kind ${denied.kind.slice(0, 200)}`,
        reason: 'caller_not_permitted',
      });
    }
    const principal = method.principal(question);
    const questions =
      principal === undefined
        ? [unchanged<MessageShape<I>>(resources, undefined)]
        : await this.questions(method, question, principal, resources, entry);
    const replies = await Promise.all(questions.map((one) => this.ask(method, question, one, entry, exchange)));
    const [first] = replies as [Asked<MessageShape<O>, T>];
    if (replies.length === 1) return first.reply;
    const failed = replies.find(({ answer }) => answer === undefined);
    if (failed !== undefined || method.join === undefined) return (failed ?? first).reply;
    return exchange.reply(
      method.join(
        replies.map(({ answer }, index) => ({
          answer: answer as MessageShape<O>,
          indexes: questions[index]?.indexes ?? [],
        })),
      ),
    );
  }

  /**
   * Records a search as a whole.
   *
   * @returns whether its results may leave
   */
  recordSearch(subject: string, requestId: string, { caller, protocol, budget }: Entry): Promise<boolean> {
    return this.evidence.record(
      {
        request: {
          event: 'pdp_search',
          keyName: caller.name,
          who: { kind: 'user', id: subject },
          caller: { name: caller.name, by: caller.by, protocol },
          requestId,
        },
        verdict: { action: 'allow', reason: 'policy_allowed' },
        mode: 'enforce',
        traceId: activeTraceId(),
        durationsMs: { context: 0, pdp: 0, total: budget.elapsedMs() },
      },
      [],
      () => true,
    );
  }

  /** One question, or two where facts are added for some kinds only. */
  private async questions<I extends DescMessage, O extends DescMessage>(
    method: CerbosMethod<I, O>,
    question: MessageShape<I>,
    principal: Principal,
    resources: readonly AskedResource[],
    entry: Entry,
  ): Promise<Question<MessageShape<I>>[]> {
    const enriched = resources.flatMap(({ kind }, index) => (this.enricher.enriches(kind) ? [index] : []));
    const plain = resources.flatMap(({ kind }, index) => (this.enricher.enriches(kind) ? [] : [index]));
    if (enriched.length === 0) return [unchanged(resources, principal)];
    const start = performance.now();
    const chosen = enriched.map((index) => resources[index] as AskedResource);
    const facts = await this.enricher.enrich(
      principal,
      chosen,
      { isPlan: method.name === 'PlanResources', isPerson: entry.isPerson },
      entry.budget,
      entry.signal,
    );
    entry.onFacts?.(facts.prepared);
    for (const path of facts.replaced)
      count('iris.proxy.replaced', { of: path.startsWith('resource.') ? 'resource' : 'principal' });
    const contextMs = performance.now() - start;
    const whole: MessageShape<I> = plain.length === 0 ? question : (method.part?.(question, enriched) ?? question);
    const withFacts: Question<MessageShape<I>> = {
      message: { ...whole, principal: facts.principal },
      indexes: enriched,
      resources: chosen,
      prepared: facts.prepared,
      replaced: facts.replaced,
      contextMs,
    };
    if (plain.length === 0) return [withFacts];
    const others = plain.map((index) => resources[index] as AskedResource);
    return [
      withFacts,
      { ...unchanged<MessageShape<I>>(others, principal), message: method.part?.(question, plain), indexes: plain },
    ];
  }

  private async ask<I extends DescMessage, O extends DescMessage, T>(
    method: CerbosMethod<I, O>,
    asSent: MessageShape<I>,
    question: Question<MessageShape<I>>,
    entry: Entry,
    exchange: Exchange<MessageShape<I>, MessageShape<O>, T>,
  ): Promise<Asked<MessageShape<O>, T>> {
    const start = performance.now();
    const asked = await exchange.ask(question.message);
    const pdpMs = performance.now() - start;
    const reason: ReasonId | undefined = asked.answer === undefined ? (asked.reason ?? 'pdp_rejected') : undefined;
    recordDuration('iris.pdp.duration', pdpMs, {
      method: method.name === 'PlanResources' ? 'plan' : 'check',
      outcome: outcomeOf(reason),
    });
    count('iris.proxy.requests', { protocol: entry.protocol, outcome: outcomeOf(reason) });
    const { answer } = asked;
    if (entry.isSearch === true) return asked;
    const decided =
      answer === undefined
        ? []
        : decidedCalls(question.resources, method.answers(answer, question.resources), method.callId(answer));
    const outcome = this.outcome(method, asSent, question, entry, { pdpMs, reason });
    const recorded = await this.evidence.record(outcome, decided, () => true);
    for (const { decision } of decided) countDecision(decision, true);
    if (recorded || answer === undefined) return asked;
    return {
      reply: exchange.refuse({
        code: status.UNAVAILABLE,
        message: 'the decision could not be recorded',
        reason: 'evidence_unavailable',
      }),
    };
  }

  private outcome<I extends DescMessage, O extends DescMessage>(
    method: CerbosMethod<I, O>,
    asSent: MessageShape<I>,
    { prepared, replaced, contextMs }: Question<MessageShape<I>>,
    { caller, protocol, budget }: Entry,
    { pdpMs, reason }: { readonly pdpMs: number; readonly reason: ReasonId | undefined },
  ): RequestOutcome<RecordedRequest> {
    const requestId = method.requestId(asSent);
    return {
      request: {
        event: method.name === 'PlanResources' ? 'pdp_plan' : 'pdp_check',
        keyName: caller.name,
        who: { kind: 'user', id: prepared.principal.id },
        caller: { name: caller.name, by: caller.by, protocol },
        ...(requestId === '' ? {} : { requestId }),
        ...(replaced.length === 0 ? {} : { replaced }),
      },
      prepared,
      verdict: { action: reason === undefined ? 'allow' : 'block', reason: reason ?? 'policy_allowed' },
      mode: 'enforce',
      traceId: activeTraceId(),
      failed: reason !== undefined,
      durationsMs: { context: contextMs, pdp: pdpMs, total: budget.elapsedMs() },
    };
  }
}

/** A question that gets no facts. */
function unchanged<I>(resources: readonly AskedResource[], principal: Principal | undefined): Question<I> {
  return {
    message: undefined,
    indexes: resources.map((_, index) => index),
    resources,
    prepared: {
      principal: {
        id: principal?.id ?? '',
        roles: principal?.roles ?? [],
        attr: principal === undefined ? {} : fromValues(principal.attr),
      },
      origins: {},
      sources: {},
      anonymous: false,
    },
    replaced: [],
    contextMs: 0,
  };
}

function outcomeOf(
  reason: ReasonId | undefined,
): 'ok' | 'pdp_unavailable' | 'pdp_timeout' | 'pdp_rejected' | 'internal_error' {
  switch (reason) {
    case undefined:
      return 'ok';
    case 'pdp_unavailable':
    case 'pdp_timeout':
    case 'pdp_rejected':
      return reason;
    default:
      return 'internal_error';
  }
}
