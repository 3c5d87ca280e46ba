import type {
  CallDecision,
  Hook,
  JsonObject,
  PolicyOutput,
  PrincipalContext,
  ReasonId,
  ToolCall,
} from '@iris/contracts';
import { isJsonObject } from '@iris/contracts';
import { type CheckResult, type Pdp, PdpError, type PdpPrincipal } from '@iris/pdp';
import { count, type MetricLabels, recordDuration } from '@iris/telemetry';
import type { Catalog } from '@iris/tool-catalog';
import { Injectable } from '@nestjs/common';
import { type AttributeOrigins, principalAttributes } from './principal-attributes.js';
import { callAttributes, hookAttributes } from './resource-attributes.js';

/** Which policies decide. */
export interface PolicySelection {
  readonly resourceKind: string;
  readonly policyVersion: string;
  readonly scope: string;
}

/** A call with its decision and the attributes that the PDP was given for it. */
export interface DecidedCall {
  readonly decision: CallDecision;
  readonly attr: JsonObject;
  /** Entry of the tool catalog that matched. */
  readonly catalogEntry?: string;
}

/** Everything about the principal that checks and plans of one hook share. */
export interface PreparedPrincipal {
  readonly principal: PdpPrincipal;
  readonly origins: AttributeOrigins;
  /** Whether the hook names neither a person nor a device. */
  readonly anonymous: boolean;
}

/** The decision room: one fully informed question to the PDP. */
@Injectable()
export class DecisionService {
  constructor(
    private readonly pdp: Pdp,
    private readonly catalog: Catalog,
    private readonly policies: PolicySelection,
  ) {}

  /** The principal of the check, from all that is known of the person. */
  prepare(context: PrincipalContext): PreparedPrincipal {
    const { attr, origins } = principalAttributes(context);
    return {
      principal: { id: context.identity.id, roles: context.roles, attr },
      origins,
      anonymous: context.identity.kind === 'anonymous',
    };
  }

  /**
   * Decides calls by policy, in their order.
   *
   * @param cmdb facts about the resource of a call, by call
   * @throws PdpError when the PDP gives no decision
   */
  async decide(
    hook: Hook,
    prepared: PreparedPrincipal,
    calls: readonly ToolCall[],
    cmdb: ReadonlyMap<ToolCall, JsonObject>,
    timeoutMs: number,
    traceId: string | undefined,
  ): Promise<DecidedCall[]> {
    if (calls.length === 0) return [];
    const shared = hookAttributes(hook);
    const attributes = calls.map((call) => ({ ...shared, ...callAttributes(call, this.catalog, cmdb.get(call)) }));
    return this.ask(hook, prepared, calls, attributes, timeoutMs, traceId);
  }

  /**
   * Asks about decided calls what was asked before, attribute by attribute, for a second opinion by these policies.
   *
   * @throws PdpError when the PDP gives no decision
   */
  async decideAgain(
    hook: Hook,
    prepared: PreparedPrincipal,
    decided: readonly DecidedCall[],
    timeoutMs: number,
    traceId: string | undefined,
  ): Promise<DecidedCall[]> {
    const calls = decided.map(({ decision }) => decision.call);
    const attributes = decided.map(({ attr }) => attr);
    return this.ask(hook, prepared, calls, attributes, timeoutMs, traceId);
  }

  private async ask(
    hook: Hook,
    prepared: PreparedPrincipal,
    calls: readonly ToolCall[],
    attributes: readonly JsonObject[],
    timeoutMs: number,
    traceId: string | undefined,
  ): Promise<DecidedCall[]> {
    const ids = resourceIds(calls);
    const results = await this.timed('check', () =>
      this.pdp.check(
        {
          principal: prepared.principal,
          resources: calls.map((call, index) => ({
            kind: this.policies.resourceKind,
            id: ids[index] ?? call.id,
            action: actionOf(call),
            attr: attributes[index] ?? {},
          })),
          policyVersion: this.policies.policyVersion,
          scope: this.policies.scope,
          requestId: requestKeyOf(hook, traceId),
          annotations: { event: hook.event, ...(traceId === undefined ? {} : { traceId }) },
        },
        { timeoutMs },
      ),
    );
    return calls.map((call, index) => ({
      decision: toDecision(call, results[index], prepared.anonymous),
      attr: attributes[index] ?? {},
      catalogEntry: this.catalog.classify(call).entry,
    }));
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

/** The id under which the PDP logs the check, so that its audit entry and the evidence are joined. */
export function requestKeyOf(hook: Hook, traceId: string | undefined): string {
  return hook.metadata.request_id || traceId || 'unknown';
}

/** The PDP takes no empty action; a nameless call is asked about under a name that no tool can have. */
export function actionOf(call: ToolCall): string {
  return call.name === '' ? '(empty)' : call.name.toWellFormed();
}

/** The call ids, made unique: providers may repeat ids, and some send none. */
function resourceIds(calls: readonly ToolCall[]): string[] {
  const seen = new Set<string>();
  return calls.map((call, index) => {
    const id = call.id.toWellFormed() || 'call';
    const unique = seen.has(id) ? `${id}#${index}` : id;
    seen.add(unique);
    return unique;
  });
}

function toDecision(call: ToolCall, result: CheckResult | undefined, anonymous: boolean): CallDecision {
  const allowed = result?.effect === 'ALLOW';
  const outputs = (result?.outputs ?? []).filter(({ value }) => value !== undefined && value !== null);
  const denial = allowed ? undefined : denialOf(outputs);
  return {
    call,
    effect: allowed ? 'ALLOW' : 'DENY',
    reason: allowed ? 'policy_allowed' : denialReason(result, anonymous),
    message: denial?.message,
    statusCode: denial?.statusCode,
    observe: denial?.observe ?? false,
    rules: rulesOf(outputs, allowed),
    matchedPolicy: result?.matchedPolicy,
    matchedScope: result?.matchedScope,
    derivedRoles: result?.derivedRoles ?? [],
    outputs,
    cerbosCallId: result?.cerbosCallId,
  };
}

/** Nobody can be granted anything while the hook names nobody, so that comes before what the rules say. */
function denialReason(result: CheckResult | undefined, anonymous: boolean): ReasonId {
  if (!result?.policyFound) return 'no_policy_match';
  return anonymous ? 'anonymous_principal' : 'policy_denied';
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
