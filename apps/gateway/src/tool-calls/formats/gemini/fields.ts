import type { Json, JsonObject } from '@iris/contracts';

/** Both spellings that the JSON mapping of protocol buffers allows for a field. */
function spellings(field: string): string[] {
  const snake = field.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  return snake === field ? [field] : [field, snake];
}

/** The spellings of a field that an object has, with their values. Both may be there; servers differ in what counts. */
export function fieldsOf(object: JsonObject, field: string): [string, Json][] {
  return spellings(field).flatMap((key) => {
    const value = object[key];
    return value === undefined ? [] : [[key, value]];
  });
}

/** The value of a field in whichever spelling comes first. */
export function onlyField(object: JsonObject, field: string): Json | undefined {
  return fieldsOf(object, field)[0]?.[1];
}

/** The camel-case spelling of a key. */
export function camelCase(key: string): string {
  return key.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}
