import { hash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { isJsonObject, type Json, type JsonObject, MadeFromFacts } from '@iris/contracts';
import { type Pdp, type PlanKind, toAttributes } from '@iris/pdp';
import { count, recordDuration } from '@iris/telemetry';
import type { Catalog } from '@iris/tool-catalog';
import { bulkhead } from 'cockatiel';
import { LRUCache } from 'lru-cache';
import type { PolicySelection, PreparedPrincipal } from '../shared/decided-call.js';
import type { DecisionRequest } from '../shared/decision-request.js';
import { actionOf } from './action.js';

/** A declared tool, or a group of tools that is named only as a whole. */
export interface PlannableTool {
  readonly name: string;
  readonly server?: string;
  readonly key: string;
}

/** A plan that is not in memory. */
interface WantedPlan {
  readonly tool: PlannableTool;
  /** Everything that goes into the plan. */
  readonly planKey: string;
}

export interface ToolPlansOptions {
  /** How many plans are kept. */
  readonly maxEntries: number;
  /** For how long a plan is kept, in ms: the bound on how long a change of policy may go unseen. */
  readonly ttlMs: number;
}

/** How many plans one gateway asks for at the same time, and how many may wait. */
const PLANS_AT_ONCE = 4;
const MAX_WAITING_PLANS = 400;
/** How many plans one hook may ask for. A plan takes the PDP some ms of processor time, a check a small part of that. */
export const MAX_PLANS_PER_HOOK = 100;
/** How long one plan may take, in ms. */
const PLAN_TIMEOUT_MS = 5000;

/** For how long the last complete plan is kept, in ms: a working day, so that an outage does not outlast it. */
const COMPLETE_LIFE_MS = 12 * 3_600_000;

/** How long the check that saves plans may take, in ms. */
const SCREENING_TIMEOUT_MS = 2000;

/**
 * Which declared tools a principal may never use, whatever the parameters: those whose plan is ALWAYS_DENIED. Plans
 * are kept by everything that goes into them, so that a request with hundreds of tools costs nothing when warm.
 *
 * A tool that may be called with no parameters is not "never", and one check finds that for many tools for a small part
 * of what their plans would cost the PDP; only the others are planned, at most so many per hook. For the rest the last
 * plan counts, and without one the tool stays until a later turn plans it: its calls are checked in any case.
 */
export class ToolPlans {
  private readonly plans: LRUCache<string, PlanKind>;
  /** The last plans that were made with every source answering, by principal: see `alwaysDenied`. */
  private readonly complete: LRUCache<string, PlanKind>;
  private readonly inFlight = new Map<string, Promise<PlanKind | undefined>>();
  /** Plans cost the PDP more than checks; a request with hundreds of new tools must not starve the checks. */
  private readonly few = bulkhead(PLANS_AT_ONCE, MAX_WAITING_PLANS);

  constructor(
    private readonly pdp: Pdp,
    private readonly catalog: Catalog,
    private readonly policies: PolicySelection,
    options: ToolPlansOptions,
  ) {
    this.plans = new LRUCache({ max: options.maxEntries, ttl: options.ttlMs });
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
    request: DecisionRequest,
    prepared: PreparedPrincipal,
    tools: readonly PlannableTool[],
    revision: string,
    timeoutMs: number,
  ): Promise<Set<string>> {
    if (tools.length === 0) return new Set();
    const shared = request.sessionAttributes;
    const revisions = `${revision}/${this.catalog.revision}`;
    const fingerprint = digest(planInputs(prepared, shared, this.policies, revisions));
    const person = lazily(() => digest([prepared.principal.id, shared, this.policies, revisions]));
    const completeKey = (tool: PlannableTool) => `${person()}\n${nameOf(tool)}`;
    const allFacts = !hasUnavailableSource(prepared);
    const start = performance.now();
    const denied = new Set<string>();
    const wanted: WantedPlan[] = [];
    for (const tool of tools) {
      const planKey = `${fingerprint}\n${nameOf(tool)}`;
      const known = allFacts ? this.plans.get(planKey) : this.complete.get(completeKey(tool));
      if (known === 'ALWAYS_DENIED') denied.add(tool.key);
      else if (known === undefined && allFacts) wanted.push({ tool, planKey });
    }
    count('iris.pdp.plans', { origin: 'memory' }, tools.length - wanted.length);
    if (wanted.length === 0) return denied;
    const plans = this.planAll(request, prepared, wanted, shared, completeKey);
    const made = new Map<string, PlanKind>();
    const all = Promise.all(
      wanted.map(async ({ planKey }) => {
        const kind = await plans.get(planKey);
        if (kind !== undefined) made.set(planKey, kind);
      }),
    ).then(() => 'ok' as const);
    const outcome = await Promise.race([all, sleep(timeoutMs, 'pdp_timeout' as const, { ref: false })]);
    recordDuration('iris.pdp.duration', performance.now() - start, { method: 'plan', outcome });
    // Plans that come after this are kept for the next turn.
    for (const { tool, planKey } of wanted) {
      const kind = made.get(planKey) ?? this.complete.get(completeKey(tool));
      if (kind === 'ALWAYS_DENIED') denied.add(tool.key);
    }
    return denied;
  }

  /** The plans by key, each shared by all who need it at the same time. Undefined where the PDP gives none. */
  private planAll(
    request: DecisionRequest,
    prepared: PreparedPrincipal,
    wanted: readonly WantedPlan[],
    shared: JsonObject,
    completeKey: (tool: PlannableTool) => string,
  ): ReadonlyMap<string, Promise<PlanKind | undefined>> {
    const fresh = [...new Map(wanted.map((plan) => [plan.planKey, plan])).values()].filter(
      ({ planKey }) => !this.inFlight.has(planKey),
    );
    const screened = fresh.length === 0 ? undefined : this.screen(request, prepared, fresh, shared);
    for (const plan of fresh) {
      const asking = Promise.resolve(screened)
        .then((found) => {
          if (found?.callable.has(plan.planKey)) return 'CONDITIONAL' as const;
          if (!found?.toPlan.has(plan.planKey)) throw new Error('left out');
          return this.few.execute(() => this.ask(request, prepared, plan.tool, shared));
        })
        .then(
          (kind) => {
            this.plans.set(plan.planKey, kind);
            this.complete.set(completeKey(plan.tool), kind);
            return kind;
          },
          () => undefined,
        )
        .finally(() => this.inFlight.delete(plan.planKey));
      this.inFlight.set(plan.planKey, asking);
    }
    return new Map(wanted.map(({ planKey }) => [planKey, this.inFlight.get(planKey) ?? Promise.resolve(undefined)]));
  }

  /** Which tools the principal may call with no parameters, none when the PDP gives no answer; and which to plan. */
  private async screen(
    request: DecisionRequest,
    prepared: PreparedPrincipal,
    wanted: readonly WantedPlan[],
    shared: JsonObject,
  ): Promise<{ readonly callable: ReadonlySet<string>; readonly toPlan: ReadonlySet<string> }> {
    const { resourceKind, policyVersion, scope } = this.policies;
    const resources = wanted.map(({ tool }, index) => ({
      kind: resourceKind,
      id: `declared-${index}`,
      action: actionOf(tool),
      attr: { ...this.attributesOf(tool, shared), params: {}, paramsStatus: 'empty' },
    }));
    const requestId = request.requestId ?? 'plan';
    const check = () =>
      this.pdp.check(
        { principal: prepared.principal, resources, policyVersion, scope, requestId },
        { timeoutMs: SCREENING_TIMEOUT_MS },
      );
    const results = await this.few.execute(check).catch(() => []);
    const isCallable = (index: number) => results[index]?.effect === 'ALLOW';
    const callable = wanted.filter((_, index) => isCallable(index));
    const others = wanted.filter((_, index) => !isCallable(index));
    const toPlan = others.slice(0, MAX_PLANS_PER_HOOK);
    count('iris.pdp.plans', { origin: 'check' }, callable.length);
    count('iris.pdp.plans', { origin: 'plan' }, toPlan.length);
    if (others.length > toPlan.length) {
      count('iris.pdp.plans', { origin: 'left_out' }, others.length - toPlan.length);
    }
    const keysOf = (plans: readonly WantedPlan[]) => new Set(plans.map(({ planKey }) => planKey));
    return { callable: keysOf(callable), toPlan: keysOf(toPlan) };
  }

  private ask(
    request: DecisionRequest,
    prepared: PreparedPrincipal,
    tool: PlannableTool,
    shared: JsonObject,
  ): Promise<PlanKind> {
    return this.pdp.plan(
      {
        principal: prepared.principal,
        kind: this.policies.resourceKind,
        action: actionOf(tool),
        attr: this.attributesOf(tool, shared),
        policyVersion: this.policies.policyVersion,
        scope: this.policies.scope,
        requestId: request.requestId ?? 'plan',
      },
      { timeoutMs: PLAN_TIMEOUT_MS },
    );
  }

  /** What is known of a declared tool; its parameters stay open. */
  private attributesOf(tool: PlannableTool, shared: JsonObject): JsonObject {
    const { tool: named, classification } = this.catalog.classify(tool);
    const { category, system, operation, environment } = classification;
    return { ...shared, ...toAttributes({ tool: named, category, system, operation, environment, phase: 'declared' }) };
  }
}

/**
 * Ages change all the time and say nothing that a status does not, so they do not make another plan. Facts take part by
 * their digest, which is kept with them.
 */
function planInputs(
  { principal }: PreparedPrincipal,
  shared: JsonObject,
  policies: PolicySelection,
  revisions: string,
): unknown[] {
  const { context: _, ...attr } = principal.attr;
  const facts = Object.entries(attr).map(([name, value]) => [
    name,
    isJsonObject(value) ? factsDigest.of(value) : value,
  ]);
  const statuses = Object.entries(statesOf(principal.attr)).map(([id, state]) => [id, statusOf(state)]);
  return [principal.id, principal.roles, facts, statuses, shared, policies, revisions];
}

const factsDigest = new MadeFromFacts((facts) => digest([facts]));

function hasUnavailableSource({ principal }: PreparedPrincipal): boolean {
  return Object.values(statesOf(principal.attr)).some((state) => statusOf(state) === 'unavailable');
}

function statesOf(attr: JsonObject): JsonObject {
  return isJsonObject(attr.context) ? attr.context : {};
}

function statusOf(state: Json): Json {
  return isJsonObject(state) ? (state.status ?? null) : null;
}

function nameOf({ server, name }: PlannableTool): string {
  return `${server ?? ''}\n${name}`;
}

function lazily<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}

function digest(parts: unknown[]): string {
  return hash('sha256', JSON.stringify(parts), 'base64url');
}
