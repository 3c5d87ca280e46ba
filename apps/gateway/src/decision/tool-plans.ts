import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Hook, isJsonObject, type Json, type JsonObject } from '@iris/contracts';
import { type Pdp, type PlanKind, toAttributes } from '@iris/pdp';
import { count, recordDuration } from '@iris/telemetry';
import type { Catalog } from '@iris/tool-catalog';
import { bulkhead } from 'cockatiel';
import { LRUCache } from 'lru-cache';
import { clientOf } from './client-name.js';
import type { PolicySelection, PreparedPrincipal } from './decision.service.js';

/** A declared tool, or a group of tools that is named only as a whole. */
export interface PlannableTool {
  readonly name: string;
  readonly server?: string;
  readonly key: string;
}

export interface ToolPlansOptions {
  /** How many plans are kept. */
  readonly maxEntries: number;
  /** For how long a plan is kept, in ms: the bound on how long a change of policy may go unseen. */
  readonly lifeMs: number;
}

/** How many plans one gateway asks for at the same time, and how many may wait. */
const PLANS_AT_ONCE = 4;
const MAX_WAITING_PLANS = 5000;
/** How long one plan may take, in ms. */
const PLAN_TIMEOUT_MS = 5000;

/** For how long the last complete plan is kept, in ms: a working day, so that an outage does not outlast it. */
const COMPLETE_LIFE_MS = 12 * 3_600_000;

/**
 * Which declared tools a principal may never use, whatever the parameters: those whose plan is ALWAYS_DENIED. Plans
 * are kept by everything that goes into them, so that a request with hundreds of tools costs nothing when warm.
 */
export class ToolPlans {
  private readonly plans: LRUCache<string, PlanKind>;
  /** The last plans that were made with every source answering, by principal: see `alwaysDenied`. */
  private readonly complete: LRUCache<string, PlanKind>;
  private readonly underWay = new Map<string, Promise<PlanKind | undefined>>();
  /** Plans cost the PDP more than checks; a request with hundreds of new tools must not starve the checks. */
  private readonly few = bulkhead(PLANS_AT_ONCE, MAX_WAITING_PLANS);

  constructor(
    private readonly pdp: Pdp,
    private readonly catalog: Catalog,
    private readonly policies: PolicySelection,
    options: ToolPlansOptions,
  ) {
    this.plans = new LRUCache({ max: options.maxEntries, ttl: options.lifeMs });
    this.complete = new LRUCache({ max: options.maxEntries, ttl: COMPLETE_LIFE_MS });
  }

  /**
   * The keys of the tools that are always denied. A tool whose plan cannot be had stays: its calls are checked when
   * they come. Never throws, and never waits longer than `timeoutMs`: plans that come later are kept for the next turn.
   *
   * While a source is unavailable, much is denied only for want of facts. That is not "never", and tools that come and
   * go would spoil the provider's prompt cache; so the last plan that was made with all facts stands, and without one
   * the tool stays.
   */
  async alwaysDenied(
    hook: Hook,
    prepared: PreparedPrincipal,
    tools: readonly PlannableTool[],
    revision: string,
    timeoutMs: number,
  ): Promise<Set<string>> {
    if (tools.length === 0) return new Set();
    const shared = plannedHookAttributes(hook);
    const revisions = `${revision}/${this.catalog.revision}`;
    const fingerprint = digest(planInputs(prepared, shared, this.policies, revisions));
    const person = digest([prepared.principal.id, shared, this.policies, revisions]);
    const allFacts = !hasUnavailableSource(prepared);
    const start = performance.now();
    const denied = new Set<string>();
    const waiting: Promise<void>[] = [];
    for (const tool of tools) {
      const named = `${tool.server ?? ''}\n${tool.name}`;
      const planKey = `${fingerprint}\n${named}`;
      const take = (plan: PlanKind | undefined) => {
        if (plan === 'ALWAYS_DENIED') denied.add(tool.key);
      };
      const known = allFacts ? this.plans.get(planKey) : this.complete.get(`${person}\n${named}`);
      if (known !== undefined || !allFacts) take(known);
      else waiting.push(this.planOnce(planKey, `${person}\n${named}`, hook, prepared, tool, shared).then(take));
    }
    count('iris.pdp.plans', { origin: 'memory' }, tools.length - waiting.length);
    if (waiting.length === 0) return denied;
    count('iris.pdp.plans', { origin: 'pdp' }, waiting.length);
    const all = Promise.all(waiting).then(() => 'ok' as const);
    const outcome = await Promise.race([all, sleep(timeoutMs, 'pdp_timeout' as const, { ref: false })]);
    recordDuration('iris.pdp.duration', performance.now() - start, { method: 'plan', outcome });
    // Plans that come after this are not for this reply any more.
    return new Set(denied);
  }

  /** One plan, shared by all who need it at the same time. Undefined when the PDP gives none. */
  private planOnce(
    planKey: string,
    completeKey: string,
    hook: Hook,
    prepared: PreparedPrincipal,
    tool: PlannableTool,
    shared: JsonObject,
  ): Promise<PlanKind | undefined> {
    const underWay = this.underWay.get(planKey);
    if (underWay !== undefined) return underWay;
    const asking = this.few
      .execute(() => this.ask(hook, prepared, tool, shared))
      .then(
        (plan) => {
          this.plans.set(planKey, plan);
          this.complete.set(completeKey, plan);
          return plan;
        },
        () => undefined,
      )
      .finally(() => this.underWay.delete(planKey));
    this.underWay.set(planKey, asking);
    return asking;
  }

  private ask(hook: Hook, prepared: PreparedPrincipal, tool: PlannableTool, shared: JsonObject): Promise<PlanKind> {
    const { tool: named, classification } = this.catalog.classify(tool);
    return this.pdp.plan(
      {
        principal: prepared.principal,
        kind: this.policies.resourceKind,
        action: tool.name === '' ? '(empty)' : tool.name.toWellFormed(),
        attr: {
          ...shared,
          ...toAttributes({
            tool: named,
            category: classification.category,
            system: classification.system,
            operation: classification.operation,
            environment: classification.environment,
            phase: 'declared',
          }),
        },
        policyVersion: this.policies.policyVersion,
        scope: this.policies.scope,
        requestId: hook.metadata.request_id ?? 'plan',
      },
      { timeoutMs: PLAN_TIMEOUT_MS },
    );
  }
}

/** What is known of a call before it is made, and is the same for the whole session. */
function plannedHookAttributes(hook: Hook): JsonObject {
  const { metadata } = hook;
  const client = clientOf(metadata.user_agent);
  return toAttributes({
    model: metadata.model,
    provider: metadata.provider,
    ...(client.name === undefined ? {} : { client }),
    userAgent: metadata.user_agent,
  });
}

/** Ages change all the time and say nothing that a status does not, so they do not make another plan. */
function planInputs(
  { principal }: PreparedPrincipal,
  shared: JsonObject,
  policies: PolicySelection,
  revisions: string,
): unknown[] {
  const context = Object.fromEntries(
    Object.entries(statesOf(principal.attr)).map(([id, state]) => [id, statusOf(state)]),
  );
  return [principal.id, principal.roles, { ...principal.attr, context }, shared, policies, revisions];
}

function hasUnavailableSource({ principal }: PreparedPrincipal): boolean {
  return Object.values(statesOf(principal.attr)).some((state) => statusOf(state) === 'unavailable');
}

function statesOf(attr: JsonObject): JsonObject {
  return isJsonObject(attr.context) ? attr.context : {};
}

function statusOf(state: Json): Json {
  return isJsonObject(state) ? (state.status ?? null) : null;
}

function digest(parts: unknown[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('base64url');
}
