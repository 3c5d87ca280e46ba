/** A JSON value as the wire carries it. */
export type Json = null | boolean | number | string | Json[] | JsonObject;

/** A JSON object as the wire carries it. */
export interface JsonObject {
  [key: string]: Json;
}

/** Tells a JSON object from null, arrays and scalars. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The facts that are known: a value that is undefined is left out, because an unknown fact is absent. */
export function knownFacts(facts: Readonly<Record<string, Json | undefined>>): JsonObject {
  return Object.fromEntries(Object.entries(facts).filter((entry): entry is [string, Json] => entry[1] !== undefined));
}

/**
 * A copy without any `__proto__` key at any depth. `JSON.parse` makes such a key an ordinary property, but code that
 * copies properties by assignment (protobuf decoders do) would set the prototype of the copy with it.
 */
export function withoutPrototypeKeys(object: JsonObject): JsonObject {
  return JSON.parse(JSON.stringify(object), (key, value) => (key === '__proto__' ? undefined : value));
}
