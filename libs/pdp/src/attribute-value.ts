import type { Json, JsonObject } from '@iris/contracts';

/** Deeper values are cut off: protobuf decoders on the PDP's side refuse deep nesting. */
const MAX_DEPTH = 60;

/**
 * Makes a value safe for the PDP's protobuf encoding. What protobuf cannot carry (undefined, NaN, infinities, functions,
 * symbols, dates as objects) is left out, because an unknown fact is absent; texts become well-formed Unicode; what
 * nests deeper than 60 levels is left out as well.
 *
 * @returns undefined when nothing of the value can be carried
 */
export function toAttributeValue(value: unknown, depth = 0): Json | undefined {
  switch (typeof value) {
    case 'string':
      return value.toWellFormed();
    case 'boolean':
      return value;
    case 'number':
      return Number.isFinite(value) ? value : undefined;
    case 'bigint':
      return value.toString();
    case 'object':
      break;
    default:
      return undefined;
  }
  if (value === null) return null;
  if (depth >= MAX_DEPTH) return undefined;
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? undefined : value.toISOString();
  if (Array.isArray(value)) {
    // An element that cannot be carried keeps its place, so that positions in a list stay what they were.
    return value.map((element) => toAttributeValue(element, depth + 1) ?? null);
  }
  return toAttributes(value as Record<string, unknown>, depth);
}

/** Makes all members of an object safe, see `toAttributeValue`. */
export function toAttributes(value: Readonly<Record<string, unknown>>, depth = 0): JsonObject {
  const attributes: JsonObject = {};
  for (const [key, member] of Object.entries(value)) {
    // Setting this key on an object would change its prototype instead of storing a fact.
    if (key === '__proto__') continue;
    const safe = toAttributeValue(member, depth + 1);
    if (safe !== undefined) attributes[key.toWellFormed()] = safe;
  }
  return attributes;
}
