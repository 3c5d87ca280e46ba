/** Type of an attribute in a policy. A timestamp is an RFC 3339 text in UTC. */
export const ATTRIBUTE_TYPES = ['string', 'number', 'boolean', 'timestamp', 'string[]', 'object', 'object[]'] as const;
export type AttributeType = (typeof ATTRIBUTE_TYPES)[number];

/** One attribute: its path below `attr`, its type and its meaning. */
export interface AttributeDefinition {
  readonly path: string;
  readonly type: AttributeType;
  readonly meaning: string;
  /** The fields of each object, for `object[]` whose objects are typed. */
  readonly items?: readonly { readonly path: string; readonly type: AttributeType }[];
}

/** A flattened attribute of the principal, with the attributes of sources that it is taken from. */
export interface FlattenedAttribute<Id extends string = string> extends AttributeDefinition {
  /** `<source>.<path>`, in order of precedence: the first source that has a value wins. */
  readonly from: readonly `${Id}.${string}`[];
}
