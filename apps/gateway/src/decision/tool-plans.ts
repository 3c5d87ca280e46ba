import { createHash } from 'node:crypto';
import type { Hook, JsonObject } from '@iris/contracts';
import { isJsonObject } from '@iris/contracts';
import { type Pdp, PdpError, type PlanKind, toAttributes } from '@iris/pdp';
import { count, recordDuration } from '@iris/telemetry';
import type { Catalog } from '@iris/tool-catalog';
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

/**
 * Which declared tools a principal may never use, whatever the parameters: those whose plan is ALWAYS_DENIED. Plans
 * are kept by everything that goes into them, so that a request with hundreds of tools costs nothing when warm.
 */
export class ToolPlans {
  private readonly plans: LRUCache<string, PlanKind>;

  constructor(
    private readonly pdp: Pdp,
    private readonly catalog: Catalog,
    private readonly policies: PolicySelection,
    options: ToolPlansOptions,
  ) {
    this.plans = new LRUCache({ max: options.maxEntries, ttl: options.lifeMs });
  }

  /**
   * The keys of the tools that are always denied. A tool whose plan cannot be had stays: its calls are checked when
   * they come. Never throws.
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
    const fingerprint = fingerprintOf(prepared, shared, this.policies, revision);
    const start = performance.now();
    let asked = 0;
    let outcome = 'ok';
    const denied = new Set<string>();
    await Promise.all(
      tools.map(async (tool) => {
        const cacheKey = `${fingerprint}\n${tool.server ?? ''}\n${tool.name}`;
        let plan = this.plans.get(cacheKey);
        if (plan === undefined) {
          asked += 1;
          try {
            plan = await this.ask(hook, prepared, tool, shared, timeoutMs);
            this.plans.set(cacheKey, plan);
          } catch (error) {
            outcome = error instanceof PdpError ? error.reason : 'internal_error';
          }
        }
        if (plan === 'ALWAYS_DENIED') denied.add(tool.key);
      }),
    );
    if (asked > 0) recordDuration('iris.pdp.duration', performance.now() - start, { method: 'plan', outcome });
    count('iris.pdp.plans', { origin: 'pdp' }, asked);
    count('iris.pdp.plans', { origin: 'memory' }, tools.length - asked);
    return denied;
  }

  private ask(
    hook: Hook,
    prepared: PreparedPrincipal,
    tool: PlannableTool,
    shared: JsonObject,
    timeoutMs: number,
  ): Promise<PlanKind> {
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
          }),
        },
        policyVersion: this.policies.policyVersion,
        scope: this.policies.scope,
        requestId: hook.metadata.request_id ?? 'plan',
      },
      { timeoutMs },
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
function fingerprintOf(
  { principal }: PreparedPrincipal,
  shared: JsonObject,
  policies: PolicySelection,
  revision: string,
): string {
  const states = isJsonObject(principal.attr.context) ? principal.attr.context : {};
  const context = Object.fromEntries(
    Object.entries(states).map(([source, state]) => [source, isJsonObject(state) ? state.status : null]),
  );
  const text = JSON.stringify([principal.id, principal.roles, { ...principal.attr, context }, shared, policies, revision]);
  return createHash('sha256').update(text).digest('base64url');
}
