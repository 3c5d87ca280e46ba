import { MAX_NAME_LENGTH } from './name-pattern.js';

/** A tool's name taken apart. */
export interface ParsedToolName {
  /** MCP server; absent if the name contains none. */
  readonly server?: string;
  /** The tool's own name on its server; the whole name without one. */
  readonly operation: string;
}

/** The ways to take one name apart. */
export interface NameReadings {
  /** How the name is shown and judged when nothing else applies. */
  readonly main: ParsedToolName;
  /** Whether `main` names its server beyond doubt, so that a wildcard of that server may classify the tool. */
  readonly isMarked: boolean;
  /** Further splits. They count only for a listed server that lists exactly this tool. */
  readonly others: readonly ParsedToolName[];
}

/** What agents write as a namespace for tools of their own (Codex). */
const OWN_NAMESPACES = new Set(['functions']);

/**
 * Takes a name apart the way agents put it together:
 * - a server given apart from the name, plain or as `mcp__<server>` (Codex)
 * - `mcp__<server>__<tool>` (Claude Code), `mcp__<server>.<tool>` (some backends), `mcp__<server>_<tool>` (oh-my-pi)
 * - `mcp_<server>_<tool>` (Gemini CLI), `<server>_<tool>` (OpenCode), `<server>__<tool>`
 * - `<tool>_mcp_<server>` (LibreChat), `<server>:<tool>` (Docker MCP gateway)
 *
 * @param maxServerLength length of the longest listed server, in UTF-16 code units: no longer one is tried, so that the
 *   cost is linear in the name
 */
export function readToolName(name: string, namespace: string | undefined, maxServerLength: number): NameReadings {
  if (name.length > MAX_NAME_LENGTH) return { main: { operation: name }, isMarked: false, others: [] };
  if (namespace && !OWN_NAMESPACES.has(namespace)) return withNamespace(name, namespace, maxServerLength);
  if (name.startsWith('mcp__')) {
    const rest = name.slice(5);
    const marked = splitAt(rest, rest.indexOf('__'), 2);
    const others = serverFirst(rest, maxServerLength);
    if (marked) return { main: marked, isMarked: true, others };
    return { main: splitAt(rest, rest.indexOf('.'), 1) ?? { operation: name }, isMarked: false, others };
  }
  const rest = name.startsWith('mcp_') ? name.slice(4) : name;
  return {
    main: splitAt(name, name.indexOf(':'), 1) ?? serverLast(name, name.lastIndexOf('_mcp_')) ?? { operation: name },
    isMarked: false,
    others: [...serverFirst(rest, maxServerLength), ...serversLast(name, maxServerLength)],
  };
}

function withNamespace(name: string, namespace: string, maxServerLength: number): NameReadings {
  const server = namespace.replace(/^mcp__(?=.)/, '').replace(/(?<=[^_])__$/, '');
  const prefix = `mcp__${server}__`;
  const repeats = name.startsWith(prefix) && name.length > prefix.length;
  // A name that holds a server of its own is judged by that one too.
  const own = repeats ? [] : readToolName(name, undefined, maxServerLength);
  return {
    main: { server, operation: repeats ? name.slice(prefix.length) : name },
    isMarked: true,
    others: 'main' in own ? [...(own.main.server === undefined ? [] : [own.main]), ...own.others] : own,
  };
}

/** Every split at `_`, `__` and `.` with a server of at most that length before it. */
function serverFirst(text: string, maxServerLength: number): ParsedToolName[] {
  const found: ParsedToolName[] = [];
  for (let at = 1; at <= maxServerLength && at < text.length; at += 1) {
    const mark = text[at];
    if (mark !== '_' && mark !== '.' && mark !== ':') continue;
    const split = splitAt(text, at, text.startsWith('__', at) ? 2 : 1);
    if (split) found.push(split);
  }
  return found;
}

/** Every split at `_mcp_` with a server of at most that length after it. */
function serversLast(name: string, maxServerLength: number): ParsedToolName[] {
  const found: ParsedToolName[] = [];
  const first = Math.max(0, name.length - maxServerLength - 5);
  for (let at = name.indexOf('_mcp_', first); at !== -1; at = name.indexOf('_mcp_', at + 1)) {
    const split = serverLast(name, at);
    if (split) found.push(split);
  }
  return found;
}

function serverLast(name: string, at: number): ParsedToolName | undefined {
  const reversed = splitAt(name, at, 5);
  return reversed?.server === undefined ? undefined : { server: reversed.operation, operation: reversed.server };
}

function splitAt(text: string, at: number, separatorLength: number): ParsedToolName | undefined {
  const operation = text.slice(at + separatorLength);
  return at > 0 && operation !== '' ? { server: text.slice(0, at), operation } : undefined;
}
