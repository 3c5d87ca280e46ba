import { isJsonObject, type Json, type JsonObject } from '@iris/contracts';
import type { JsonPath } from '@iris/json-document';
import { KeyNames } from './key-names.js';
import {
  type Container,
  type Field,
  type Fields,
  type FormatKinds,
  type KnownKind,
  listed,
  statedKind,
  type Union,
} from './kinds.js';
import { SourcePaths } from './source-paths.js';
import type { UnrecognisedKind } from './unrecognised.js';

/** What the kinds of a format say of a body. Linear in the size of the body. */
export type KindsReading =
  | {
      readonly status: 'read';
      /** The body for the readers: lists of one and one spelling of each key. The same object where it is so already. */
      readonly body: JsonObject;
      readonly paths: SourcePaths;
      /** Nodes that count as calls, by type. Paths are those of the body as it was sent. */
      readonly calls: readonly UnrecognisedKind[];
      /** Types of declared tools that the format does not list. */
      readonly tools: readonly string[];
      /** Fields of the body and of its messages that the format does not list: at most 50, cut to 64 characters. */
      readonly unknownFields: readonly string[];
    }
  | { readonly status: 'unreadable'; readonly path: JsonPath; readonly problem: string };

const MAX_UNRECOGNISED_KINDS = 50;
const MAX_UNKNOWN_FIELDS = 50;
const MAX_FIELD_LENGTH = 64;

const NAMES = new WeakMap<FormatKinds, KeyNames>();

/** Reads all containers that a format lists. */
export function readKinds(kinds: FormatKinds, body: JsonObject): KindsReading {
  const names = NAMES.get(kinds) ?? new KeyNames(kinds);
  NAMES.set(kinds, names);
  const reader = new KindsReader(names);
  try {
    return { status: 'read', ...reader.read(kinds, body) };
  } catch (error) {
    if (error instanceof Unreadable) return { status: 'unreadable', path: error.path, problem: error.message };
    throw error;
  }
}

class Unreadable extends Error {
  constructor(
    readonly path: JsonPath,
    problem: string,
  ) {
    super(problem);
  }
}

class KindsReader {
  readonly #path: (string | number)[] = [];
  readonly #paths = new SourcePaths();
  readonly #calls = new Map<string, UnrecognisedKind>();
  readonly #tools = new Set<string>();
  readonly #unknownFields = new Set<string>();

  constructor(private readonly names: KeyNames) {}

  read(kinds: FormatKinds, body: JsonObject) {
    const carriers: string[] = [];
    const canonical = this.#canonicalKeys(body, carriers);
    for (const key of Object.keys(canonical)) {
      if (!Object.hasOwn(kinds.fields, key)) this.#unknownField(key);
    }
    // The Responses API's name for the history is a usual one, so only what can be a history counts.
    if (typeof canonical.input === 'object') carriers.push('input');
    this.#unlistedCarriers(carriers, canonical, kinds.fields, 'calls');
    return {
      body: this.#fields(canonical, kinds.fields),
      paths: this.#paths,
      calls: [...this.#calls.values()],
      tools: [...this.#tools],
      unknownFields: [...this.#unknownFields],
    };
  }

  #unknownField(name: string): void {
    if (this.#unknownFields.size < MAX_UNKNOWN_FIELDS) this.#unknownFields.add(name.slice(0, MAX_FIELD_LENGTH));
  }

  /** Fields of a message that nothing lists and that could hold a call or a result. */
  #unknownFieldsOf(node: JsonObject, listedFields: Fields, plainFields: readonly string[]): void {
    for (const key of Object.keys(node)) {
      const value = node[key];
      if (typeof value !== 'object' || value === null || Object.hasOwn(listedFields, key)) continue;
      if (plainFields.includes(key) || this.names.meaning(key).kind !== 'other') continue;
      this.#unknownField(`${this.#path[0]}[].${key}`);
    }
  }

  /**
   * The object with accepted spellings replaced; any other variant of a name is refused.
   *
   * @param carriers gets the keys under which some format carries calls or results
   */
  #canonicalKeys(node: JsonObject, carriers?: string[]): JsonObject {
    let canonical = node;
    for (const key of Object.keys(node)) {
      const meaning = this.names.meaning(key);
      if (meaning.kind === 'variant') {
        if (!meaning.accepted) this.#refuse(`"${short(key)}" is written unlike "${meaning.of}"`, key);
        if (node[meaning.of] !== undefined) this.#refuse(`"${short(key)}" and "${meaning.of}" are one field`, key);
        if (canonical === node) canonical = { ...node };
        delete canonical[key];
        canonical[meaning.of] = node[key] as Json;
        this.#paths.rename([...this.#path, meaning.of], key);
        if (this.names.meaning(meaning.of).kind === 'carrier') carriers?.push(meaning.of);
      } else if (meaning.kind === 'foreign' || meaning.kind === 'carrier') {
        if (isMeaningful(node[key])) carriers?.push(key);
      }
    }
    return canonical;
  }

  #fields(node: JsonObject, fields: Fields): JsonObject {
    let read = node;
    for (const [key, field] of Object.entries(fields)) {
      const value = read[key];
      if (field === 'plain' || value === undefined || value === null) continue;
      this.#path.push(key);
      const inner = this.#field(value, field);
      this.#path.pop();
      if (inner === value) continue;
      if (read === node) read = { ...node };
      read[key] = inner;
    }
    return read;
  }

  #field(value: Json, field: Exclude<Field, 'plain'>): Json {
    if ('union' in field) return this.#container(value, field);
    if (!isJsonObject(value)) return this.#refuse('an object is expected');
    const carriers: string[] = [];
    const canonical = this.#canonicalKeys(value, carriers);
    this.#unlistedCarriers(carriers, canonical, field.fields, 'calls');
    return this.#fields(canonical, field.fields);
  }

  /** Calls, results and histories in fields where the format has none. */
  #unlistedCarriers(keys: readonly string[], node: JsonObject, fields: Fields | undefined, holds: Container['holds']) {
    for (const key of keys) if (!fields || !Object.hasOwn(fields, key)) this.#unlisted(key, node, holds);
  }

  #container(value: Json, container: Container): Json {
    if (typeof value === 'string' && container.orText) return value;
    if (container.one) {
      return isJsonObject(value)
        ? this.#node(value, container.union, container.holds)
        : this.#refuse('an object is expected');
    }
    if (isJsonObject(value) && container.orObject) {
      this.#paths.wrap(this.#path);
      return this.#list([value], container);
    }
    if (!Array.isArray(value)) return this.#refuse('a list is expected');
    return this.#list(value, container);
  }

  #list(list: Json[], container: Container): Json[] {
    let read = list;
    for (const [index, element] of list.entries()) {
      if (typeof element === 'string' && container.textElements) continue;
      this.#path.push(index);
      const inner = isJsonObject(element)
        ? this.#node(element, container.union, container.holds)
        : this.#refuse('an object is expected');
      this.#path.pop();
      if (inner === element) continue;
      if (read === list) read = [...list];
      read[index] = inner;
    }
    return read;
  }

  #node(node: JsonObject, union: Union, holds: Container['holds']): JsonObject {
    if (typeof union.by !== 'string') return this.#keyed(node, union, holds);
    const carriers: string[] = [];
    const canonical = this.#canonicalKeys(node, carriers);
    const kind = statedKind(union, canonical);
    const fields = kind === undefined ? undefined : listed(union, kind)?.fields;
    this.#unlistedCarriers(carriers, node, fields, holds);
    if (kind === undefined) {
      const keys = Object.keys(canonical);
      if (keys.length === 0) return canonical;
      const [only] = keys;
      if (keys.length > 1 || only === undefined || only === union.by || union.unlisted === 'unreadable') {
        return this.#refuse(`"${union.by}" is missing or is not a text`);
      }
      this.#unlisted(only, node, holds);
      return canonical;
    }
    const known = listed(union, kind);
    if (known && union.plainFields) this.#unknownFieldsOf(canonical, known.fields ?? {}, union.plainFields);
    if (known) return this.#known(canonical, known, holds);
    if (union.unlisted === 'unreadable') return this.#refuse(`"${short(kind)}" is no known ${union.by}`, union.by);
    this.#unlisted(kind, node, holds);
    return canonical;
  }

  #known(node: JsonObject, { fields, second, only }: KnownKind, holds: Container['holds']): JsonObject {
    for (const key of only === undefined ? [] : Object.keys(node)) {
      if (!only?.includes(key) && isMeaningful(node[key])) this.#unlisted(key, node, holds);
    }
    const read = fields ? this.#fields(node, fields) : node;
    return second ? this.#node(read, second, holds) : read;
  }

  /** A node whose members name what it is. */
  #keyed(node: JsonObject, union: Union, holds: Container['holds']): JsonObject {
    let read = this.#canonicalKeys(node);
    const canonical = read;
    for (const key of Object.keys(canonical)) {
      const value = canonical[key] as Json;
      if (value === null) continue;
      const known = listed(union, key);
      if (!known) this.#unlisted(key, node, holds);
      else if (known.list ?? known.fields) {
        this.#path.push(key);
        const inner = this.#field(value, known.list ?? { fields: known.fields ?? {} });
        this.#path.pop();
        if (inner === value) continue;
        if (read === node) read = { ...node };
        read[key] = inner;
      }
    }
    return read;
  }

  #unlisted(type: string, node: JsonObject, holds: Container['holds']): void {
    if (holds === 'tools') {
      this.#tools.add(type);
    } else {
      const path = this.#paths.of([...this.#path]);
      const known = this.#calls.get(type);
      if (known) {
        // A node may be named by its discriminator and by a key.
        if (known.nodes.at(-1) === node) return;
        known.paths.push(path);
        known.nodes.push(node);
      } else this.#calls.set(type, { type, paths: [path], nodes: [node] });
    }
    if (this.#calls.size + this.#tools.size > MAX_UNRECOGNISED_KINDS) {
      this.#refuse(`more than ${MAX_UNRECOGNISED_KINDS} kinds are not recognised`);
    }
  }

  #refuse(problem: string, ...below: string[]): never {
    throw new Unreadable(this.#paths.of([...this.#path, ...below]), problem);
  }
}

function isMeaningful(value: Json | undefined): boolean {
  if (value === undefined || value === null || value === '' || value === false) return false;
  return typeof value !== 'object' || Object.keys(value).length > 0;
}

function short(text: string): string {
  return text.length <= MAX_FIELD_LENGTH ? text : `${text.slice(0, MAX_FIELD_LENGTH)}…`;
}
