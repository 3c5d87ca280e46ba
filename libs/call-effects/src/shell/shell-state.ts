import type { ShellWord } from './shell-words.js';

/** A variable as far as it is known. */
export interface Variable {
  /** Values that it is known to possibly have. */
  readonly values: readonly string[];
  /** It has no other value. */
  readonly complete: boolean;
  readonly exported: boolean;
}

const MAX_VALUES = 8;

/** The value of a variable that has no other. */
export function certainValue(variable: Variable | undefined): string | undefined {
  return variable?.complete && variable.values.length === 1 ? variable.values[0] : undefined;
}

/** Variables, aliases and parameters of one shell while its text is read. */
export class ShellState {
  readonly #variables: Map<string, Variable>;
  readonly #volatile: Set<string>;
  readonly #lists: Map<string, readonly ShellWord[]>;
  readonly aliases: Map<string, string>;
  /** Words of `$1 …`; undefined when they are not known. */
  parameters: readonly ShellWord[] | undefined;
  /** What `$0` is. */
  self: string | undefined;
  /** Whether what is read runs for sure, and once. */
  certain = true;

  constructor(parent?: ShellState) {
    this.#variables = new Map(parent ? parent.#variables : []);
    this.#volatile = parent ? parent.#volatile : new Set();
    this.#lists = new Map(parent ? parent.#lists : []);
    this.aliases = parent?.aliases ?? new Map();
    this.parameters = parent?.parameters;
    this.self = parent?.self;
    this.certain = parent?.certain ?? true;
  }

  /** The state of a shell that is a program of its own: it has what is exported. */
  started(): ShellState {
    const state = new ShellState();
    for (const [name, variable] of this.#variables) {
      state.#variables.set(name, variable.exported ? variable : { ...variable, complete: false });
    }
    for (const name of this.#volatile) state.#volatile.add(name);
    return state;
  }

  get size(): number {
    return this.#variables.size;
  }

  get names(): readonly string[] {
    return [...this.#variables.keys()];
  }

  get(name: string): Variable | undefined {
    const variable = this.#variables.get(name);
    return variable && this.#volatile.has(name) ? { ...variable, complete: false } : variable;
  }

  /** @param value undefined when it is not known */
  assign(name: string, value: string | undefined, isExported = false): void {
    this.#lists.delete(name);
    const before = this.#variables.get(name);
    const exported = isExported || before?.exported === true;
    if (value !== undefined && this.certain && !this.#volatile.has(name)) {
      this.#variables.set(name, { values: [value], complete: true, exported });
      return;
    }
    const values = [...(before?.values ?? []), ...(value === undefined ? [] : [value])];
    this.#set(name, values, value !== undefined && before?.complete === true, exported);
  }

  /** The elements of an array; undefined when they are not known. */
  list(name: string): readonly ShellWord[] | undefined {
    return this.#volatile.has(name) ? undefined : this.#lists.get(name);
  }

  assignList(name: string, words: readonly ShellWord[], isAppended: boolean): void {
    const before = isAppended ? (this.#lists.get(name) ?? []) : [];
    const text = [...before, ...words].map((word) => word.text).join(' ');
    const values = this.#variables.get(name)?.values ?? [];
    this.#set(name, [...values, text], false, false);
    if (this.certain) this.#lists.set(name, [...before, ...words]);
    else this.#lists.delete(name);
  }

  /** The variable of a loop. */
  assignOneOf(name: string, values: readonly string[]): void {
    this.#set(name, values, !this.#volatile.has(name), this.#variables.get(name)?.exported === true);
  }

  #set(name: string, values: readonly string[], complete: boolean, exported: boolean): void {
    const distinct = [...new Set(values)];
    this.#variables.set(name, {
      values: distinct.slice(0, MAX_VALUES),
      complete: complete && distinct.length <= MAX_VALUES,
      exported,
    });
  }

  /** A variable that is exported without a value keeps the one that it has. */
  export(name: string): void {
    const before = this.#variables.get(name);
    if (before) this.#variables.set(name, { ...before, exported: this.certain || before.exported });
  }

  /** What variables are from here on is not known; what they were stays possible. */
  doubt(names: Iterable<string>): void {
    for (const name of names) this.assign(name, undefined);
  }

  /** Code that runs at any time assigns these: a function, a trap. */
  markVolatile(names: Iterable<string>): void {
    for (const name of names) this.#volatile.add(name);
  }

  /** Takes over what a part may have changed that may not have run. */
  merge(other: ShellState): void {
    for (const [name, variable] of other.#variables) {
      const before = this.#variables.get(name);
      if (before === variable) continue;
      this.#lists.delete(name);
      const complete = before?.complete === true && variable.complete;
      this.#set(
        name,
        [...(before?.values ?? []), ...variable.values],
        complete,
        variable.exported || !!before?.exported,
      );
    }
  }
}
