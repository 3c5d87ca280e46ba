import { hash } from 'node:crypto';
import { type Complexity, effectAttributes, effectSummary } from '@iris/call-effects';
import type {
  CallDecision,
  Json,
  JsonObject,
  PolicyOutput,
  PrincipalContext,
  ReasonId,
  ToolCall,
} from '@iris/contracts';
import { isJsonObject } from '@iris/contracts';
import { type CheckResult, type Pdp, PdpError, type PdpResource, toAttributes } from '@iris/pdp';
import { count, type MetricLabels, recordDuration } from '@iris/telemetry';
import type { Catalog } from '@iris/tool-catalog';
import { Injectable } from '@nestjs/common';
import type { EffectsOfCalls } from '../effects/index.js';
import type {
  DecidedCall,
  EffectPart,
  PolicySelection,
  PreparedPrincipal,
  ResourceFactsByPart,
} from '../shared/decided-call.js';
import type { DecisionRequest } from '../shared/decision-request.js';
import { requestKeyOf } from '../shared/request-key.js';
import { TimeSlice } from '../shared/time-slice.js';
import { actionOf } from './action.js';
import { decisionOfParts } from './decided-parts.js';
import { principalAttributes } from './principal-attributes.js';
import { type BusinessHours, DEFAULT_BUSINESS_HOURS, requestTime } from './request-time.js';
import { callAttributes } from './resource-attributes.js';

/** A call and the attributes that the PDP is given for it. */
interface AskedCall {
  readonly call: ToolCall;
  readonly attr: JsonObject;
  readonly parts: readonly EffectPart[];
}

export interface DecisionOptions {
  /** From which size on long texts in the parameters of a call are cut for the PDP, in bytes of JSON. */
  readonly maxParamsBytes: number;
  /** When the organisation works; weekdays from nine to five in UTC when absent. */
  readonly businessHours?: BusinessHours;
}

/** Asks the PDP one fully informed question about the calls of a request. */
@Injectable()
export class DecisionService {
  constructor(
    private readonly pdp: Pdp,
    private readonly catalog: Catalog,
    private readonly effects: EffectsOfCalls,
    private readonly policies: PolicySelection,
    private readonly options: DecisionOptions,
  ) {}

  /** The principal of the check, from all that is known of the person. */
  prepare(context: PrincipalContext): PreparedPrincipal {
    const { attr, origins } = principalAttributes(context);
    return {
      principal: { id: context.identity.id, roles: context.roles, attr },
      origins,
      sources: context.sources,
      anonymous: context.identity.kind === 'anonymous',
    };
  }

  /**
   * Decides calls by policy, in their order. A call that is too large or too complex for the PDP is denied by itself.
   *
   * @param cmdb facts about the resources of calls and of their effects
   * @param onDecided called with decisions as they are made, also where the PDP gives none on the other calls
   * @throws PdpError when the PDP does not decide on all calls
   */
  async decide(
    request: DecisionRequest,
    prepared: PreparedPrincipal,
    calls: readonly ToolCall[],
    cmdb: ResourceFactsByPart,
    timeoutMs: number,
    traceId: string | undefined,
    onDecided?: (decided: readonly DecidedCall[]) => void,
  ): Promise<DecidedCall[]> {
    if (calls.length === 0) return [];
    const time = requestTime(request.arrivedAt, this.options.businessHours ?? DEFAULT_BUSINESS_HOURS);
    const shared: JsonObject = { ...request.attributes, ...toAttributes({ request: time }) };
    const refused = new Map<ToolCall, DecidedCall>();
    const asked: AskedCall[] = [];
    const slice = new TimeSlice();
    for (const call of calls) {
      if (slice.isOver) await slice.pause();
      const { status, attr } = callAttributes(call, this.catalog, cmdb.get(call), this.options.maxParamsBytes);
      if (status !== 'ok') {
        refused.set(call, this.decided({ call, attr: { ...shared, ...attr }, parts: [] }, refusal(call, status)));
        continue;
      }
      const { complexity, opaque } = this.effects.of(call);
      const summaries = this.effects.checked(call).map((effect) => ({
        effect,
        summary: effectSummary(effect, cmdb.get(effect)),
      }));
      const whole = {
        ...shared,
        ...attr,
        ...(summaries.length > 0 ? { effects: summaries.map(({ summary }) => summary) } : {}),
        ...(opaque.length > 0 ? { opaque: [...opaque] } : {}),
      };
      const parts = summaries.map((each) => ({ ...each, attr: effectAttributes(whole, each.summary) }));
      if (complexity === undefined) asked.push({ call, attr: whole, parts });
      else refused.set(call, this.decided({ call, attr: whole, parts: [] }, tooComplex(call, complexity)));
    }
    if (refused.size > 0) onDecided?.([...refused.values()]);
    const decided = await this.ask(request, prepared, asked, timeoutMs, traceId, onDecided);
    if (refused.size === 0) return decided;
    const byCall = new Map(decided.map((each) => [each.decision.call, each]));
    return calls.flatMap((call) => refused.get(call) ?? byCall.get(call) ?? []);
  }

  /**
   * Asks about decided calls what was asked before, attribute by attribute, for a second opinion by these policies.
   *
   * @throws PdpError when the PDP gives no decision
   */
  async decideAgain(
    request: DecisionRequest,
    prepared: PreparedPrincipal,
    decided: readonly DecidedCall[],
    timeoutMs: number,
    traceId: string | undefined,
  ): Promise<DecidedCall[]> {
    const asked = decided.map(({ decision, attr, parts }) => ({ call: decision.call, attr, parts }));
    return this.ask(request, prepared, asked, timeoutMs, traceId);
  }

  private async ask(
    request: DecisionRequest,
    prepared: PreparedPrincipal,
    asked: readonly AskedCall[],
    timeoutMs: number,
    traceId: string | undefined,
    onDecided?: (decided: readonly DecidedCall[]) => void,
  ): Promise<DecidedCall[]> {
    if (asked.length === 0) return [];
    const resources = this.resourcesOf(asked);
    const answers: CheckResult[] = [];
    const decided: DecidedCall[] = [];
    // Which call an answer belongs to, and how many of its answers are still missing.
    const owners = asked.flatMap(({ parts }, index) => Array<number>(1 + parts.length).fill(index));
    const starts = startsOf(asked);
    const missing = asked.map(({ parts }) => 1 + parts.length);
    const take = (from: number, results: readonly CheckResult[]) => {
      const complete: DecidedCall[] = [];
      for (const [offset, result] of results.entries()) {
        answers[from + offset] = result;
        const index = owners[from + offset];
        if (index === undefined) continue;
        missing[index] = (missing[index] ?? 0) - 1;
        if (missing[index] !== 0) continue;
        decided[index] = this.decidedFrom(asked[index] as AskedCall, answers, starts[index] ?? 0, prepared.anonymous);
        complete.push(decided[index]);
      }
      if (complete.length > 0) onDecided?.(complete);
    };
    const results = await this.timed('check', () =>
      this.pdp.check(
        {
          principal: prepared.principal,
          resources,
          policyVersion: this.policies.policyVersion,
          scope: this.policies.scope,
          requestId: requestKeyOf(request, traceId),
          annotations: { event: request.event, ...(traceId === undefined ? {} : { traceId }) },
        },
        { timeoutMs, onPart: take },
      ),
    );
    // A PDP that answers a check as a whole announces no parts.
    if (decided.length === 0) take(0, results);
    return asked.map(
      (each, index) => decided[index] ?? this.decidedFrom(each, results, starts[index] ?? 0, prepared.anonymous),
    );
  }

  /** The call, then each of its effects. */
  private resourcesOf(asked: readonly AskedCall[]): PdpResource[] {
    const ids = resourceIds(asked);
    return asked.flatMap(({ call, attr, parts }, index) => {
      const resource = { kind: this.policies.resourceKind, id: ids[index] ?? call.id, action: actionOf(call), attr };
      const effects = parts.map((part, at) => ({ ...resource, id: `${resource.id}~effect${at}`, attr: part.attr }));
      return [resource, ...effects];
    });
  }

  private decidedFrom(
    asked: AskedCall,
    answers: readonly (CheckResult | undefined)[],
    start: number,
    anonymous: boolean,
  ): DecidedCall {
    const { call, attr, parts } = asked;
    const own = toDecision(call, answers[start], anonymous, attr.category);
    const others = parts.map((part, index) =>
      toDecision(call, answers[start + 1 + index], anonymous, part.attr.category),
    );
    return this.decided(asked, decisionOfParts(own, parts, others));
  }

  private decided({ call, attr, parts }: AskedCall, decision: CallDecision): DecidedCall {
    return { decision, attr, parts, catalogEntry: this.catalog.classify(call).entry };
  }

  private async timed<T>(method: 'check' | 'plan', ask: () => Promise<T>): Promise<T> {
    const start = performance.now();
    let outcome: MetricLabels<'iris.pdp.duration'>['outcome'] = 'ok';
    try {
      return await ask();
    } catch (error) {
      outcome = error instanceof PdpError ? error.reason : 'internal_error';
      throw error;
    } finally {
      recordDuration('iris.pdp.duration', performance.now() - start, { method, outcome });
    }
  }
}

/** Index of the first answer of each call. */
function startsOf(asked: readonly AskedCall[]): number[] {
  let start = 0;
  return asked.map(({ parts }) => {
    const own = start;
    start += 1 + parts.length;
    return own;
  });
}

/** Longer ids are sent as their hash, in characters: some providers carry payload in them. */
const MAX_RESOURCE_ID = 256;

/** The call ids, made unique: providers may repeat ids, and some send none. */
function resourceIds(asked: readonly AskedCall[]): string[] {
  const seen = new Set<string>();
  return asked.map(({ call }, index) => {
    const given = call.id.toWellFormed() || 'call';
    const id = given.length > MAX_RESOURCE_ID ? `sha256:${hash('sha256', given, 'base64url')}` : given;
    const unique = seen.has(id) ? `${id}#${index}` : id;
    seen.add(unique);
    return unique;
  });
}

/** A denial that the gateway gives by itself, in either failure mode: no padding opens a way around the policies. */
function refusal(call: ToolCall, reason: 'call_too_large' | 'call_too_complex'): CallDecision {
  return {
    call,
    effect: 'DENY',
    reason,
    message:
      reason === 'call_too_large'
        ? 'The parameters of this tool call are too large to be judged.'
        : 'The parameters of this tool call have too many values to be judged.',
    observe: false,
    rules: [],
    derivedRoles: [],
    outputs: [],
  };
}

const COMPLEXITY: Readonly<Record<Complexity, string>> = {
  too_long: 'it is too long',
  too_deep: 'it nests too deep',
  too_many: 'it does too much at once',
};

/** A command that cannot be read whole is denied: padding must open no way around the policies. */
function tooComplex(call: ToolCall, complexity: Complexity): CallDecision {
  return {
    ...refusal(call, 'call_too_complex'),
    message: `The command of this tool call cannot be judged: ${COMPLEXITY[complexity]}. Split it into several calls.`,
  };
}

function toDecision(
  call: ToolCall,
  result: CheckResult | undefined,
  anonymous: boolean,
  category: Json | undefined,
): CallDecision {
  const allowed = result?.effect === 'ALLOW';
  const outputs = (result?.outputs ?? []).filter(({ value }) => value !== undefined && value !== null);
  const denial = allowed ? undefined : denialOf(outputs);
  return {
    call,
    effect: allowed ? 'ALLOW' : 'DENY',
    reason: allowed ? 'policy_allowed' : denialReason(result, anonymous),
    message: denial?.message ?? (allowed ? undefined : rejectionOf(result)),
    statusCode: denial?.statusCode,
    observe: denial?.observe ?? false,
    rules: rulesOf(outputs, allowed),
    matchedPolicy: result?.matchedPolicy,
    matchedScope: result?.matchedScope,
    derivedRoles: result?.derivedRoles ?? [],
    outputs,
    cerbosCallId: result?.cerbosCallId,
    ...(allowed || typeof category !== 'string' ? {} : { deniedCategories: [category] }),
  };
}

/** Nobody can be granted anything while the hook names nobody, so that comes before what the rules say. */
function denialReason(result: CheckResult | undefined, anonymous: boolean): ReasonId {
  if (!result?.policyFound) return 'no_policy_match';
  if (result.schemaErrors.length > 0) return 'attributes_rejected';
  return anonymous ? 'anonymous_principal' : 'policy_denied';
}

/** Which attributes the schemas refuse: paths only, so no value of a parameter. */
function rejectionOf(result: CheckResult | undefined): string | undefined {
  const paths = result?.schemaErrors ?? [];
  if (paths.length === 0) return undefined;
  return `The schemas of the policies refuse these attributes: ${[...new Set(paths)].slice(0, 5).join(', ').slice(0, 300)}.`;
}

/** What the rules say about a denial. Outputs only add words; the effect alone decides. */
function denialOf(outputs: readonly PolicyOutput[]): { message?: string; statusCode?: number; observe: boolean } {
  let message: string | undefined;
  let statusCode: number | undefined;
  let observe = false;
  for (const { value } of outputs) {
    if (!isJsonObject(value)) continue;
    if (typeof value.message === 'string' && value.message.trim() !== '') message ??= value.message.trim();
    if (typeof value.statusCode === 'number' && Number.isInteger(value.statusCode)) {
      if (value.statusCode >= 400 && value.statusCode <= 599) statusCode ??= value.statusCode;
    }
    observe ||= value.mode === 'observe';
  }
  return { message, statusCode, observe };
}

/** The rules that spoke for the effect: those that explain a denial, or those that say why they allow. */
function rulesOf(outputs: readonly PolicyOutput[], allowed: boolean): string[] {
  const spoke = outputs.filter(({ value }) => value !== undefined && value !== null);
  const explaining = spoke.filter(({ value }) => isJsonObject(value) && 'message' in value !== allowed);
  return [...new Set((explaining.length > 0 ? explaining : spoke).map(({ source }) => source))];
}

/** Counts decided calls once it is known whether they were put into force. */
export function countDecision(decision: CallDecision, enforced: boolean): void {
  count('iris.decision.calls', {
    phase: decision.call.phase,
    effect: decision.effect,
    reason: decision.reason,
    enforced: enforced ? 'true' : 'false',
  });
}
