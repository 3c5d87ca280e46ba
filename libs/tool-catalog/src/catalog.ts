import { hash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { JsonObject, Phase, ToolClassification } from '@iris/contracts';
import { LRUCache } from 'lru-cache';
import { foldServerName, readCatalogDocument } from './catalog-file.js';
import type { CatalogDocument, ServerDocument } from './catalog-schema.js';
import { type CompiledEntry, compileAgentEntry, compileServer } from './compiled-entry.js';
import { type EnvironmentRules, isListedHost, type Recognition, recogniseHost } from './environment.js';
import {
  type EnvironmentClue,
  environmentOfCall,
  recogniseTarget,
  recogniseUrl,
  type TargetKind,
} from './environment-of-call.js';
import { type Anomaly, nameAnomalies } from './look-alikes.js';
import { MAX_NAME_LENGTH } from './name-pattern.js';
import { readParameters } from './parameter-values.js';
import type { ProgramDocument } from './programs-schema.js';
import { OPERATIONS, type Operation } from './stricter-verbs.js';
import { type Resource, targetOfCall } from './target-of-call.js';
import { type NameReadings, type ParsedToolName, readToolName } from './tool-name.js';

/** What is classified: a call, or a tool that is only declared. */
export interface ToolUse {
  readonly name: string;
  /** Server or namespace, when the format names it apart from the name. */
  readonly server?: string;
  /** Absent when they are not known: a declaration, or parameters that could not be read. */
  readonly params?: JsonObject;
  /** Absent: a declaration. */
  readonly phase?: Phase;
  /** The name is a method of MCP, as a use of the server itself, and no tool's. */
  readonly protocolMethod?: true;
}

/** A tool use as policies see it. */
export interface ClassifiedTool {
  readonly tool: {
    readonly name: string;
    readonly server?: string;
    readonly operation: string;
    readonly anomalies: readonly Anomaly[];
  };
  readonly classification: ToolClassification;
  /** Name of the catalog entry or id of the server; absent when none matches. */
  readonly entry?: string;
  /** Kind of the resources that the entry acts on. */
  readonly targetKind?: string;
  /** Every resource that the parameters name; `classification.target` is the only one. */
  readonly resources: readonly Resource[];
  /** What was looked at to tell the environment. */
  readonly clues: readonly EnvironmentClue[];
}

/** The tool catalog, checked and compiled. */
export interface Catalog {
  /** Changes with every change of the text. */
  readonly revision: string;
  /** Names of all entries and ids of all servers, in order. */
  readonly entries: readonly string[];
  /** Names of environments, from the most to the least restrictive. */
  readonly environments: readonly string[];
  /** The section `programs`, checked. */
  readonly programs: readonly ProgramDocument[];
  /** Names of kinds that a provider's format does not list and that the catalog admits as harmless. */
  readonly recognised: ReadonlySet<string>;
  /**
   * Never throws. Without parameters, only what holds for any parameters is told: no target, and no environment other
   * than the most restrictive one.
   */
  classify(use: ToolUse): ClassifiedTool;
  /** The environment of `host` or `host:port`; undefined when it is not recognised. */
  environmentOfHost(host: string): string | undefined;
  /** The environment of a web address whose host belongs to the organisation or is listed. */
  environmentOfUrl(url: string): string | undefined;
  /** The environment of the target of a command; undefined when it is not recognised. */
  environmentOfTarget(target: string, kind: TargetKind): string | undefined;
  /** System and category of the server that lists a host as its own. */
  systemOfHost(host: string): SystemOfHost | undefined;
}

/** What is reached at a host. */
export type SystemOfHost = Pick<ServerDocument, 'system' | 'category'>;

interface Match {
  readonly parsed: ParsedToolName;
  readonly entry: CompiledEntry;
  readonly operation: Operation;
}

interface Named {
  readonly tool: ClassifiedTool['tool'];
  readonly match?: Match;
}

const MAX_CACHED_NAMES = 5000;
const SERVER_NAME = /^[\w.-]{1,64}$/;

/**
 * Loads the catalog from a file or a text.
 *
 * @throws {CatalogError} when it is not valid YAML or not a valid catalog.
 */
export function loadCatalog(source: { readonly path: string } | { readonly text: string }): Catalog {
  const text = 'path' in source ? readFileSync(source.path, 'utf8') : source.text;
  return compileCatalog(text, readCatalogDocument(text));
}

/** Compiles a catalog whose text was read by `readCatalogDocument`, in this thread or in another one. */
export function compileCatalog(text: string, document: CatalogDocument): Catalog {
  const rules: EnvironmentRules = {
    environments: document.environments.map(({ name, patterns, hosts }) => ({
      name,
      hosts,
      patterns: patterns.map((pattern) => new RegExp(pattern, 'i')),
    })),
    domains: document.organisation.domains,
    localPorts: new Set(document.organisation.localPorts.map(String)),
  };
  const own = document.entries.map(compileAgentEntry);
  const servers = new ServerList(
    document.servers.map((server) => [[server.id, ...server.aliases], compileServer(server)]),
  );
  const systems = document.servers
    .filter(({ hosts }) => hosts.length > 0)
    .map(({ hosts, system, category }) => ({ hosts, system, category }));
  const cache = new LRUCache<string, Named>({ max: MAX_CACHED_NAMES });

  const named = (name: string, namespace: string | undefined): Named => {
    const key = JSON.stringify([name, namespace]);
    const cached = cache.get(key);
    if (cached) return cached;
    const result = resolveName(name, namespace, own, servers);
    if (name.length + (namespace?.length ?? 0) <= 2 * MAX_NAME_LENGTH) cache.set(key, result);
    return result;
  };

  const classify = ({ name, server, params, phase = 'declared', protocolMethod }: ToolUse): ClassifiedTool => {
    if (protocolMethod) return serverUse(name, server, servers, rules, params);
    if (server === undefined && name.startsWith(UNRECOGNISED)) return unrecognised(name);
    const { tool, match } = named(name, server);
    if (match === undefined) return uncategorised(tool);
    const { entry } = match;
    if (entry.byServer && (params !== undefined || phase !== 'declared')) {
      return classifyByServer(tool, match, servers, params);
    }
    const { category, system } = entry.document;
    const { environment, clues, ambiguous } = environmentOfCall(entry, rules, tool.operation, tool.server, params);
    const target = params && targetOfCall(entry, tool.server, params);
    const resources = target?.resources ?? [];
    return {
      tool: ambiguous || target?.ambiguous ? { ...tool, anomalies: [...tool.anomalies, 'ambiguous_parameter'] } : tool,
      classification: {
        category,
        system,
        operation: match.operation,
        ...(environment !== undefined && { environment }),
        ...(resources.length === 1 && { target: resources[0] }),
      },
      entry: entry.name,
      ...(target?.kind !== undefined && { targetKind: target.kind }),
      resources,
      clues,
    };
  };
  // Several stages ask about the same call.
  const classified = new WeakMap<ToolUse, ClassifiedTool>();
  const nameOf = ({ rank }: Recognition) => rules.environments[rank]?.name;

  return {
    revision: hash('sha256', text).slice(0, 16),
    entries: [...document.entries.map(({ name }) => name), ...document.servers.map(({ id }) => id)],
    environments: document.environments.map(({ name }) => name),
    programs: document.programs,
    recognised: new Set(document.recognised),
    classify: (use) => {
      let result = classified.get(use);
      if (result === undefined) {
        result = classify(use);
        classified.set(use, result);
      }
      return result;
    },
    environmentOfHost: (host) => nameOf(recogniseHost(rules, host)),
    environmentOfUrl: (url) => nameOf(recogniseUrl(rules, url).recognition),
    environmentOfTarget: (target, kind) => nameOf(recogniseTarget(rules, target, kind)),
    systemOfHost: (host) => systems.find(({ hosts }) => hosts.some((entry) => isListedHost(entry, host))),
  };
}

/** The listed servers by every name that clients give them. */
class ServerList {
  /** Length of the longest name, in UTF-16 code units. */
  readonly maxLength: number;
  private readonly byName = new Map<string, CompiledEntry>();
  private readonly lowerCase: ReadonlySet<string>;

  constructor(servers: readonly (readonly [names: readonly string[], entry: CompiledEntry])[]) {
    for (const [names, entry] of servers) {
      for (const name of names) this.byName.set(foldServerName(name), entry);
    }
    const names = [...this.byName.keys()];
    this.maxLength = Math.max(0, ...names.map((name) => name.length));
    this.lowerCase = new Set(names.map((name) => name.toLowerCase()));
  }

  find(name: string): CompiledEntry | undefined {
    return this.byName.get(foldServerName(name));
  }

  isCaseVariant(name: string): boolean {
    const folded = foldServerName(name);
    return !this.byName.has(folded) && this.lowerCase.has(folded.toLowerCase());
  }
}

/** Every way to split a name is tried; of those that the catalog knows the strictest decides. */
function resolveName(
  name: string,
  namespace: string | undefined,
  own: readonly CompiledEntry[],
  servers: ServerList,
): Named {
  const readings = readToolName(name, namespace, servers.maxLength);
  const matches = matchesOf(readings, name, own, servers);
  const match = strictest(matches);
  const anomalies = nameAnomalies(name, namespace);
  const parsed = match?.parsed ?? readings.main;
  if (match === undefined && isCaseVariant(parsed, own, servers)) anomalies.push('case_variant');
  return { tool: { name, ...parsed, anomalies }, match };
}

function matchesOf(
  { main, isMarked, others }: NameReadings,
  name: string,
  own: readonly CompiledEntry[],
  servers: ServerList,
) {
  const matches: Match[] = [];
  const add = (parsed: ParsedToolName, entry: CompiledEntry | undefined, operation: Operation | undefined) => {
    if (entry !== undefined && operation !== undefined) matches.push({ parsed, entry, operation });
    return operation !== undefined;
  };
  if (isMarked) {
    const entry = main.server === undefined ? undefined : servers.find(main.server);
    // A name that contains its server is of that server, so the other splits can only make it stricter.
    if (!add(main, entry, entry?.exact(main.operation) ?? entry?.wildcard(main.operation))) return [];
  } else {
    for (const entry of own) add({ operation: name }, entry, entry.exact(name));
    if (matches.length === 0) {
      const entry = own.find((candidate) => candidate.wildcard(name) !== undefined);
      add({ operation: name }, entry, entry?.wildcard(name));
    }
  }
  for (const parsed of isMarked ? others : [main, ...others]) {
    const entry = parsed.server === undefined ? undefined : servers.find(parsed.server);
    add(parsed, entry, entry?.exact(parsed.operation));
  }
  return matches;
}

/** Undefined also when the readings are of different categories: none of them is stricter than the other. */
function strictest(matches: readonly Match[]): Match | undefined {
  const [first] = matches;
  if (matches.some(({ entry }) => entry.document.category !== first?.entry.document.category)) return undefined;
  return matches.toSorted((a, b) => OPERATIONS.indexOf(a.operation) - OPERATIONS.indexOf(b.operation))[0];
}

function isCaseVariant(
  { server, operation }: ParsedToolName,
  own: readonly CompiledEntry[],
  servers: ServerList,
): boolean {
  if (server === undefined) return own.some((entry) => entry.isCaseVariant(operation));
  return servers.isCaseVariant(server) || (servers.find(server)?.isCaseVariant(operation) ?? false);
}

/** How the names of kinds begin that a provider's format does not list. */
const UNRECOGNISED = 'unrecognised:';

/** A client's own tool of such a name is one too: it gains nothing by it. */
function unrecognised(name: string): ClassifiedTool {
  const tool = { name, operation: name, anomalies: [] };
  return { tool, classification: { category: 'unrecognised' }, resources: [], clues: [] };
}

/** What requests of MCP do on their server, apart from calls of tools; another one may do anything. */
const METHOD_OPERATIONS: Readonly<Record<string, Operation>> = {
  'resources/read': 'read',
  'resources/subscribe': 'read',
  'subscriptions/listen': 'read',
  'prompts/get': 'read',
  'completion/complete': 'read',
  'tasks/get': 'read',
  'tasks/result': 'read',
  'tasks/list': 'read',
};

/** A use of a server itself is of the server's category, whatever tools it lists. */
function serverUse(
  method: string,
  server: string | undefined,
  servers: ServerList,
  rules: EnvironmentRules,
  params: JsonObject | undefined,
): ClassifiedTool {
  const tool = { name: method, ...(server !== undefined && { server }), operation: method, anomalies: [] };
  const entry = server === undefined ? undefined : servers.find(server);
  if (entry === undefined) return uncategorised(tool);
  const { category, system } = entry.document;
  const operation = (Object.hasOwn(METHOD_OPERATIONS, method) ? METHOD_OPERATIONS[method] : undefined) ?? 'execute';
  const { environment, clues } = environmentOfCall(entry, rules, method, server, params);
  return {
    tool,
    classification: { category, system, operation, ...(environment !== undefined && { environment }) },
    entry: entry.name,
    resources: [],
    clues,
  };
}

function uncategorised(tool: ClassifiedTool['tool']): ClassifiedTool {
  return { tool, classification: { category: 'uncategorised' }, resources: [], clues: [] };
}

/** A tool that reads from the server that a parameter names is judged as a tool of that server. */
function classifyByServer(
  tool: ClassifiedTool['tool'],
  { entry, operation }: Match,
  servers: ServerList,
  params: JsonObject | undefined,
): ClassifiedTool {
  const { category, system } = entry.document;
  const itself = { tool, classification: { category, system, operation }, entry: entry.name, resources: [], clues: [] };
  if (params === undefined || entry.byServer === undefined) return uncategorised(tool);
  const { values, unreadable, ambiguous } = readParameters(params, entry.byServer.paths);
  const named = [...new Set(values.map(({ text }) => text))];
  if (named.length === 0 && !unreadable && entry.byServer.optional) return itself;
  const [name = ''] = named;
  const server = named.length === 1 && !unreadable && !ambiguous ? servers.find(name) : undefined;
  // What is no name of a server is not told as one: it may be any text.
  if (server === undefined)
    return uncategorised(named.length === 1 && SERVER_NAME.test(name) ? { ...tool, server: name } : tool);
  return {
    ...itself,
    tool: { ...tool, server: name },
    classification: { category: server.document.category, system: server.document.system, operation },
    entry: server.name,
  };
}
