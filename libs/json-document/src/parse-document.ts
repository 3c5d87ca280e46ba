import type { Json, ReasonId } from '@iris/contracts';
import { JsonDocument, type JsonPath } from './document.js';
import {
  CLOSE_ARRAY,
  CLOSE_OBJECT,
  COMMA,
  endOfString,
  measure,
  OPEN_ARRAY,
  OPEN_OBJECT,
  QUOTE,
  type ShapeLimits,
  skipSpace,
} from './scan.js';
import { keyText } from './spans.js';

/** Values that a text may hold where the caller names no other limit. */
export const DEFAULT_MAX_NODES = 500_000;

/** Why a text was not read. */
export type ParseFailureReason = Extract<
  ReasonId,
  'hook_malformed' | 'duplicate_json_key' | 'body_too_deep' | 'body_too_complex'
>;

export type ParseResult =
  | {
      readonly ok: true;
      readonly document: JsonDocument;
      /** Values of all kinds, about. */
      readonly nodes: number;
    }
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
 * Both limits are checked on the text, so a value that exceeds one is never built. The time is linear in the text.
 *
 * @param options.maxDepth how many objects and arrays may be inside each other
 * @param options.maxNodes how many values the text may hold
 */
export function parseDocument(
  text: string,
  options: { readonly maxDepth: number; readonly maxNodes?: number },
): ParseResult {
  const limits: ShapeLimits = { maxNodes: DEFAULT_MAX_NODES, ...options };
  const shape = measure(text, limits);
  if (shape.depth > limits.maxDepth) return { ok: false, reason: 'body_too_deep' };
  if (shape.nodes > limits.maxNodes) return { ok: false, reason: 'body_too_complex' };
  if (!VALUE_STARTS.has(text.charAt(skipSpace(text, 0)))) return { ok: false, reason: 'hook_malformed' };
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
  return { ok: true, document: new JsonDocument(text, value), nodes: shape.nodes };
}

/** What a JSON value may begin with. Other texts are refused without an exception, which takes longer than a parse. */
const VALUE_STARTS: ReadonlySet<string> = new Set('{["-0123456789tfn');

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
  /** Keys so far; undefined for an array. Most objects have few, and a set costs more than a short list. */
  keys: Set<string> | string[] | undefined;
  key: string | number;
  expectsKey: boolean;
}

/** One pass over a text that is valid JSON. */
function findDuplicate(text: string): JsonPath | undefined {
  const open: OpenContainer[] = [];
  let top: OpenContainer | undefined;
  let at = 0;
  while (at < text.length) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) {
      const end = endOfString(text, at);
      if (top?.keys !== undefined && top.expectsKey) {
        const key = keyText(text, at, end);
        top.key = key;
        top.expectsKey = false;
        if (Array.isArray(top.keys) ? top.keys.includes(key) : top.keys.has(key)) {
          return open.map((container) => container.key);
        }
        top.keys = withKey(top.keys, key);
      }
      at = end;
      continue;
    }
    at += 1;
    if (code === OPEN_OBJECT || code === OPEN_ARRAY) {
      const isObject = code === OPEN_OBJECT;
      top = { keys: isObject ? [] : undefined, key: isObject ? '' : 0, expectsKey: isObject };
      open.push(top);
    } else if (code === CLOSE_OBJECT || code === CLOSE_ARRAY) {
      open.pop();
      top = open[open.length - 1];
    } else if (code === COMMA && top !== undefined) {
      if (top.keys !== undefined) top.expectsKey = true;
      else top.key = Number(top.key) + 1;
    }
  }
  return undefined;
}

function withKey(keys: Set<string> | string[], key: string): Set<string> | string[] {
  if (Array.isArray(keys) && keys.length >= 8) return new Set([...keys, key]);
  if (Array.isArray(keys)) keys.push(key);
  else keys.add(key);
  return keys;
}
