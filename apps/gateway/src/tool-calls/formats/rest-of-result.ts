import type { JsonObject } from '@iris/contracts';
import type { Edit, JsonPath } from '@iris/json-document';
import { below, objectOf } from '../json-access.js';

/**
 * Edits that remove every field of a denied result that its notice does not replace and that is not listed: a field
 * that nothing lists may hold what the tool returned.
 */
export function restEdits(body: JsonObject, path: JsonPath, kept: ReadonlySet<string>): Edit[] {
  const result = nodeAt(body, path);
  if (result === undefined) return [];
  const rest = Object.keys(result).filter((key) => !kept.has(key));
  return rest.map((key) => ({ op: 'remove', path: below(path, key) }));
}

/** The object at a path; undefined where there is none. */
export function nodeAt(body: JsonObject, path: JsonPath): JsonObject | undefined {
  let value: unknown = body;
  for (const key of path) value = (value as Record<string | number, unknown> | undefined)?.[key];
  return objectOf(value as JsonObject | undefined);
}
