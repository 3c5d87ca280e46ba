/** A variable of the environment that a program gets. */
export interface EnvironmentValue {
  readonly text: string;
  /** It may have another value, or none. */
  readonly doubtful: boolean;
}

/** The environment of a program, as far as the call says it. */
export class ProgramEnvironment {
  readonly #values: ReadonlyMap<string, EnvironmentValue>;

  constructor(values: Iterable<readonly [string, EnvironmentValue]> = []) {
    this.#values = new Map(values);
  }

  /** @param name a name, or its start and `*` */
  get(name: string): readonly EnvironmentValue[] {
    if (!name.endsWith('*')) {
      const value = this.#values.get(name);
      return value ? [value] : [];
    }
    const start = name.slice(0, -1);
    return [...this.#values].filter(([key]) => key.startsWith(start)).map(([, value]) => value);
  }

  with(values: Iterable<readonly [string, EnvironmentValue]>): ProgramEnvironment {
    const added = [...values];
    return added.length === 0 ? this : new ProgramEnvironment([...this.#values, ...added]);
  }

  /** All values may be gone. */
  doubted(): ProgramEnvironment {
    return new ProgramEnvironment([...this.#values].map(([name, { text }]) => [name, { text, doubtful: true }]));
  }
}
