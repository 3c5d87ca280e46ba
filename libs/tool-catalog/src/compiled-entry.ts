import { foldServerName } from './catalog-file.js';
import type { AgentEntryDocument, ClassifiedDocument, ServerDocument } from './catalog-schema.js';
import { compileNamePattern, type NamePattern } from './name-pattern.js';
import { type ParameterPaths, parameterPaths } from './parameter-values.js';
import { OPERATIONS, type Operation, stricterByVerbs } from './stricter-verbs.js';

/** How the values of a source are read. */
export type SourceKind = 'hosts' | 'urls' | 'names';

export interface CompiledSource {
  readonly kind: SourceKind;
  readonly paths: ParameterPaths;
  /** Absent: all tools of the entry use it. */
  readonly tools?: readonly NamePattern[];
}

/** An agent's entry or a server, ready to classify. */
export interface CompiledEntry {
  readonly name: string;
  readonly document: ClassifiedDocument;
  readonly byServer?: { readonly paths: ParameterPaths; readonly optional: boolean };
  readonly sources: readonly CompiledSource[];
  readonly hints: ParameterPaths;
  /** In the order in which they are tried. */
  readonly targets: readonly { readonly kind: 'hosts' | 'names'; readonly paths: ParameterPaths }[];
  /** What an exactly listed tool does; `-` and `_` stand for each other. */
  exact(tool: string): Operation | undefined;
  /** What a tool does that a wildcard matches; the words of its name may make it stricter. */
  wildcard(tool: string): Operation | undefined;
  /** Whether a listed name differs from this one by case alone. */
  isCaseVariant(tool: string): boolean;
}

export function compileAgentEntry(document: AgentEntryDocument): CompiledEntry {
  const { byServer } = document;
  return {
    ...compile(document.name, document),
    ...(byServer && { byServer: { paths: parameterPaths([byServer.parameter]), optional: byServer.optional } }),
  };
}

export function compileServer(document: ServerDocument): CompiledEntry {
  return compile(document.id, document);
}

function compile(name: string, document: ClassifiedDocument): CompiledEntry {
  const exact = new Map<string, Operation>();
  const wildcards: { readonly text: string; readonly operation: Operation; readonly pattern: NamePattern }[] = [];
  for (const operation of OPERATIONS) {
    for (const text of document.tools[operation] ?? []) {
      if (text.includes('*')) wildcards.push({ text, operation, pattern: compileNamePattern(text) });
      else {
        // Some clients write `_` for each `-` of a tool; none writes `-` for `_`, so that is another tool.
        for (const spelling of [text, foldServerName(text)]) if (!exact.has(spelling)) exact.set(spelling, operation);
      }
    }
  }
  const lowerCase = new Set([...exact.keys()].map((tool) => tool.toLowerCase()));
  return {
    name,
    document,
    sources: sourcesOf(document),
    hints: parameterPaths(document.environment?.hints ?? []),
    targets: targetsOf(document),
    exact: (tool) => exact.get(tool),
    wildcard: (tool) => {
      const found = wildcards.find(({ pattern }) => pattern.matches(tool));
      return found && stricterByVerbs(found.operation, found.text, tool);
    },
    isCaseVariant: (tool) => !exact.has(tool) && lowerCase.has(tool.toLowerCase()),
  };
}

function sourcesOf({ environment }: ClassifiedDocument): CompiledSource[] {
  return (environment?.from ?? []).flatMap((source) =>
    (['hosts', 'urls', 'names'] as const)
      .filter((kind) => source[kind].length > 0)
      .map((kind) => ({
        kind,
        paths: parameterPaths(source[kind]),
        ...(source.tools && { tools: source.tools.map(compileNamePattern) }),
      })),
  );
}

function targetsOf({ target }: ClassifiedDocument): CompiledEntry['targets'] {
  if (target === undefined) return [];
  // All hosts at once, so that one cannot hide behind another; of names the first parameter that holds something.
  const hosts = target.hosts.length === 0 ? [] : [{ kind: 'hosts' as const, paths: parameterPaths(target.hosts) }];
  return [...hosts, ...target.names.map((path) => ({ kind: 'names' as const, paths: parameterPaths([path]) }))];
}
