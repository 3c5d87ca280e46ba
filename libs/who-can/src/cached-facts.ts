import { ContextReader, type RedisConnection } from '@iris/context-cache';
import type { Identity, ResourceRef, SourceAnswer, SourceId, SourceSettings } from '@iris/contracts';
import { Budget, ContextService, EffectsOfCalls, enabledSources, type RoleRules } from '@iris/decision';
import type { Catalog } from '@iris/tool-catalog';

/** The cache is read once for each person, so nothing is held between them. */
const HELD_KEYS = 1;
const BUDGET_MS = 60_000;

const NOT_ASKED: SourceAnswer = {
  status: 'UNAVAILABLE',
  attributes: {},
  observedAt: 0,
  freshUntil: 0,
  staleUntil: 0,
  reason: 'source_unavailable',
};

/** Facts as the cache holds them: no enricher is called, so what is not held is `unavailable`. */
export class CachedFacts {
  private readonly context: ContextService;

  constructor(
    redis: RedisConnection,
    sources: Readonly<Partial<Record<SourceId, SourceSettings>>>,
    catalog: Catalog,
    roles: RoleRules,
  ) {
    this.context = new ContextService(
      new ContextReader({ redis, maxKeys: HELD_KEYS, l1Ms: 0 }),
      enabledSources(sources, () => ({ enrich: async () => NOT_ASKED, close: () => undefined })),
      catalog,
      new EffectsOfCalls(catalog),
      undefined,
      { roles, budgetPercent: 100 },
    );
  }

  /** The facts about a person and about a resource, where one is named. */
  async of(login: string, resource?: ResourceRef) {
    const identity: Identity = { kind: 'user', id: login, loginName: login };
    const never = new AbortController().signal;
    const named = resource === undefined ? [] : [resource];
    const { principal, resources } = await this.context.gatherNamed(identity, named, new Budget(BUDGET_MS), never);
    return { principal, resource: resources[0] };
  }
}
