import { isJsonObject, type Json } from '@iris/contracts';

export interface JsonBounds {
  /** Longest text, in characters. */
  readonly text: number;
  /** Most values at all depths. */
  readonly values: number;
  /** Deepest nesting. */
  readonly depth: number;
}

/** A value with long texts, many values and deep parts cut, and whether anything was. */
export function boundedJson(value: Json, bounds: JsonBounds): { readonly value: Json; readonly cut: boolean } {
  let left = bounds.values;
  let cut = false;
  const shorten = (text: string) => {
    if (text.length <= bounds.text) return text;
    cut = true;
    return `${text.slice(0, bounds.text)}…`;
  };
  const bounded = (part: Json, depth: number): Json => {
    left -= 1;
    if (typeof part === 'string') return shorten(part);
    if (typeof part !== 'object' || part === null) return part;
    if (depth >= bounds.depth) {
      cut = true;
      return '…';
    }
    const kept: [string, Json][] = [];
    for (const [name, child] of Object.entries(part)) {
      if (left <= 0) {
        cut = true;
        break;
      }
      kept.push([shorten(name), bounded(child, depth + 1)]);
    }
    return Array.isArray(part) ? kept.map(([, child]) => child) : Object.fromEntries(kept);
  };
  return { value: bounded(value, 0), cut };
}

/** The value at a path with dots; a name that has dots itself comes first. */
export function valueAt(object: Json | undefined, path: string): Json | undefined {
  if (!isJsonObject(object)) return undefined;
  if (Object.hasOwn(object, path)) return object[path];
  const [first = '', ...rest] = path.split('.');
  return rest.length > 0 && Object.hasOwn(object, first) ? valueAt(object[first], rest.join('.')) : undefined;
}
