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
