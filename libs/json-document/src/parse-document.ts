import type { Json, ReasonId } from '@iris/contracts';
import { JsonDocument, type JsonPath } from './document.js';
import { CLOSE_ARRAY, CLOSE_OBJECT, COMMA, endOfString, measure, OPEN_ARRAY, OPEN_OBJECT, QUOTE } from './scan.js';

/** Why a text was not read. */
export type ParseFailureReason = Extract<ReasonId, 'hook_malformed' | 'duplicate_json_key' | 'body_too_deep'>;

export type ParseResult =
  | { readonly ok: true; readonly document: JsonDocument }
  | {
      readonly ok: false;
      readonly reason: ParseFailureReason;
      /** Where the second of two equal keys is; only for `duplicate_json_key`. */
      readonly path?: JsonPath;
    };

/**
 * Reads one JSON text (RFC 8259, strictly: no comments, no trailing commas, no byte order mark, nothing after the
 * value). The value is what `JSON.parse` gives; a `__proto__` key is an ordinary own property of it.
 *
 * An object that has a key twice is refused, because two parsers may read it differently. Never throws.
 *
 * @param options.maxDepth how many objects and arrays may stand inside each other
 */
export function parseDocument(text: string, options: { readonly maxDepth: number }): ParseResult {
  const shape = measure(text, options.maxDepth);
  if (shape.depth > options.maxDepth) return { ok: false, reason: 'body_too_deep' };
  let value: Json;
  try {
    value = JSON.parse(text);
  } catch {
    return { ok: false, reason: 'hook_malformed' };
  }
  // A repeated key is the only way in which the value can hold fewer properties than the text.
  if (countProperties(value) !== shape.properties) {
    return { ok: false, reason: 'duplicate_json_key', path: findDuplicate(text) };
  }
  return { ok: true, document: new JsonDocument(text, value) };
}

/** Recursion is bounded by the depth limit. */
function countProperties(value: Json): number {
  if (typeof value !== 'object' || value === null) return 0;
  let count = 0;
  if (Array.isArray(value)) {
    for (const element of value) if (typeof element === 'object') count += countProperties(element);
    return count;
  }
  for (const key in value) {
    count += 1;
    const property = value[key];
    if (typeof property === 'object') count += countProperties(property as Json);
  }
  return count;
}

interface OpenContainer {
  readonly keys: Set<string> | undefined;
  key: string | number;
  expectsKey: boolean;
}

function findDuplicate(text: string): JsonPath | undefined {
  const open: OpenContainer[] = [];
  let at = 0;
  while (at < text.length) {
    const code = text.charCodeAt(at);
    const top = open[open.length - 1];
    if (code === QUOTE) {
      const end = endOfString(text, at);
      if (top?.keys && top.expectsKey) {
        const key: string = JSON.parse(text.slice(at, end));
        top.key = key;
        top.expectsKey = false;
        if (top.keys.has(key)) return open.map((container) => container.key);
        top.keys.add(key);
      }
      at = end;
      continue;
    }
    at += 1;
    if (code === OPEN_OBJECT) open.push({ keys: new Set(), key: '', expectsKey: true });
    else if (code === OPEN_ARRAY) open.push({ keys: undefined, key: 0, expectsKey: false });
    else if (code === CLOSE_OBJECT || code === CLOSE_ARRAY) open.pop();
    else if (code === COMMA && top) {
      if (top.keys) top.expectsKey = true;
      else top.key = Number(top.key) + 1;
    }
  }
  return undefined;
}
