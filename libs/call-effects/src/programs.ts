import type { CommandDocument, ProgramDocument, SystemOfHost } from '@iris/tool-catalog';
import { OPERATIONS, type Operation } from './effect.js';

/** A program of the catalog, ready for lookups. */
export interface Program {
  readonly document: ProgramDocument;
  readonly commands: readonly CommandDocument[];
  /** Verbs of one to four words with the operation; `local` ones reach nothing outside of the machine. */
  readonly verbs: readonly Verb[];
  /** Those whose first word has no wildcard, by that word. */
  readonly exactVerbs: ReadonlyMap<string, readonly Verb[]>;
  /** Those whose first word has one. */
  readonly patternVerbs: readonly Verb[];
  readonly flags: readonly { readonly option: string; readonly operation: Operation }[];
  /** Options that take a value, in any of the lists of the document. */
  readonly valued: ReadonlySet<string>;
  readonly switches: ReadonlySet<string>;
}

export interface Verb {
  readonly first: string;
  readonly words: readonly RegExp[];
  readonly operation: Operation | 'local';
}

/** The section `programs` of the catalog, compiled. */
export interface Programs {
  /** Names of environments, from the most to the least restrictive. */
  readonly environments: readonly string[];
  /** By the name without path; undefined for a program that is not listed. */
  find(name: string): Program | undefined;
  /** Names of all programs. */
  readonly names: readonly string[];
  readonly systemOf: SystemOf;
}

/** What is reached at a host, where the catalog lists it. Must not throw. */
export type SystemOf = (host: string) => SystemOfHost | undefined;

/**
 * Compiles the programs of the catalog.
 *
 * @param environments names from the most to the least restrictive; the first one is production
 */
export function compilePrograms(
  documents: readonly ProgramDocument[],
  environments: readonly string[],
  systemOf: SystemOf = () => undefined,
): Programs {
  const byName = new Map<string, Program>();
  for (const document of documents) {
    const program = compileProgram(document);
    for (const name of document.names) byName.set(name, program);
  }
  return {
    environments,
    systemOf,
    names: [...byName.keys()],
    find: (name) => byName.get(name) ?? (/[@.\d]/.test(name) ? byName.get(versionless(name)) : undefined),
  };
}

/** `python3.12` is `python`, `psql-16` is `psql`, `kubectl.exe` is `kubectl`, `wrangler@3` is `wrangler`. */
function versionless(name: string): string {
  return name
    .replace(/@[^/@]*$/, '')
    .replace(/\.(?:exe|cmd|bat|com)$/i, '')
    .replace(/-?\d+(?:\.\d+)*$/, '');
}

function compileProgram(document: ProgramDocument): Program {
  const { verbs = {}, flags = {}, target, statement, script, code, runs } = document;
  const commands = [document.command ?? []].flat();
  const all = OPERATIONS.flatMap((operation) =>
    (flags[operation] ?? []).map((option) => ({ option, operation: operation as Operation })),
  );
  const compiled = [...OPERATIONS, 'local' as const].flatMap((operation) =>
    (verbs[operation] ?? []).map((text) => ({
      first: text.split(' ', 1)[0] ?? text,
      words: compileVerb(text, document.anyCase),
      operation,
    })),
  );
  return {
    document,
    commands,
    verbs: compiled,
    exactVerbs: byFirstWord(compiled.filter(({ first }) => !first.includes('*'))),
    patternVerbs: compiled.filter(({ first }) => first.includes('*')),
    flags: all,
    valued: new Set(
      [
        document.valued,
        target?.options,
        target?.connection,
        target?.hosts?.options,
        target?.forwards,
        target?.fallback?.options,
        target?.hints?.options,
        target?.port?.options,
        statement?.options,
        statement?.file,
        script?.options,
        code?.options,
        runs?.options,
        ...commands.flatMap(({ options, env, program, place }) => [options, env, program, place]),
        all.map(({ option }) => option).filter((option) => option.includes(' ')),
      ].flatMap((list) => (list ?? []).map((option) => option.replace(/ .*/, ''))),
    ),
    switches: new Set([
      ...(document.switches ?? []),
      ...all.map(({ option }) => option).filter((option) => !option.includes(' ')),
    ]),
  };
}

function byFirstWord(verbs: readonly Verb[]): ReadonlyMap<string, readonly Verb[]> {
  const map = new Map<string, Verb[]>();
  for (const verb of verbs) map.set(verb.first, [...(map.get(verb.first) ?? []), verb]);
  return map;
}

function compileVerb(text: string, anyCase: boolean): RegExp[] {
  return text
    .split(' ')
    .map(
      (word) =>
        new RegExp(
          `^${word.replace(/[.*+]/g, (sign) => (sign === '*' ? '[^\\s/]*' : `\\${sign}`))}$`,
          anyCase ? 'i' : '',
        ),
    );
}
