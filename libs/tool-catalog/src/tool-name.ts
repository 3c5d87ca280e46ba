import { MAX_NAME_LENGTH } from './name-pattern.js';

/** Why a name may be a look-alike of another. */
export type NameAnomaly = 'empty' | 'whitespace' | 'non_ascii' | 'compatibility_form';

/** A tool's name taken apart. */
export interface ParsedToolName {
  /** MCP server; absent when the name tells none. */
  readonly server?: string;
  /** The tool's own name on its server; the whole name without one. */
  readonly operation: string;
}

/** What the catalog knows that helps to tell where an ambiguous name splits. */
export interface KnownNames {
  isServer(name: string): boolean;
  /** How restrictive the catalog's operation for a tool is, 0 most; undefined when the tool is not in the catalog. */
  rank(name: ParsedToolName): number | undefined;
}

/** Marks of a look-alike in a name or server. Nothing is folded: the name stays as it was called. */
export function nameAnomalies(name: string, server = ''): NameAnomaly[] {
  const text = name + server;
  const anomalies: NameAnomaly[] = [];
  if (name === '') {
    anomalies.push('empty');
  }
  if (/\s/.test(text)) {
    anomalies.push('whitespace');
  }
  if (/[^\s!-~]/.test(text)) {
    anomalies.push('non_ascii');
  }
  if (text.normalize('NFKC') !== text) {
    anomalies.push('compatibility_form');
  }
  return anomalies;
}

/**
 * Takes a name apart the way agents put it together:
 * - a server given apart from the name, plain or as `mcp__<server>` (Codex)
 * - `mcp__<server>__<tool>` (Claude Code), `mcp__<server>.<tool>` (some backends), `mcp__<server>_<tool>` (oh-my-pi)
 * - `mcp_<server>_<tool>` (Gemini CLI), `<server>_<tool>` (OpenCode), `<server>__<tool>`
 * - `<tool>_mcp_<server>` (LibreChat), `<server>:<tool>` (Docker MCP gateway)
 *
 * Where a name can be split in several ways, a server that the catalog knows decides. Forms with a single underscore are
 * taken apart for known servers only.
 */
export function parseToolName(name: string, namespace: string | undefined, known: KnownNames): ParsedToolName {
  if (name.length > MAX_NAME_LENGTH) {
    return { operation: name };
  }
  if (namespace) {
    return parseWithNamespace(name, namespace);
  }
  if (name.startsWith('mcp__')) {
    const rest = name.slice(5);
    return (
      splitDouble(rest, known) ?? splitKnown(rest, known) ?? splitAt(rest, rest.indexOf('.'), 1) ?? { operation: name }
    );
  }
  if (name.startsWith('mcp_')) {
    const rest = name.slice(4);
    return splitKnown(rest, known) ?? { operation: name };
  }
  if (known.rank({ operation: name }) !== undefined) {
    return { operation: name };
  }
  return splitAt(name, name.indexOf(':'), 1) ?? splitSuffix(name) ?? splitKnown(name, known) ?? { operation: name };
}

function parseWithNamespace(name: string, namespace: string): ParsedToolName {
  const server = namespace.replace(/^mcp__(?=.)/, '').replace(/(?<=[^_])__$/, '');
  const prefix = `mcp__${server}__`;
  return {
    server,
    operation: name.startsWith(prefix) && name.length > prefix.length ? name.slice(prefix.length) : name,
  };
}

function splitDouble(rest: string, known: KnownNames): ParsedToolName | undefined {
  const splits = positions(rest, '__')
    .map((at) => splitAt(rest, at, 2))
    .filter((split) => split !== undefined);
  return splits.find(({ server }) => server !== undefined && known.isServer(server)) ?? splits[0];
}

function splitSuffix(name: string): ParsedToolName | undefined {
  const at = name.lastIndexOf('_mcp_');
  const reversed = splitAt(name, at, 5);
  return reversed?.server === undefined ? undefined : { server: reversed.operation, operation: reversed.server };
}

/**
 * A known server before an underscore. Where several fit, the reading with the most restrictive operation counts:
 * `github_delete_list_x` is a deletion on `github`, not a listing on `github_delete`.
 */
function splitKnown(rest: string, known: KnownNames): ParsedToolName | undefined {
  const splits = positions(rest, '_')
    .map((at) => splitAt(rest, at, rest.startsWith('__', at) ? 2 : 1))
    .filter((split) => split?.server !== undefined && known.isServer(split.server))
    .map((split) => ({ split, rank: (split && known.rank(split)) ?? Number.POSITIVE_INFINITY }));
  return splits.toSorted((a, b) => (a.rank === b.rank ? 0 : a.rank - b.rank))[0]?.split;
}

function splitAt(text: string, at: number, separatorLength: number): ParsedToolName | undefined {
  const operation = text.slice(at + separatorLength);
  return at > 0 && operation !== '' ? { server: text.slice(0, at), operation } : undefined;
}

function positions(text: string, part: string): number[] {
  const found: number[] = [];
  for (let at = text.indexOf(part); at !== -1; at = text.indexOf(part, at + 1)) {
    found.push(at);
  }
  return found;
}
