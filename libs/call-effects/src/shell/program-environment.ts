import { UNKNOWN_PART } from '../target.js';
import { certainValue, type ShellState } from './shell-state.js';

/** A variable of the environment that a program gets. */
export interface EnvironmentValue {
  readonly text: string;
  /** It may have another value, or none. */
  readonly doubtful: boolean;
}

/** The environment of a program, as far as the call contains it. Later layers come before earlier ones. */
export class ProgramEnvironment {
  readonly #values: ReadonlyMap<string, EnvironmentValue>;
  readonly #parent: ProgramEnvironment | undefined;
  readonly #shell: ShellState | undefined;
  readonly #isDoubted: boolean;

  constructor(
    values: Iterable<readonly [string, EnvironmentValue]> = [],
    from: { parent?: ProgramEnvironment; shell?: ShellState; isDoubted?: boolean } = {},
  ) {
    this.#values = new Map(values);
    this.#parent = from.parent;
    this.#shell = from.shell;
    this.#isDoubted = from.isDoubted ?? false;
  }

  /** @param name a name, or its start and `*` */
  get(name: string): readonly EnvironmentValue[] {
    const names = name.endsWith('*') ? this.#namesWith(name.slice(0, -1)) : [name];
    return names.flatMap((each) => this.#valuesOf(each));
  }

  with(values: Iterable<readonly [string, EnvironmentValue]>): ProgramEnvironment {
    const added = [...values];
    return added.length === 0 ? this : new ProgramEnvironment(added, { parent: this });
  }

  /** The environment of a program that a shell starts. */
  inShell(shell: ShellState): ProgramEnvironment {
    return new ProgramEnvironment([], { parent: this, shell });
  }

  /** All values may be gone. */
  doubted(): ProgramEnvironment {
    return new ProgramEnvironment([], { parent: this, isDoubted: true });
  }

  /** Values that were added for a program that `shell` starts, outermost first. */
  addedTo(shell: ShellState): readonly (readonly [string, EnvironmentValue])[] {
    if (this.#shell === shell) return [];
    return [...(this.#parent?.addedTo(shell) ?? []), ...this.#values];
  }

  #valuesOf(name: string): readonly EnvironmentValue[] {
    const own = this.#values.get(name);
    if (own) return [own];
    const variable = this.#shell?.get(name);
    const inherited = this.#parent ? this.#parent.#valuesOf(name) : [];
    const certain = certainValue(variable);
    if (certain !== undefined && variable?.exported) {
      return [{ text: certain, doubtful: false }, ...inherited.filter(({ text }) => text !== certain)];
    }
    const possible = (variable?.values ?? []).map((text) => ({ text, doubtful: true }));
    // An assignment that may reach the program leaves open which of the values counts.
    const open = variable ? [...possible, { text: UNKNOWN_PART, doubtful: variable.exported === false }] : [];
    if (variable?.exported) return [...open, ...inherited.map(({ text }) => ({ text, doubtful: true }))];
    const all = [...open, ...inherited];
    return this.#isDoubted ? all.map(({ text }) => ({ text, doubtful: true })) : all;
  }

  #namesWith(start: string): string[] {
    const names = [...this.#values.keys(), ...(this.#shell?.names ?? [])].filter((name) => name.startsWith(start));
    return [...new Set([...names, ...(this.#parent ? this.#parent.#namesWith(start) : [])])];
  }
}
