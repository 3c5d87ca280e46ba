import { describe, expect, it } from '@jest/globals';
import { VendorError } from '../vendor-error.js';
import { type Page, pagedRows } from './paging.js';

const never = new AbortController().signal;
const keyOf = (row: unknown) => (row as { id?: string }).id;
const row = (id: string) => ({ id });

async function readAll(
  pages: Readonly<Record<string, Page<string>>>,
  options: { signal?: AbortSignal; maxPages?: number } = {},
) {
  const asked: string[] = [];
  const rows: unknown[] = [];
  const read = async (cursor: string) => {
    asked.push(cursor);
    return pages[cursor] ?? { rows: [] };
  };
  const failure = await (async () => {
    for await (const one of pagedRows({ list: 'users', first: '0', read, keyOf, signal: never, ...options })) {
      rows.push(one);
    }
  })().catch((error: VendorError) => error);
  return { asked, rows, kind: failure?.kind };
}

describe('pagedRows', () => {
  it('reads every page and gives rows of overlapping pages once', async () => {
    const pages = { 0: { rows: [row('a'), row('b')], next: '1' }, 1: { rows: [row('b'), row('c')] } };
    expect(await readAll(pages)).toEqual({ asked: ['0', '1'], rows: ['a', 'b', 'c'].map(row), kind: undefined });
  });

  it('passes empty pages that have a successor', async () => {
    const pages = { 0: { rows: [], next: '1' }, 1: { rows: [row('a')] } };
    expect(await readAll(pages)).toMatchObject({ rows: [row('a')], kind: undefined });
  });

  it('ends when the next page is the same again', async () => {
    const pages = { 0: { rows: [row('a')], next: '0' } };
    expect(await readAll(pages)).toMatchObject({ asked: ['0'], kind: 'bad_response' });
  });

  it('ends when two pages lead to each other', async () => {
    const pages = { 0: { rows: [row('a')], next: '1' }, 1: { rows: [row('b')], next: '0' } };
    expect(await readAll(pages)).toMatchObject({ asked: ['0', '1'], kind: 'bad_response' });
  });

  it('ends at a page with a successor that brings nothing new', async () => {
    const same = { rows: [row('a')] };
    const pages = { 0: { ...same, next: '1' }, 1: { ...same, next: '2' }, 2: { ...same, next: '3' } };
    expect(await readAll(pages)).toMatchObject({ asked: ['0', '1'], kind: 'bad_response' });
  });

  it('ends when too many pages in a row are empty', async () => {
    const pages = Object.fromEntries(
      Array.from({ length: 100 }, (_, index) => [index, { rows: [], next: `${index + 1}` }]),
    );
    expect(await readAll(pages)).toMatchObject({ kind: 'bad_response', rows: [] });
  });

  it('ends at the most pages', async () => {
    const pages = Object.fromEntries(
      Array.from({ length: 9 }, (_, index) => [index, { rows: [row(`${index}`)], next: `${index + 1}` }]),
    );
    expect(await readAll(pages, { maxPages: 3 })).toMatchObject({ asked: ['0', '1', '2'], kind: 'bad_response' });
  });

  it('ends with the signal between two pages', async () => {
    const controller = new AbortController();
    controller.abort(new VendorError('cancelled', 'by the test'));
    expect(await readAll({}, { signal: controller.signal })).toEqual({ asked: [], rows: [], kind: 'cancelled' });
  });

  it('waits for a rate limit in a bulk read only', async () => {
    const read = (waits: boolean) => {
      let refused = false;
      const once = async () => {
        if (refused) return { rows: [row('a')] };
        refused = true;
        throw new VendorError('rate_limited', '429', { retryAfterMs: 1 });
      };
      return all(pagedRows({ list: 'users', first: '0', read: once, keyOf, signal: never, waits }));
    };
    await expect(read(true)).resolves.toEqual([row('a')]);
    await expect(read(false)).rejects.toMatchObject({ kind: 'rate_limited' });
  });
});

async function all(rows: AsyncIterable<unknown>): Promise<unknown[]> {
  const read: unknown[] = [];
  for await (const one of rows) read.push(one);
  return read;
}
