import { isJsonObject, type JsonObject } from '@iris/contracts';
import { pagedRows, VendorError } from '@iris/enricher-kit';

/** The largest page. */
const PAGE_SIZE = 100;
/** By how many entries pages overlap: entries that go meanwhile move the others. */
const OVERLAP = 5;
/** PagerDuty refuses pages beyond this many entries. */
const MAX_ENTRIES = 10_000;
/** Most ids in one query: a longer URL is refused. */
const MAX_KEYS = 50;

/** Values of query parameters; a list is repeated, and its name ends in `[]`. */
export type Query = Readonly<Record<string, string | readonly string[]>>;

/** Reads one answer. @throws VendorError */
export type Get = (path: string, query: Query) => Promise<JsonObject>;

/** A list is longer than PagerDuty gives. */
export class ListTooLong extends VendorError {
  constructor(
    name: string,
    /** Entries of the list, where PagerDuty counts them. */
    readonly total: number | undefined,
  ) {
    super('bad_response', `PagerDuty gives no more than ${MAX_ENTRIES} ${name}`);
  }
}

export interface ListOptions {
  readonly get: Get;
  readonly path: string;
  /** The key of the list in the answer. */
  readonly name: string;
  readonly query: Query;
  readonly signal: AbortSignal;
  /** Whether a rate limit is waited for: in bulk reads. */
  readonly waits?: boolean;
  /** What a list that is longer than PagerDuty gives is: an error (`ListTooLong`), or its beginning. */
  readonly beyond?: 'refused' | 'left_out';
}

/**
 * All entries of a list, page after page, each once.
 *
 * @throws VendorError `bad_response` when PagerDuty counts more entries than it gives
 */
export async function* entriesOf(options: ListOptions): AsyncGenerator<unknown> {
  const { get, path, name, query, signal, waits, beyond = 'refused' } = options;
  let total: number | undefined;
  let cut = false;
  const read = async (cursor: string) => {
    const offset = Number(cursor);
    const page = await get(path, { ...query, limit: String(PAGE_SIZE), offset: cursor, total: 'true' });
    const { rows, more } = pageOf(page, name);
    total = totalOf(page, name);
    const tooLong = total !== undefined && total > MAX_ENTRIES;
    if (tooLong && beyond === 'refused') throw new ListTooLong(name, total);
    if (!more) return { rows };
    const next = offset + PAGE_SIZE - (rows.length < PAGE_SIZE ? 0 : OVERLAP);
    if (next + PAGE_SIZE <= MAX_ENTRIES) return { rows, next: String(next) };
    if (offset + PAGE_SIZE < MAX_ENTRIES) return { rows, next: String(MAX_ENTRIES - PAGE_SIZE) };
    if (beyond === 'refused') throw new ListTooLong(name, total);
    cut = true;
    return { rows };
  };
  let count = 0;
  for await (const row of pagedRows({ list: `${name} of PagerDuty`, first: '0', read, keyOf: idOf, signal, waits })) {
    count += 1;
    yield row;
  }
  if (!cut && total !== undefined && count < total) {
    throw new VendorError('bad_response', `PagerDuty gave ${count} of ${total} ${name}`);
  }
}

/**
 * The entries of a list that is longer than PagerDuty gives, in parts by the ids of another record. A part that is
 * still too long is halved.
 *
 * @param parameter the query parameter of the ids, with `[]`
 * @throws ListTooLong when the entries of one id are too many
 */
export async function* entriesByKeys(
  options: ListOptions,
  parameter: string,
  keys: readonly string[],
): AsyncGenerator<unknown> {
  for (let first = 0; first < keys.length; first += MAX_KEYS) {
    yield* part(options, parameter, keys.slice(first, first + MAX_KEYS));
  }
}

async function* part(options: ListOptions, parameter: string, keys: readonly string[]): AsyncGenerator<unknown> {
  const rows: unknown[] = [];
  try {
    for await (const row of entriesOf({ ...options, query: { ...options.query, [parameter]: keys } })) rows.push(row);
  } catch (error) {
    if (!(error instanceof ListTooLong) || keys.length < 2) throw error;
    const half = Math.ceil(keys.length / 2);
    yield* part(options, parameter, keys.slice(0, half));
    yield* part(options, parameter, keys.slice(half));
    return;
  }
  yield* rows;
}

/** PagerDuty's id of an entry. */
export function idOf(entry: unknown): string | undefined {
  const id = isJsonObject(entry) ? entry.id : undefined;
  return typeof id === 'string' && id !== '' ? id : undefined;
}

function pageOf(page: JsonObject, name: string): { rows: readonly unknown[]; more: boolean } {
  const rows = page[name];
  if (!Array.isArray(rows) || typeof page.more !== 'boolean') {
    throw new VendorError('bad_response', `PagerDuty sent no ${name}`);
  }
  // A page may be short or empty while there are more.
  return { rows, more: page.more };
}

function totalOf({ total }: JsonObject, name: string): number | undefined {
  if (total === null || total === undefined) return undefined;
  if (typeof total === 'number' && Number.isInteger(total) && total >= 0) return total;
  throw new VendorError('bad_response', `PagerDuty sent a count of ${name} that cannot be read`);
}
