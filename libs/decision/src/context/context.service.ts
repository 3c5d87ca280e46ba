import type { Effect } from '@iris/call-effects';
import {
  type ContextReader,
  type ContextReading,
  canonicalPrincipal,
  principalField,
  type RefreshQueue,
} from '@iris/context-cache';
import {
  type Identity,
  type JsonObject,
  type PrincipalContext,
  type ResourceRef,
  type SourceAnswer,
  type SourceFacts,
  type SourceId,
  type Subject,
  type ToolCall,
} from '@iris/contracts';
import { count, record, recordDuration } from '@iris/telemetry';
import type { Catalog } from '@iris/tool-catalog';
import { Injectable } from '@nestjs/common';
import type { EffectsOfCalls } from '../effects/index.js';
import type { Budget } from '../shared/budget.js';
import type { ConfiguredSource } from './configured-sources.js';
import { RefreshRequests } from './refresh-requests.js';
import { ResourceFacts } from './resource-facts.js';
import { type RoleRules, rolesOf } from './roles.js';
import { isEnding, usable } from './usable-answer.js';

export interface ContextOptions {
  readonly roles: RoleRules;
  /** Share of the hook's budget that facts may take. */
  readonly budgetPercent: number;
}

/** What is known for a decision. */
export interface GatheredContext {
  readonly principal: PrincipalContext;
  /** Facts about the resources of calls and of their effects, with their status; absent where no source holds them. */
  readonly cmdb: ReadonlyMap<ToolCall | Effect, JsonObject>;
}

/** The context room: who is asking, and what is being acted on. Nothing here throws or outlasts its share. */
@Injectable()
export class ContextService {
  private readonly refreshes: RefreshRequests;
  private readonly resources: ResourceFacts;

  constructor(
    private readonly reader: ContextReader,
    private readonly sources: readonly ConfiguredSource[],
    catalog: Catalog,
    effects: Pick<EffectsOfCalls, 'checked'>,
    refreshes: Pick<RefreshQueue, 'ask'> | undefined,
    private readonly options: ContextOptions,
  ) {
    this.refreshes = new RefreshRequests(refreshes);
    this.resources = new ResourceFacts(reader, sources, catalog, effects, this.refreshes, options.budgetPercent);
  }

  /**
   * Gathers the facts about the principal and about the resources of the calls, side by side.
   *
   * @param calls the calls that no remembered verdict covers; must not reject
   */
  async gather(
    identity: Identity,
    calls: Promise<readonly ToolCall[]>,
    budget: Budget,
    signal: AbortSignal,
  ): Promise<GatheredContext> {
    const start = performance.now();
    const [sources, cmdb] = await Promise.all([
      this.principalFacts(identity, budget, signal),
      this.resources.gather(identity, calls, budget, signal),
    ]);
    recordDuration('iris.context.duration', performance.now() - start, {});
    const okta = sources.okta;
    const roles = rolesOf(identity, okta?.attributes, this.options.roles);
    return { principal: { identity, roles, sources }, cmdb };
  }

  /**
   * Gathers the facts about a principal and about resources that an application names, side by side.
   *
   * @returns the resources' facts in their order; undefined where no source holds resources of the kind
   */
  async gatherNamed(
    identity: Identity,
    named: readonly ResourceRef[],
    budget: Budget,
    signal: AbortSignal,
  ): Promise<{ readonly principal: PrincipalContext; readonly resources: readonly (JsonObject | undefined)[] }> {
    const start = performance.now();
    const [sources, resources] = await Promise.all([
      this.principalFacts(identity, budget, signal),
      named.length === 0 ? [] : this.resources.ofNamed(identity, named, budget, signal),
    ]);
    recordDuration('iris.context.duration', performance.now() - start, {});
    const roles = rolesOf(identity, sources.okta?.attributes, this.options.roles);
    return { principal: { identity, roles, sources }, resources };
  }

  private async principalFacts(
    identity: Identity,
    budget: Budget,
    signal: AbortSignal,
  ): Promise<Partial<Record<SourceId, SourceFacts>>> {
    const subject: Subject = { principal: identity.id, loginName: identity.loginName, nodeId: identity.nodeId };
    const reading: ContextReading | undefined =
      identity.kind === 'anonymous' ? undefined : await this.reader.read(subject.principal);
    const entries = await Promise.all(
      this.sources.map(async (source): Promise<[SourceId, SourceFacts]> => {
        const facts = await this.factsOf(source, identity, subject, reading, budget, signal);
        count('iris.context.answers', {
          source: source.id,
          status: facts.status,
          origin: facts.origin,
          reason: facts.reason ?? '',
        });
        if (facts.ageSeconds !== undefined) record('iris.context.age', facts.ageSeconds, { source: source.id });
        return [source.id, facts];
      }),
    );
    return Object.fromEntries(entries);
  }

  private async factsOf(
    source: ConfiguredSource,
    identity: Identity,
    subject: Subject,
    reading: ContextReading | undefined,
    budget: Budget,
    signal: AbortSignal,
  ): Promise<SourceFacts> {
    const field = principalField(source.id, source.settings.subject, subject);
    if (source.settings.subject === 'login' && identity.kind !== 'user') return nobody('subject_not_a_person');
    if (reading === undefined || field === undefined) return nobody('subject_not_found');

    const entry = reading.entries.get(field);
    const cached = usable(entry, reading.origin);
    if (cached !== undefined) {
      if (isEnding(entry)) this.refreshes.ask(source.id, subject);
      return cached;
    }
    const answer = await source.client.enrich(
      `${field}\n${canonicalPrincipal(subject.principal)}`,
      { subject },
      budget.remainingMsOfShare(this.options.budgetPercent),
      signal,
    );
    this.reader.remember(subject.principal, field, answer);
    return usable(answer, 'source') ?? unavailable(answer);
  }
}

/** An answer that has ended already, or is of the future by a wrong clock, cannot be trusted. */
function unavailable({ status, reason }: SourceAnswer): SourceFacts {
  const why = status === 'UNAVAILABLE' ? reason : 'source_bad_response';
  return { status: 'unavailable', attributes: {}, reason: why, origin: 'source' };
}

function nobody(reason: SourceFacts['reason']): SourceFacts {
  return { status: 'not_found', attributes: {}, reason, origin: 'none' };
}
