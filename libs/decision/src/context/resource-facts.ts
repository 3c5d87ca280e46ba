import type { Effect } from '@iris/call-effects';
import type { ContextReader } from '@iris/context-cache';
import type { Identity, JsonObject, ResourceRef, SourceFacts, ToolCall } from '@iris/contracts';
import type { Catalog } from '@iris/tool-catalog';
import type { EffectsOfCalls } from '../effects/index.js';
import type { Budget } from '../shared/budget.js';
import { TimeSlice } from '../shared/time-slice.js';
import type { ConfiguredSource } from './configured-sources.js';
import type { RefreshRequests } from './refresh-requests.js';
import { isEnding, usable } from './usable-answer.js';

/** How many different resources of one hook are looked up; a hook that names more is no ordinary one. */
const MAX_RESOURCES = 20;
/** The same for a batch that an application asks about, whose size the PDP limits. */
const MAX_NAMED_RESOURCES = 500;

/**
 * How usable the facts about a resource are: those of a person, and `not_asked` for a resource that was not looked up,
 * because its name is not known or the hook names too many.
 */
export type ResourceStatus = SourceFacts['status'] | 'not_asked';

/** From the most to the least usable: a call on several resources is as well known as the least known of them. */
const STATUSES: readonly ResourceStatus[] = ['fresh', 'not_found', 'stale', 'unavailable', 'not_asked'];

interface Known {
  readonly status: ResourceStatus;
  readonly attributes: JsonObject;
}

/** What a call or an effect acts on. */
interface Asked {
  readonly part: ToolCall | Effect;
  readonly kind: string;
  readonly resources: readonly ResourceRef[];
}

const NOT_ASKED: Known = { status: 'not_asked', attributes: {} };

/** What the sources of resources know of what calls act on. Nothing here throws or outlasts its share of the budget. */
export class ResourceFacts {
  constructor(
    private readonly reader: ContextReader,
    private readonly sources: readonly ConfiguredSource[],
    private readonly catalog: Catalog,
    private readonly effects: Pick<EffectsOfCalls, 'checked'>,
    private readonly refreshes: RefreshRequests,
    private readonly budgetPercent: number,
  ) {}

  /** The facts by call and by effect, with their status. One has none when no source holds resources of its kind. */
  async gather(
    identity: Identity,
    undecided: Promise<readonly ToolCall[]>,
    budget: Budget,
    signal: AbortSignal,
  ): Promise<Map<ToolCall | Effect, JsonObject>> {
    const calls = await undecided;
    const slice = new TimeSlice();
    for (const call of calls) {
      this.effects.checked(call);
      if (slice.isOver) await slice.pause();
    }
    const facts = new Map<ToolCall | Effect, JsonObject>();
    const lookUp = this.lookUps(MAX_RESOURCES, identity, budget, signal);
    // The newest call first: the verdicts on older ones are mostly remembered.
    await Promise.all(
      calls.toReversed().map(async (call) => {
        const { targetKind, resources } = this.catalog.classify(call);
        const asked = this.effects.checked(call).flatMap((effect): Asked[] => {
          const named = resourcesOfEffect(effect);
          return named === undefined ? [] : [{ part: effect, kind: effect.category, resources: named }];
        });
        if (targetKind !== undefined) asked.push({ part: call, kind: targetKind, resources });
        await Promise.all(
          asked.map(async ({ part, kind, resources }) => {
            const source = this.sources.find(({ settings }) => settings.resources.includes(kind));
            if (source === undefined) return;
            const known = await Promise.all(resources.map((resource) => lookUp(source, resource)));
            facts.set(part, together(known));
          }),
        );
      }),
    );
    return facts;
  }

  /**
   * The facts about resources that a caller names, in their order; undefined where no source holds resources of the kind.
   * A resource without an id is not asked about.
   */
  async ofNamed(
    identity: Identity,
    resources: readonly ResourceRef[],
    budget: Budget,
    signal: AbortSignal,
  ): Promise<(JsonObject | undefined)[]> {
    const lookUp = this.lookUps(MAX_NAMED_RESOURCES, identity, budget, signal);
    return Promise.all(
      resources.map(async (resource) => {
        const source = this.sources.find(({ settings }) => settings.resources.includes(resource.kind));
        if (source === undefined) return undefined;
        return together([resource.id === '' ? NOT_ASKED : await lookUp(source, resource)]);
      }),
    );
  }

  /** Looks each resource up once, and up to so many in all. */
  private lookUps(max: number, identity: Identity, budget: Budget, signal: AbortSignal) {
    const lookups = new Map<string, Promise<Known>>();
    return (source: ConfiguredSource, resource: ResourceRef): Promise<Known> | Known => {
      const key = `${resource.kind}\n${resource.id}`;
      const known = lookups.get(key);
      if (known !== undefined) return known;
      if (lookups.size >= max) return NOT_ASKED;
      const asked = this.lookUp(source, identity, resource, budget, signal);
      lookups.set(key, asked);
      return asked;
    };
  }

  private async lookUp(
    source: ConfiguredSource,
    identity: Identity,
    resource: ResourceRef,
    budget: Budget,
    signal: AbortSignal,
  ): Promise<Known> {
    const reading = await this.reader.readResource(resource);
    const entry = reading.entries.get(source.id);
    const cached = usable(entry, reading.origin);
    if (cached !== undefined) {
      if (isEnding(entry)) this.refreshes.ask(source.id, { principal: identity.id }, resource);
      return known(cached);
    }
    const answer = await source.client.enrich(
      `resource\n${resource.kind}\n${resource.id}`,
      { subject: { principal: identity.id }, resource },
      budget.remainingMsOfShare(this.budgetPercent),
      signal,
    );
    this.reader.rememberResource(resource, source.id, answer);
    return known(usable(answer, 'source'));
  }
}

/** The hosts of an effect; undefined for the machine of the agent, which no source of resources holds. */
function resourcesOfEffect({ category, target, environment }: Effect): ResourceRef[] | undefined {
  if (target === undefined) return [];
  const hosts = target.split(',').map((host) => host.trim().replace(/:\d+$/, '').replace(/\.$/, '').toLowerCase());
  if (hosts.every((host) => LOOPBACK.test(host)) && environment !== undefined) return undefined;
  return hosts.some((host) => !/^[\w.-]{1,253}$/.test(host)) ? [] : hosts.map((id) => ({ kind: category, id }));
}

const LOOPBACK = /^(?:localhost|127\.\d+\.\d+\.\d+|\[?::1\]?|\/.*|)$/;

/** "Not found" for another reason than that there is none, such as two items of the name, is no answer. */
function known(facts: SourceFacts | undefined): Known {
  if (facts === undefined) return { status: 'unavailable', attributes: {} };
  if (facts.status === 'not_found' && facts.reason !== 'subject_not_found') {
    return { status: facts.reason === 'subject_invalid' ? 'not_asked' : 'unavailable', attributes: {} };
  }
  return { status: facts.status, attributes: facts.attributes };
}

/** Facts about several resources are told where all agree; values that differ stand side by side. */
function together(all: readonly Known[]): JsonObject {
  const [first] = all;
  if (first === undefined) return { status: 'not_asked' };
  const status = STATUSES[Math.max(...all.map((one) => STATUSES.indexOf(one.status)))] ?? 'unavailable';
  if (all.length === 1) return { ...first.attributes, status };
  const merged: JsonObject = {};
  for (const key of new Set(all.flatMap(({ attributes }) => Object.keys(attributes)))) {
    const values = new Set(all.flatMap(({ attributes }) => attributes[key] ?? []).map(String));
    merged[key] = [...values].join(', ');
  }
  return { ...merged, status };
}
