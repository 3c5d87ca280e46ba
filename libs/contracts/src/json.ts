/** A JSON value as the wire carries it. */
export type Json = null | boolean | number | string | Json[] | JsonObject;

/** A JSON object as the wire carries it. */
export interface JsonObject {
  [key: string]: Json;
}

/** Distinguishes a JSON object from null, arrays and scalars. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The facts that are known: a value that is undefined is left out, because an unknown fact is absent. */
export function knownFacts(facts: Readonly<Record<string, Json | undefined>>): JsonObject {
  return Object.fromEntries(Object.entries(facts).filter((entry): entry is [string, Json] => entry[1] !== undefined));
}

/** A copy without nulls at any depth: to a policy, null is a value that passes comparisons, and an unknown fact is absent. */
export function withoutNulls(object: Readonly<Record<string, Json | undefined>>): JsonObject {
  return Object.fromEntries(
    Object.entries(object).flatMap(([key, value]) => (isKnown(value) ? [[key, nullFree(value)]] : [])),
  );
}

function nullFree(value: Json): Json {
  if (Array.isArray(value)) return value.filter(isKnown).map(nullFree);
  return isJsonObject(value) ? withoutNulls(value) : value;
}

function isKnown(value: Json | undefined): value is Json {
  return value !== null && value !== undefined;
}

/** How many values there are in a value, itself and containers included. The recursion is as deep as the value. */
export function valuesIn(value: Json): number {
  if (typeof value !== 'object' || value === null) return 1;
  let count = 1;
  for (const member of Object.values(value)) count += valuesIn(member);
  return count;
}

/**
 * A copy without any `__proto__` key at any depth. `JSON.parse` makes such a key an ordinary property, but code that
 * copies properties by assignment (protobuf decoders do) would set the prototype of the copy with it.
 */
export function withoutPrototypeKeys(object: JsonObject): JsonObject {
  return JSON.parse(JSON.stringify(object), (key, value) => (key === '__proto__' ? undefined : value));
}
