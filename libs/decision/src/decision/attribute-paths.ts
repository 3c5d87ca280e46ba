import { isJsonObject, type Json, type JsonObject } from '@iris/contracts';

/** The value at a dotted path; undefined when any part is missing. */
export function valueAt(object: JsonObject, path: string): Json | undefined {
  let value: Json | undefined = object;
  for (const part of path.split('.')) {
    if (!isJsonObject(value) || !Object.hasOwn(value, part)) return undefined;
    value = value[part];
  }
  return value;
}
