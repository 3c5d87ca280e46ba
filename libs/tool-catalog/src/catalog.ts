import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { JsonObject, ToolClassification } from '@iris/contracts';
import { LRUCache } from 'lru-cache';
import { parse } from 'yaml';
import { type CatalogEntryDocument, catalogSchema } from './catalog-schema.js';
import { resourceIds } from './connection-string.js';
import { type EnvironmentPatterns, recogniseEnvironment } from './environment.js';
import { compileNamePattern, MAX_NAME_LENGTH, type NamePattern } from './name-pattern.js';
import { compilePicker, type Picker, pickValues } from './parameter-values.js';
import { type KnownNames, type NameAnomaly, nameAnomalies, parseToolName } from './tool-name.js';

/** What is classified: a call, or a tool that is only declared. */
export interface ToolUse {
  readonly name: string;
  /** Server or namespace, when the format names it apart from the name. */
  readonly server?: string;
  /** Absent when they are not known: a declaration, or parameters that could not be read. */
  readonly params?: JsonObject;
}

/** A tool use as policies see it. */
export interface ClassifiedTool {
  readonly tool: {
    readonly name: string;
    readonly server?: string;
    readonly operation: string;
    readonly anomalies: readonly NameAnomaly[];
  };
  readonly classification: ToolClassification;
  /** Name of the catalog entry; absent when none matches. */
  readonly entry?: string;
}

/** The tool catalog, checked and compiled. */
export interface Catalog {
  /** Changes with every change of the text. */
  readonly revision: string;
  /** Names of all entries, in order. */
  readonly entries: readonly string[];
  /**
   * Never throws. Without parameters, only what holds for any parameters is told: no target, and no environment other
   * than the most restrictive one.
   */
  classify(use: ToolUse): ClassifiedTool;
}

/** The catalog cannot be used. The message has one line per fault: entry, key and accepted form. */
export class CatalogError extends Error {
  override readonly name = 'CatalogError';
}

type Operation = NonNullable<ToolClassification['operation']>;

/** From the most to the least restrictive: the first that matches counts. */
const OPERATIONS: readonly Operation[] = ['delete', 'execute', 'export', 'write', 'read'];

interface Entry {
  readonly document: CatalogEntryDocument;
  readonly targetId: readonly Picker[];
  readonly from: readonly Picker[];
  readonly hints: readonly Picker[];
  readonly servers?: readonly NamePattern[];
  readonly tools: readonly { readonly operation: Operation; readonly pattern: NamePattern }[];
}

interface Named {
  readonly tool: ClassifiedTool['tool'];
  readonly match?: { readonly entry: Entry; readonly operation: Operation };
}

const MAX_CACHED_NAMES = 5000;
const MAX_TARGET_LENGTH = 512;

/**
 * Loads the catalog from a file or a text.
 *
 * @throws {CatalogError} when it is not valid YAML or not a valid catalog.
 */
export function loadCatalog(source: { readonly path: string } | { readonly text: string }): Catalog {
  const text = 'path' in source ? readFileSync(source.path, 'utf8') : source.text;
  const document = validate(text);
  const environments: EnvironmentPatterns[] = document.environments.map(({ name, patterns }) => ({
    name,
    patterns: patterns.map((pattern) => new RegExp(pattern, 'i')),
  }));
  const entries = document.entries.map(compileEntry);
  const known: KnownNames = {
    isServer: (name) => entries.some((entry) => entry.servers?.some((pattern) => pattern.matches(name))),
    rank: (name) => {
      const match = find(entries, name);
      return match && OPERATIONS.indexOf(match.operation);
    },
  };
  const cache = new LRUCache<string, Named>({ max: MAX_CACHED_NAMES });

  const named = (name: string, namespace: string | undefined): Named => {
    const key = JSON.stringify([name, namespace]);
    const cached = cache.get(key);
    if (cached) {
      return cached;
    }
    const parsed = parseToolName(name, namespace, known);
    const result = {
      tool: { name, ...parsed, anomalies: nameAnomalies(name, namespace) },
      match: find(entries, parsed),
    };
    if (name.length + (namespace?.length ?? 0) <= 2 * MAX_NAME_LENGTH) {
      cache.set(key, result);
    }
    return result;
  };

  const classify = ({ name, server, params }: ToolUse): ClassifiedTool => {
    const { tool, match } = named(name, server);
    if (match === undefined) {
      return { tool, classification: { category: 'uncategorised' } };
    }
    const { document: entry } = match.entry;
    const environment = environmentOf(match.entry, environments, tool.server, params);
    const target = params && targetOf(match.entry, tool.server, params);
    return {
      tool,
      classification: {
        category: entry.category,
        system: entry.system,
        operation: match.operation,
        ...(environment !== undefined && { environment }),
        ...(target !== undefined && { target }),
      },
      entry: entry.name,
    };
  };
  // Several rooms ask about the same call.
  const classified = new WeakMap<ToolUse, ClassifiedTool>();

  return {
    revision: createHash('sha256').update(text).digest('hex').slice(0, 16),
    entries: document.entries.map(({ name }) => name),
    classify: (use) => {
      let result = classified.get(use);
      if (result === undefined) {
        result = classify(use);
        classified.set(use, result);
      }
      return result;
    },
  };
}

function validate(text: string) {
  let value: unknown;
  try {
    value = parse(text);
  } catch (error) {
    throw new CatalogError(
      `The tool catalog is not valid YAML: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
  const checked = catalogSchema.safeParse(value);
  if (!checked.success) {
    throw new CatalogError(checked.error.issues.map(({ path, message }) => faultLine(value, path, message)).join('\n'));
  }
  const faults = duplicates(checked.data.entries);
  if (faults.length > 0) {
    throw new CatalogError(faults.join('\n'));
  }
  return checked.data;
}

function faultLine(document: unknown, path: readonly PropertyKey[], message: string): string {
  const [list, index, ...key] = path;
  if ((list !== 'entries' && list !== 'environments') || index === undefined) {
    return `Tool catalog, key ${path.map(String).join('.') || '(root)'}: ${message}`;
  }
  const items = (document as Record<string, unknown>)[list];
  const item: unknown = Array.isArray(items) && typeof index === 'number' ? items[index] : undefined;
  const name =
    typeof item === 'object' && item !== null && 'name' in item ? String(item.name) : `number ${String(index)}`;
  return `Tool catalog, ${list === 'entries' ? 'entry' : 'environment'} "${name}", key ${key.map(String).join('.') || '(itself)'}: ${message}`;
}

/** Two answers for one name would make the order of the file decide unseen. */
function duplicates(entries: readonly CatalogEntryDocument[]): string[] {
  const owners = new Map<string, string>();
  const faults: string[] = [];
  const names = new Set<string>();
  for (const entry of entries) {
    if (names.has(entry.name)) {
      faults.push(`Tool catalog, entry "${entry.name}", key name: must be unique`);
    }
    names.add(entry.name);
    for (const server of entry.servers ?? ['']) {
      for (const tool of Object.values(entry.tools).flatMap((patterns) => patterns ?? [])) {
        const key = `${server} ${tool}`;
        const owner = owners.get(key);
        if (owner !== undefined) {
          faults.push(
            `Tool catalog, entry "${entry.name}", key tools: "${tool}" is listed already in entry "${owner}"; a name must be listed once`,
          );
        }
        owners.set(key, entry.name);
      }
    }
  }
  return faults;
}

function compileEntry(document: CatalogEntryDocument): Entry {
  return {
    document,
    targetId: (document.target?.id ?? []).map(compilePicker),
    from: (document.environment?.from ?? []).map(compilePicker),
    hints: (document.environment?.hints ?? []).map(compilePicker),
    ...(document.servers && { servers: document.servers.map(compileNamePattern) }),
    tools: OPERATIONS.flatMap((operation) =>
      (document.tools[operation] ?? []).map((text) => ({ operation, pattern: compileNamePattern(text) })),
    ),
  };
}

/** An exact name anywhere comes before a wildcard; then the order of the file decides. */
function find(
  entries: readonly Entry[],
  name: { readonly server?: string; readonly operation: string },
): Named['match'] {
  const { server, operation: toolName } = name;
  const candidates = entries.filter(({ servers }) =>
    server === undefined ? servers === undefined : servers?.some((pattern) => pattern.matches(server)),
  );
  for (const exact of [true, false]) {
    for (const entry of candidates) {
      const tool = entry.tools.find(({ pattern }) => pattern.exact === exact && pattern.matches(toolName));
      if (tool) {
        return { entry, operation: tool.operation };
      }
    }
  }
  return undefined;
}

function environmentOf(
  { document, from, hints }: Entry,
  environments: readonly EnvironmentPatterns[],
  server: string | undefined,
  params: JsonObject | undefined,
): string | undefined {
  if (document.environment === undefined) {
    return undefined;
  }
  const named = pickValues(params ?? {}, hints);
  return recogniseEnvironment(environments, {
    from: params ? pickValues(params, from) : { values: [], unreadable: true },
    hints: { values: server === undefined ? named.values : [...named.values, server], unreadable: named.unreadable },
  });
}

/** Undefined when the parameters name several resources: the facts about one must not stand for the others. */
function targetOf(
  { document: { target }, targetId }: Entry,
  server: string | undefined,
  params: JsonObject,
): ToolClassification['target'] {
  if (target === undefined) {
    return undefined;
  }
  for (const picker of targetId) {
    const { values, unreadable } = pickValues(params, [picker]);
    const ids = new Set(values.flatMap(resourceIds));
    if (unreadable || ids.size > 1) {
      return undefined;
    }
    for (const id of ids) {
      return id.length <= MAX_TARGET_LENGTH ? { kind: target.kind, id } : undefined;
    }
  }
  return target.orServer && server !== undefined ? { kind: target.kind, id: server } : undefined;
}
