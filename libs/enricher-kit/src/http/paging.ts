import { hash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { abortable } from '../abortable.js';
import { abortError, toVendorError, VendorError } from '../vendor-error.js';

/** Most pages of one list. */
const MAX_PAGES = 5000;
/** Most pages in a row without a row: access rules and filters of a vendor may empty a page. */
const MAX_EMPTY_PAGES = 20;
/** Longest wait for a vendor's rate limit between two pages, in ms, and how many waits one list may take. */
const MAX_WAIT_MS = 60_000;
const MAX_WAITS = 20;
/** Wait when the vendor refuses with 429 and names no time, in ms. */
const DEFAULT_WAIT_MS = 5000;

/** One page of a list. */
export interface Page<C extends string> {
  readonly rows: readonly unknown[];
  /** Where the next page begins: a key, a cursor, a link or an offset. Absent on the last page. */
  readonly next?: C;
}

export interface PagingOptions<C extends string> {
  /** Names the list in errors, without personal data. */
  readonly list: string;
  readonly first: C;
  /** Reads one page. @throws VendorError */
  readonly read: (cursor: C) => Promise<Page<C>>;
  /** The vendor's own key of a row; a row without one is compared by its content. */
  readonly keyOf: (row: unknown) => string | undefined;
  readonly signal: AbortSignal;
  /** Whether a rate limit is waited for. For bulk reads: a lookup has no time for that. */
  readonly waits?: boolean;
  /** In place of `MAX_PAGES`. */
  readonly maxPages?: number;
}

/**
 * The rows of a list, page after page, each row once. The read is bounded by the number of pages, by progress (a cursor
 * that repeats, or a page with a successor that holds nothing new, ends it) and by the signal.
 *
 * @throws VendorError `bad_response` when a bound is exceeded, the signal's error, or what `read` throws
 */
export async function* pagedRows<C extends string>(options: PagingOptions<C>): AsyncGenerator<unknown> {
  const { list, keyOf, signal, maxPages = MAX_PAGES } = options;
  const rowKeys = new Set<string>();
  const cursors = new Set<C>();
  const limits = { waits: 0 };
  let emptyPages = 0;
  let cursor: C | undefined = options.first;
  while (cursor !== undefined) {
    if (signal.aborted) throw abortError(signal);
    if (cursors.has(cursor)) throw new VendorError('bad_response', `the next page of ${list} repeats`);
    if (cursors.size >= maxPages) throw new VendorError('bad_response', `${list} has more than ${maxPages} pages`);
    cursors.add(cursor);
    const page: Page<C> = await readPage(options, cursor, limits);
    const before = rowKeys.size;
    for (const row of page.rows) {
      const key = keyOf(row) ?? contentKey(row);
      if (rowKeys.has(key)) continue;
      rowKeys.add(key);
      yield row;
    }
    emptyPages = page.rows.length === 0 ? emptyPages + 1 : 0;
    cursor = page.next;
    if (cursor === undefined) return;
    const isStuck = page.rows.length > 0 ? rowKeys.size === before : emptyPages > MAX_EMPTY_PAGES;
    if (isStuck) throw new VendorError('bad_response', `a page of ${list} brings nothing new`);
  }
}

/** A link, key or offset repeats in another spelling only by an error, so rows without a key are told apart by content. */
function contentKey(row: unknown): string {
  return `#${hash('sha256', JSON.stringify(row) ?? '', 'base64')}`;
}

async function readPage<C extends string>(
  { read, signal, waits }: PagingOptions<C>,
  cursor: C,
  limits: { waits: number },
): Promise<Page<C>> {
  for (;;) {
    try {
      return await read(cursor);
    } catch (thrown) {
      const error = toVendorError(thrown);
      if (waits !== true || error.kind !== 'rate_limited' || limits.waits >= MAX_WAITS) throw error;
      limits.waits += 1;
      await abortable(sleep(Math.min(error.retryAfterMs ?? DEFAULT_WAIT_MS, MAX_WAIT_MS)), signal);
    }
  }
}
