import type { Catalog } from './catalog.js';

export interface ReplaceableCatalog {
  /** Always the newest: what is made of it must be kept by its `revision`. */
  readonly catalog: Catalog;
  replace(next: Catalog): void;
}

/** A catalog that can be replaced while it is used. */
export function replaceableCatalog(initial: Catalog): ReplaceableCatalog {
  let current = initial;
  return {
    // Whatever is read is read from the current one, so a new member of a catalog needs no line here.
    catalog: new Proxy(initial, { get: (_, key) => Reflect.get(current, key) }),
    replace: (next) => {
      current = next;
    },
  };
}
