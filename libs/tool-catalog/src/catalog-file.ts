import { parse } from 'yaml';
import { type CatalogDocument, catalogSchema } from './catalog-schema.js';

/** The catalog cannot be used. The message has one line per error: entry, key and accepted form. */
export class CatalogError extends Error {
  override readonly name = 'CatalogError';
}

/** Lists whose items are named in errors. */
const ITEMS = { entries: 'entry', servers: 'server', environments: 'environment', programs: 'program' } as const;

/**
 * Parses and checks the text of a catalog.
 *
 * @throws {CatalogError} when it is not valid YAML or not a valid catalog
 */
export function readCatalogDocument(text: string): CatalogDocument {
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
  const problems = [...duplicates(checked.data), ...unknownEnvironments(checked.data)];
  if (problems.length > 0) throw new CatalogError(problems.join('\n'));
  return checked.data;
}

/** How two spellings of a server's name are compared: agents write `-` and `_` for each other. */
export function foldServerName(name: string): string {
  return name.replaceAll('-', '_');
}

function faultLine(document: unknown, path: readonly PropertyKey[], message: string): string {
  const [list, index, ...key] = path;
  if (typeof list !== 'string' || !Object.hasOwn(ITEMS, list) || index === undefined) {
    return `Tool catalog, key ${path.map(String).join('.') || '(root)'}: ${message}`;
  }
  const items = (document as Record<string, unknown>)[list];
  const item: unknown = Array.isArray(items) && typeof index === 'number' ? items[index] : undefined;
  const fields = typeof item === 'object' && item !== null ? (item as Record<string, unknown>) : {};
  const first: unknown = Array.isArray(fields.names) ? fields.names[0] : undefined;
  const name = String(fields.name ?? fields.id ?? first ?? `number ${String(index)}`);
  return `Tool catalog, ${ITEMS[list as keyof typeof ITEMS]} "${name}", key ${key.map(String).join('.') || '(itself)'}: ${message}`;
}

/** Two answers for one name would make the order of the file decide unseen. */
function duplicates({ entries, servers }: CatalogDocument): string[] {
  const problems: string[] = [];
  const owners = new Map<string, string>();
  const claim = (key: string, owner: string, problem: (first: string) => string) => {
    const first = owners.get(key);
    if (first === undefined) owners.set(key, owner);
    else problems.push(problem(first));
  };
  for (const { name, tools } of entries) {
    claim(`name ${name}`, name, () => `Tool catalog, entry "${name}", key name: must be unique`);
    for (const tool of Object.values(tools).flatMap((patterns) => patterns ?? [])) {
      claim(
        `tool ${tool}`,
        name,
        (first) =>
          `Tool catalog, entry "${name}", key tools: "${tool}" is listed already in entry "${first}"; a name must be listed once`,
      );
    }
  }
  for (const { id, aliases, tools } of servers) {
    claim(
      `name ${id}`,
      id,
      () => `Tool catalog, server "${id}", key id: must be unique, also among the names of entries`,
    );
    for (const alias of new Set([id, ...aliases].map(foldServerName))) {
      claim(
        `server ${alias}`,
        id,
        (first) =>
          `Tool catalog, server "${id}", key aliases: "${alias}" belongs to server "${first}" already; a name must be listed once`,
      );
    }
    for (const tool of Object.values(tools).flatMap((patterns) => patterns ?? [])) {
      claim(
        `tool ${id} ${tool}`,
        id,
        () => `Tool catalog, server "${id}", key tools: "${tool}" is listed already; a name must be listed once`,
      );
    }
  }
  return problems;
}

function unknownEnvironments({ environments, servers }: CatalogDocument): string[] {
  const names = environments.map(({ name }) => name);
  return servers
    .filter(({ environment }) => environment?.always !== undefined && !names.includes(environment.always))
    .map(({ id }) => `Tool catalog, server "${id}", key environment.always: must be one of ${names.join(', ')}`);
}
