import type { JsonObject } from '@iris/contracts';

/** What a node of a provider body is. */
export type Kind = 'call' | 'result' | 'declared_tool' | 'harmless' | 'metadata';

/** A listed kind, with what is read inside a node of it. */
export interface KnownKind {
  readonly kind: Kind;
  /** Containers inside the node. */
  readonly fields?: Fields;
  /** Where the key names the kind: the container that is the value under this key. */
  readonly list?: Container;
  /** The fields of a node that is no more than them; any other one is unrecognised. */
  readonly only?: readonly string[];
  /** A second discriminator of the same node, for example the role of a message item. */
  readonly second?: Union;
}

/** The kinds that one container lists. A node of any other kind is unrecognised. */
export interface Union {
  /** The field that names the kind of a node; `key: true` where the only member of the node names it. */
  readonly by: string | { readonly key: true };
  readonly kinds: Readonly<Record<string, Kind | KnownKind>>;
  /** The kind of a node without discriminator, by a field that it has; `*` for any node. The first that fits. */
  readonly untyped?: Readonly<Record<string, string>>;
  /** Further fields of a node of any kind. Others that hold an object or a list are reported as unknown fields. */
  readonly plainFields?: readonly string[];
  /** `unreadable`: a kind that is not listed, such as an unknown role, makes the whole body unreadable. */
  readonly unlisted?: 'unreadable';
}

/** A list of nodes in a body. */
export interface Container {
  readonly union: Union;
  /** What an unrecognised node counts as. */
  readonly holds: 'calls' | 'tools';
  /** The provider also accepts a text in the place of the list. */
  readonly orText?: boolean;
  /** The provider also accepts one object in the place of the list. Otherwise the body is unreadable. */
  readonly orObject?: boolean;
  /** The provider also accepts texts as elements. */
  readonly textElements?: boolean;
  /** The field holds one node, not a list. */
  readonly one?: boolean;
}

/** An object that holds containers. */
export interface Nested {
  readonly fields: Fields;
}

/** `plain`: a field that holds neither calls, results nor declarations. */
export type Field = Container | Nested | 'plain';
export type Fields = Readonly<Record<string, Field>>;

/** All kinds of one provider format, as data: `formats/<id>/kinds.ts`. */
export interface FormatKinds {
  /** The top-level fields of a body. Others are reported as unknown fields. */
  readonly fields: Fields;
  /**
   * The keys that the readers of this format look at, on any level. A key that differs from one of them only by case,
   * hyphens or underscores makes the body unreadable, since some decoders take it for the same field.
   */
  readonly names: readonly string[];
  /** The provider accepts each key in camelCase and in snake_case; readers see the spelling of `names` and `fields`. */
  readonly bothSpellings?: boolean;
}

/** The same entry for several kinds. */
export function allOf<T extends Kind | KnownKind>(entry: T, kinds: readonly string[]): Record<string, T> {
  return Object.fromEntries(kinds.map((kind) => [kind, entry]));
}

/** Fields that hold neither calls, results nor declarations. */
export function plain(...fields: string[]): Fields {
  return Object.fromEntries(fields.map((field) => [field, 'plain']));
}

/** The entry for a kind; undefined when it is not listed. */
export function listed(union: Union, kind: string): KnownKind | undefined {
  if (!Object.hasOwn(union.kinds, kind)) return undefined;
  const entry = union.kinds[kind];
  return typeof entry === 'string' ? { kind: entry } : entry;
}

/**
 * The kind that a node states, or that it has without a discriminator. Undefined when nothing names it: the
 * discriminator is not a text, or is missing where the container has no rule for that.
 */
export function statedKind(union: Union, node: JsonObject): string | undefined {
  if (typeof union.by !== 'string') return undefined;
  const stated = node[union.by];
  if (typeof stated === 'string') return stated;
  if (stated !== undefined && stated !== null) return undefined;
  for (const [field, kind] of Object.entries(union.untyped ?? {})) {
    if (field === '*' || (node[field] !== undefined && node[field] !== null)) return kind;
  }
  return undefined;
}
