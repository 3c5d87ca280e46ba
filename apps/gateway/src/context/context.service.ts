import type { ContextReader } from '@iris/context-cache';
import {
  type ContextReading,
  canonicalPrincipal,
  principalField,
  type RefreshQueue,
  usability,
} from '@iris/context-cache';
import {
  type Identity,
  type JsonObject,
  type PrincipalContext,
  type ResourceRef,
  SOURCE_IDS,
  type SourceAnswer,
  type SourceFacts,
  type SourceId,
  type SourceSettings,
  type Subject,
  type ToolCall,
} from '@iris/contracts';
import { count, record, recordDuration } from '@iris/telemetry';
import type { Catalog } from '@iris/tool-catalog';
import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import type { Budget } from '../pipeline/budget.js';
import type { EnricherClient } from './enricher-client.js';
import { type RoleRules, rolesOf } from './roles.js';

/** A source as the gateway uses it. */
export interface ConfiguredSource {
  readonly id: SourceId;
  readonly settings: SourceSettings;
  readonly client: EnricherClient;
}

export interface ContextOptions {
  readonly roles: RoleRules;
  /** Share of the hook's budget that facts may take. */
  readonly budgetPercent: number;
}

/** What is known for a decision. */
export interface GatheredContext {
  readonly principal: PrincipalContext;
  /** Facts about the resource of a call, by call. */
  readonly cmdb: ReadonlyMap<ToolCall, JsonObject>;
}

/** How many different resources of one hook are looked up; a hook that names more is no ordinary one. */
const MAX_RESOURCES = 20;

/** For how long a refresh that was asked for is not asked for again, in ms: a vendor that is down is not hurried. */
const REFRESH_PAUSE_MS = 5000;

/** An entry that is used while less than this share of its freshness is left is read again ahead of its end. */
const REFRESH_AHEAD_SHARE = 0.25;

const ANSWERED_BY_STATUS = { fresh: 'fresh', stale: 'stale' } as const;

/** The context room: who is asking, and what is being acted on. Nothing here throws or outlasts its share. */
@Injectable()
export class ContextService {
  private readonly asked = new LRUCache<string, true>({ max: 10_000, ttl: REFRESH_PAUSE_MS });

  constructor(
    private readonly reader: ContextReader,
    private readonly sources: readonly ConfiguredSource[],
    private readonly catalog: Catalog,
    private readonly refreshes: Pick<RefreshQueue, 'ask'> | undefined,
    private readonly options: ContextOptions,
  ) {}

  /** Gathers the facts about the principal and about the resources of the calls, side by side. */
  async gather(
    identity: Identity,
    calls: readonly ToolCall[],
    budget: Budget,
    signal: AbortSignal,
  ): Promise<GatheredContext> {
    const start = performance.now();
    const [sources, cmdb] = await Promise.all([
      this.principalFacts(identity, budget, signal),
      this.resourceFacts(identity, calls, budget, signal),
    ]);
    recordDuration('iris.context.duration', performance.now() - start, {});
    const okta = sources.okta;
    const roles = rolesOf(identity, okta?.attributes, this.options.roles);
    return { principal: { identity, roles, sources }, cmdb };
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
      if (isEnding(entry)) this.askRefresh(source.id, subject);
      return cached;
    }
    const answer = await source.client.enrich(
      `${field}\n${canonicalPrincipal(subject.principal)}`,
      { subject },
      budget.remainingMsOfShare(this.options.budgetPercent),
      signal,
    );
    this.reader.remember(subject.principal, field, answer);
    return (
      usable(answer, 'source') ?? { status: 'unavailable', attributes: {}, reason: answer.reason, origin: 'source' }
    );
  }

  private async resourceFacts(
    identity: Identity,
    calls: readonly ToolCall[],
    budget: Budget,
    signal: AbortSignal,
  ): Promise<Map<ToolCall, JsonObject>> {
    const facts = new Map<ToolCall, JsonObject>();
    const lookups = new Map<string, Promise<JsonObject | undefined>>();
    await Promise.all(
      calls.map(async (call) => {
        const target = this.catalog.classify(call).classification.target;
        if (target === undefined) return;
        const source = this.sources.find(({ settings }) => settings.resources.includes(target.kind));
        if (source === undefined) return;
        const key = `${target.kind}\n${target.id}`;
        if (!lookups.has(key)) {
          if (lookups.size >= MAX_RESOURCES) return;
          lookups.set(key, this.lookUpResource(source, identity, target, budget, signal));
        }
        const known = await lookups.get(key);
        if (known !== undefined) facts.set(call, known);
      }),
    );
    return facts;
  }

  private async lookUpResource(
    source: ConfiguredSource,
    identity: Identity,
    resource: ResourceRef,
    budget: Budget,
    signal: AbortSignal,
  ): Promise<JsonObject | undefined> {
    const reading = await this.reader.readResource(resource);
    const entry = reading.entries.get(source.id);
    const cached = usable(entry, reading.origin);
    if (cached !== undefined) {
      if (isEnding(entry)) this.askRefresh(source.id, { principal: identity.id }, resource);
      return known(cached);
    }
    const answer = await source.client.enrich(
      `resource\n${resource.kind}\n${resource.id}`,
      { subject: { principal: identity.id }, resource },
      budget.remainingMsOfShare(this.options.budgetPercent),
      signal,
    );
    this.reader.rememberResource(resource, source.id, answer);
    return known(usable(answer, 'source'));
  }

  private askRefresh(source: SourceId, subject: Subject, resource?: ResourceRef): void {
    const key = JSON.stringify([
      source,
      canonicalPrincipal(subject.principal),
      subject.nodeId,
      resource?.kind,
      resource?.id,
    ]);
    if (this.refreshes === undefined || this.asked.has(key)) return;
    this.asked.set(key, true);
    // Not awaited: the decision does not depend on it. The queue never throws.
    void this.refreshes
      .ask(source, subject, resource)
      .then((outcome) => count('iris.context.refreshes_asked', { source, outcome }));
  }
}

/** The sources of a registry that are enabled, in the order in which they are shown. */
export function enabledSources(
  sources: Readonly<Partial<Record<SourceId, SourceSettings>>>,
  connect: (id: SourceId, settings: SourceSettings) => EnricherClient,
): ConfiguredSource[] {
  return SOURCE_IDS.flatMap((id) => {
    const settings = sources[id];
    return settings?.enabled ? [{ id, settings, client: connect(id, settings) }] : [];
  });
}

function usable(answer: SourceAnswer | undefined, origin: SourceFacts['origin']): SourceFacts | undefined {
  if (answer === undefined || answer.status === 'UNAVAILABLE') return undefined;
  const now = Date.now();
  const state = usability(answer, now);
  if (state === 'expired') return undefined;
  const ageSeconds = Math.max(0, Math.floor((now - answer.observedAt) / 1000));
  if (answer.status === 'NOT_FOUND') {
    return { status: 'not_found', attributes: {}, ageSeconds, reason: answer.reason, origin };
  }
  return { status: ANSWERED_BY_STATUS[state], attributes: answer.attributes, ageSeconds, origin };
}

/** Whether an entry is stale or soon will be. "Not found" is asked again only when it is needed again. */
function isEnding(entry: SourceAnswer | undefined): boolean {
  if (entry?.status !== 'FOUND') return false;
  return entry.freshUntil - Date.now() < REFRESH_AHEAD_SHARE * (entry.freshUntil - entry.observedAt);
}

function nobody(reason: SourceFacts['reason']): SourceFacts {
  return { status: 'not_found', attributes: {}, reason, origin: 'none' };
}

function known(facts: SourceFacts | undefined): JsonObject | undefined {
  return facts !== undefined && facts.status !== 'not_found' ? facts.attributes : undefined;
}
