/** Standard input of a program: its text, or `unknown`. Absent when nothing is piped in. */
export type StandardInput = { readonly text: string } | 'unknown';

/** Files that the commands of one call write. */
export class WrittenFiles {
  readonly #texts = new Map<string, StandardInput>();

  write(path: string, text: StandardInput, isAppended: boolean): void {
    const before = isAppended ? this.read(path) : undefined;
    const isKnown = typeof text === 'object' && (before === undefined || typeof before === 'object');
    const start = typeof before === 'object' ? before.text : '';
    this.#texts.set(plainPath(path), isKnown ? { text: start + text.text } : 'unknown');
  }

  /** Undefined for a file that the call does not write. */
  read(path: string): StandardInput | undefined {
    return this.#texts.get(plainPath(path));
  }
}

function plainPath(path: string): string {
  return path.replace(/^(?:\.\/){1,8}/, '');
}
