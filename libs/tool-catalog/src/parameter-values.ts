import type { Json, JsonObject } from '@iris/contracts';

/** A longer value, in UTF-16 code units, is not read: it counts as one that nobody recognises. */
const MAX_VALUE_LENGTH = 4096;

/** More values, nested ones and containers included, are not read. */
const MAX_VALUES = 500;

/** More keys of one object are not read. */
const MAX_KEYS = 2000;

/** More text in all, in UTF-16 code units, is not read, so that no parameters make the classification slow. */
const MAX_TOTAL_LENGTH = 16_384;

/** A longer key, in UTF-16 code units, is of no parameter that a catalog names. */
const MAX_KEY_LENGTH = 128;

/** Path of a parameter: names separated by dots, `[]` after one that holds a list. */
export const PARAMETER_PATH = /^[A-Za-z0-9_-]+(\[\])?(\.[A-Za-z0-9_-]+(\[\])?)*$/;

/** A text found under a declared path. */
export interface ParameterValue {
  /** The path as the catalog declares it. */
  readonly path: string;
  readonly text: string;
}

/** The texts under some declared paths. */
export interface ReadParameters {
  readonly values: readonly ParameterValue[];
  /** Whether something was found that could not be read: too long, too many, or another shape than declared. */
  readonly unreadable: boolean;
  /** Whether one parameter is written in two ways with different values: `host` and `Host`, `a.b` and `a: { b }`. */
  readonly ambiguous: boolean;
}

interface PathNode {
  path?: string;
  readonly children: Map<string, PathNode>;
}

/** Declared paths, ready to be looked up. */
export interface ParameterPaths {
  readonly root: PathNode;
}

/** Compiles declared paths. Spellings that differ in case, `_` and `-` are one path. */
export function parameterPaths(paths: readonly string[]): ParameterPaths {
  const root: PathNode = { children: new Map() };
  for (const path of paths) {
    const parts = partsOf(path);
    add(root, parts, path);
    // `connection_url` is another way to write `connection.url`.
    if (parts.length > 1) add(root, [parts.join('')], path);
  }
  return { root };
}

function add(root: PathNode, parts: readonly string[], path: string): void {
  let node = root;
  for (const part of parts) {
    let next = node.children.get(part);
    if (next === undefined) {
      next = { children: new Map() };
      node.children.set(part, next);
    }
    node = next;
  }
  node.path ??= path;
}

/**
 * Reads the texts under declared paths, in whatever way the parameters spell them, lists and nested objects included;
 * numbers and booleans as text, null and the empty text as nothing.
 */
export function readParameters(params: JsonObject, { root }: ParameterPaths): ReadParameters {
  const found: (ParameterValue & { readonly spelling: string })[] = [];
  let unreadable = false;
  let read = 0;
  let length = 0;
  const pending: { value: Json; node: PathNode; spelling: string }[] = [{ value: params, node: root, spelling: '' }];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const { value, node, spelling } = next;
    read += 1;
    if (read > MAX_VALUES) return { values: found, unreadable: true, ambiguous: ambiguous(found) };
    if (value === null || value === '') continue;
    if (Array.isArray(value)) {
      for (const item of value.slice(0, MAX_VALUES + 1).reverse()) pending.push({ value: item, node, spelling });
    } else if (typeof value === 'object') {
      const { keys, isWhole } = keysOf(value);
      if (!isWhole) unreadable = true;
      for (const key of keys.toReversed()) {
        // Below a declared path every text counts, whatever its key.
        const below = node.path === undefined ? descend(node, key) : (descend(node, key) ?? node);
        const child = value[key];
        if (below !== undefined && child !== undefined) {
          pending.push({ value: child, node: below, spelling: `${spelling}\n${key}` });
        }
      }
    } else if (node.path === undefined) {
      unreadable = true;
    } else {
      const text = String(value);
      length += text.length;
      if (length > MAX_TOTAL_LENGTH) return { values: found, unreadable: true, ambiguous: ambiguous(found) };
      if (text.length > MAX_VALUE_LENGTH) unreadable = true;
      else found.push({ path: node.path, text, spelling });
    }
  }
  return { values: found.map(({ path, text }) => ({ path, text })), unreadable, ambiguous: ambiguous(found) };
}

const largeObjects = new WeakMap<object, readonly string[]>();

/** The keys that are read. Those of a large object are listed once, for several sets of paths are looked up in it. */
function keysOf(value: object): { readonly keys: readonly string[]; readonly isWhole: boolean } {
  const known = largeObjects.get(value);
  if (known !== undefined) return { keys: known, isWhole: false };
  const keys = Object.keys(value);
  if (keys.length <= MAX_KEYS) return { keys, isWhole: true };
  const some = keys.slice(0, MAX_KEYS);
  largeObjects.set(value, some);
  return { keys: some, isWhole: false };
}

function ambiguous(found: readonly (ParameterValue & { readonly spelling: string })[]): boolean {
  const byPath = new Map<string, Map<string, Set<string>>>();
  for (const { path, text, spelling } of found) {
    const spellings = byPath.get(path) ?? new Map<string, Set<string>>();
    byPath.set(path, spellings);
    spellings.set(spelling, (spellings.get(spelling) ?? new Set()).add(text));
  }
  return [...byPath.entries()].some(([path, spellings]) => {
    const written = [...spellings.entries()].filter(([spelling]) => isOfPathItself(path, spelling));
    const texts = new Set(written.map(([, values]) => [...values].sort().join('\n')));
    return written.length > 1 && texts.size > 1;
  });
}

/** Whether a spelling is one of the path itself, and not of something below it. */
function isOfPathItself(path: string, spelling: string): boolean {
  return partsOf(spelling.slice(1).replaceAll('\n', '.')).join('') === partsOf(path).join('');
}

function descend(node: PathNode, key: string): PathNode | undefined {
  if (key.length > MAX_KEY_LENGTH) return undefined;
  let found: PathNode | undefined = node;
  for (const part of partsOf(key)) found = found?.children.get(part);
  return found;
}

/** The names of a path or key, folded: `connection[url]`, `Connection.URL` and `connection.url` are one. */
function partsOf(text: string): string[] {
  return text
    .replaceAll('[]', '')
    .replace(/\[([^\]]*)\]/g, '.$1')
    .split('.')
    .map((part) =>
      part
        .normalize('NFKC')
        .toLowerCase()
        .replace(/[_\-\s]/g, ''),
    );
}
