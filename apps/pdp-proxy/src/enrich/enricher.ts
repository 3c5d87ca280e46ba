import type { Value } from '@bufbuild/protobuf/wkt';
import type { Principal } from '@cerbos/api/cerbos/engine/v1/engine_pb';
import type { Identity, JsonObject, PrincipalContext, ResourceRef } from '@iris/contracts';
import type { Budget, ContextService, DecisionService, PreparedPrincipal } from '@iris/decision';
import type { AskedResource } from '../decide/cerbos-methods.js';
import { fromValue, fromValues, toValue } from './attribute-values.js';
import { kindOf, type Mapping, matches } from './mapping-file.js';
import { mergeAttributes } from './merged-attributes.js';

/** Name of the attribute that holds the facts about a resource. */
const RESOURCE_FACTS = 'cmdb';

/** Roles that state the kind of an Iris principal; applications have roles of their own. */
const KIND_ROLES: ReadonlySet<string> = new Set(['user', 'tagged-device', 'anonymous']);

/** A principal with facts. */
export interface EnrichedPrincipal {
  readonly principal: Principal;
  readonly prepared: PreparedPrincipal;
  /** Attributes of the caller that facts replaced or ruled out, by path. */
  readonly replaced: readonly string[];
}

/** Adds facts to questions of applications. */
export class Enricher {
  constructor(
    private readonly context: Pick<ContextService, 'gatherNamed'>,
    private readonly decisions: Pick<DecisionService, 'prepare'>,
    private readonly mapping: Mapping,
  ) {}

  /** Whether questions about a kind get facts. */
  enriches(kind: string): boolean {
    return kindOf(this.mapping, kind).enrich;
  }

  /**
   * Adds facts to a principal and, in place, to the attributes of the resources. Facts of the sources win over what the
   * caller states.
   *
   * @param options.isPlan a plan leaves facts about a resource open whose id is not known
   * @param options.isPerson whether the principal is a person; absent where its id decides
   */
  async enrich(
    stated: Principal,
    resources: readonly AskedResource[],
    { isPlan, isPerson }: { readonly isPlan: boolean; readonly isPerson?: boolean },
    budget: Budget,
    signal: AbortSignal,
  ): Promise<EnrichedPrincipal> {
    const named: { readonly attr: Record<string, Value>; readonly ref: ResourceRef }[] = [];
    for (const { kind, id, attr } of resources) {
      const { resource } = kindOf(this.mapping, kind);
      if (resource === undefined) continue;
      const refId = resource.idAttribute === 'id' ? id : textOf(attr, resource.idAttribute);
      if (refId === '' && isPlan) delete attr[RESOURCE_FACTS];
      else named.push({ attr, ref: { kind: resource.kind, id: refId } });
    }
    const gathered = await this.context.gatherNamed(
      this.identityOf(stated, isPerson),
      named.map(({ ref }) => ref),
      budget,
      signal,
    );
    const replaced = new Set<string>();
    for (const [index, { attr }] of named.entries()) {
      const facts = gathered.resources[index];
      const before = attr[RESOURCE_FACTS];
      if (before !== undefined) replaced.add(`resource.${RESOURCE_FACTS}`);
      if (facts === undefined) delete attr[RESOURCE_FACTS];
      else attr[RESOURCE_FACTS] = toValue(facts);
    }
    return this.withFacts(stated, gathered.principal, replaced);
  }

  private withFacts(stated: Principal, context: PrincipalContext, replaced: Set<string>): EnrichedPrincipal {
    const prepared = this.decisions.prepare(context);
    const { kind: _kind, nodeId: _nodeId, tailnet: _tailnet, ...facts } = prepared.principal.attr;
    const merged = mergeAttributes(stated.attr, facts, context.sources, (name) => {
      const value = stated.attr[name];
      return value === undefined ? undefined : fromValue(value);
    });
    for (const name of merged.replaced) replaced.add(`principal.${name}`);
    const attr: Record<string, Value> = { ...stated.attr };
    for (const name of merged.removed) delete attr[name];
    const kept: JsonObject = fromValues(attr);
    for (const [name, fact] of Object.entries(facts)) attr[name] = toValue(fact);
    const added = context.roles.filter((role) => !KIND_ROLES.has(role) && !stated.roles.includes(role));
    const roles = added.length === 0 ? stated.roles : [...stated.roles, ...added];
    return {
      principal: { ...stated, attr, roles },
      prepared: { ...prepared, principal: { id: stated.id, roles, attr: { ...kept, ...facts } } },
      replaced: [...replaced],
    };
  }

  /** A principal that is no person is asked of no source, and `context` states so. */
  private identityOf({ id, attr }: Principal, known: boolean | undefined): Identity {
    const { people, loginAttribute } = this.mapping.principals;
    const loginName = loginAttribute === undefined ? id : textOf(attr, loginAttribute);
    const isPerson = loginName !== '' && (known ?? people.some((pattern) => matches(pattern, id)));
    return isPerson ? { kind: 'user', id: loginName, loginName } : { kind: 'anonymous', id };
  }
}

function textOf(attr: Readonly<Record<string, Value>>, name: string): string {
  const kind = Object.hasOwn(attr, name) ? attr[name]?.kind : undefined;
  return kind?.case === 'stringValue' ? kind.value : '';
}
