import { isJsonObject, type Json, type JsonObject } from '@iris/contracts';
import type { JsonPath } from '@iris/json-document';
import type { DeclaredTool } from './formats/llm-format.js';

/** The objects in a list with their indexes; nothing for a value that is no list. Other elements are passed over. */
export function* objectsIn(list: Json | undefined): Generator<[number, JsonObject]> {
  if (!Array.isArray(list)) return;
  for (const [index, element] of list.entries()) if (isJsonObject(element)) yield [index, element];
}

/** The value when it is a text. */
export function textOf(value: Json | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/**
 * The value as an id: a text that is not empty. A number counts as its text, since lenient servers take the two for one
 * id.
 */
export function idOf(value: Json | undefined): string | undefined {
  if (typeof value === 'number') return String(value);
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** The value when it is an object. */
export function objectOf(value: Json | undefined): JsonObject | undefined {
  return isJsonObject(value) ? value : undefined;
}

/** A path one step deeper, or several. */
export function below(path: JsonPath, ...keys: (string | number)[]): JsonPath {
  return [...path, ...keys];
}

/** The declared tools, each key once, in the order of first appearance. */
export function uniqueByKey(tools: Iterable<DeclaredTool>): DeclaredTool[] {
  const byKey = new Map<string, DeclaredTool>();
  for (const tool of tools) if (!byKey.has(tool.key)) byKey.set(tool.key, tool);
  return [...byKey.values()];
}
