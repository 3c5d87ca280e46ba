import type { JsonObject } from './json.js';

const USED_ONCE = Symbol('used once');

/**
 * What is made of facts, which are one object from hook to hook while they are held in memory. Kept from the second use
 * on and as long as the facts, so that people who are seen once take no memory for it. The facts must not be changed.
 */
export class MadeFromFacts<T> {
  readonly #made = new WeakMap<JsonObject, T | typeof USED_ONCE>();

  constructor(private readonly make: (facts: JsonObject) => T) {}

  of(facts: JsonObject): T {
    const known = this.#made.get(facts);
    if (known !== undefined && known !== USED_ONCE) return known as T;
    const made = this.make(facts);
    this.#made.set(facts, known === undefined ? USED_ONCE : made);
    return made;
  }
}
