import type { Edit, JsonPath } from '@iris/json-document';

/**
 * Paths in the body as it was sent, from paths in the body as the readers see it: with a list of one where the
 * request holds a single object, and with one spelling of each key.
 */
export class SourcePaths {
  readonly #wrapped = new Set<string>();
  readonly #renamed = new Map<string, string>();

  /** Whether the readers see the body exactly as it was sent. */
  get same(): boolean {
    return this.#wrapped.size === 0 && this.#renamed.size === 0;
  }

  /** The request holds an object at this path, the readers see a list with that object. */
  wrap(path: JsonPath): void {
    this.#wrapped.add(JSON.stringify(path));
  }

  /** The last key of the path has another spelling in the request. */
  rename(path: JsonPath, key: string): void {
    this.#renamed.set(JSON.stringify(path), key);
  }

  of(path: JsonPath): JsonPath {
    if (this.same) return path;
    const source: (string | number)[] = [];
    for (const [depth, key] of path.entries()) {
      if (key === 0 && this.#wrapped.has(JSON.stringify(path.slice(0, depth)))) continue;
      source.push(this.#renamed.get(JSON.stringify(path.slice(0, depth + 1))) ?? key);
    }
    return source;
  }

  /** The same edit on the body as it was sent; undefined where it has no list to append to. */
  edit(edit: Edit): Edit | undefined {
    if (this.same) return edit;
    if (edit.op === 'append' && this.#wrapped.has(JSON.stringify(edit.path))) return undefined;
    return { ...edit, path: this.of(edit.path) };
  }
}
