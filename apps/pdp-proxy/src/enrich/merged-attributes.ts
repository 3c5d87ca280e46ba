import { isDeepStrictEqual } from 'node:util';
import { FLATTENED_ATTRIBUTES, type JsonObject, type PrincipalContext, SOURCE_IDS } from '@iris/contracts';

/** Names that only Iris sets: the facts of each source, and how usable they are. */
const RESERVED: ReadonlySet<string> = new Set([...SOURCE_IDS, 'context']);

export interface MergedAttributes {
  /** Facts, which win over what the caller states. */
  readonly facts: JsonObject;
  /** Attributes of the caller that are not passed on, although no fact takes their place. */
  readonly removed: readonly string[];
  /** Attributes of the caller that differ from a fact, or are ruled out, by name. */
  readonly replaced: readonly string[];
}

/**
 * Merges facts into the attributes that a caller states of a principal. A fact wins. An attribute that a source provides
 * and that has no fact passes only where every source of it has no record of the principal: while a source is
 * unavailable, or has a record without the attribute, the caller's value could stand for a fact that is not so.
 *
 * @param stated attributes of the caller
 * @param facts attributes as policies see them: flattened, by source and `context`
 */
export function mergeAttributes(
  stated: Readonly<Record<string, unknown>>,
  facts: JsonObject,
  sources: PrincipalContext['sources'],
  statedValue: (name: string) => unknown,
): MergedAttributes {
  const removed: string[] = [];
  const replaced: string[] = [];
  for (const name of Object.keys(stated)) {
    if (Object.hasOwn(facts, name)) {
      if (!isDeepStrictEqual(statedValue(name), facts[name])) replaced.push(name);
    } else if (RESERVED.has(name) || isRuledOut(name, sources)) {
      removed.push(name);
      replaced.push(name);
    }
  }
  return { facts, removed, replaced };
}

/** The sources of each flattened attribute. */
const PROVIDERS = new Map(
  FLATTENED_ATTRIBUTES.map(({ path, from }) => [
    path.split('.', 1)[0] ?? path,
    from.map((candidate) => candidate.slice(0, candidate.indexOf('.')) as keyof PrincipalContext['sources']),
  ]),
);

function isRuledOut(name: string, sources: PrincipalContext['sources']): boolean {
  return (PROVIDERS.get(name) ?? []).some((source) => {
    const status = sources[source]?.status;
    return status !== undefined && status !== 'not_found';
  });
}
