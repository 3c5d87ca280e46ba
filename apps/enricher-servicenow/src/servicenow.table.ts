import { isJsonObject } from '@iris/contracts';
import {
  nextLink,
  type Page,
  pagedRows,
  refuseReportedError,
  VendorError,
  type VendorHttp,
  type VendorResponse,
} from '@iris/enricher-kit';

const PAGE_SIZE = 1000;
/** By how many rows pages overlap that begin at an offset: rows that go meanwhile move the others. */
const OVERLAP = 50;

/** One condition: column = value. */
export type Condition = readonly [column: string, value: string];

export interface TableQuery {
  /** All must hold. */
  readonly where: readonly Condition[];
  /** `sys_id` is always read beside them. */
  readonly fields: readonly string[];
  /** Only the first rows; all pages when absent. */
  readonly limit?: number;
  /** Whether a rate limit is waited for: in bulk reads. */
  readonly waits?: boolean;
}

/** What a query gives. */
export interface TableRows {
  readonly rows: readonly unknown[];
  /** Whether the instance counts more rows than it gives: access rules hide some, or the limit cuts them off. */
  readonly missing: boolean;
}

/** Where a page begins: behind the row of this sys_id, and so many rows further where a page of hidden rows is empty. */
interface Position {
  readonly after: string;
  readonly offset: number;
}

/**
 * Whether a value is valid in an encoded query, which has no escape: `^` would begin another condition, and a value
 * that begins with `javascript:` would be run by the instance.
 */
export function isSafeValue(value: string): boolean {
  return value !== '' && !/[\^\p{C}\u2028\u2029]/u.test(value) && !/^\s*javascript:/i.test(value);
}

/** Reads tables over version 2 of the Table API, where a query that finds nothing gives an empty list. */
export class ServiceNowTables {
  constructor(private readonly http: VendorHttp) {}

  /**
   * The rows of a query, by key: rows that come or go between two pages move no other row. An instance drops conditions
   * and columns that it does not know silently, so the caller checks in each row what it asked for.
   *
   * @returns undefined when the instance has no such table
   * @throws VendorError `bad_response` for a value that is not valid in a query, and for an answer that is not whole
   */
  async read(table: string, query: TableQuery, signal: AbortSignal): Promise<TableRows | undefined> {
    const { limit, waits } = query;
    let missing = false;
    let exists = true;
    const read = async (cursor: string): Promise<Page<string>> => {
      const position: Position = JSON.parse(cursor);
      const page = await this.page(table, query, position, signal);
      if (page.status === 400) {
        exists = false;
        return { rows: [] };
      }
      const rows = resultOf(page);
      const expected = expectedRows(page, position.offset, limit ?? PAGE_SIZE);
      if (expected !== undefined && rows.length < expected.onPage) missing = true;
      if (limit !== undefined && expected !== undefined && expected.behind > 0) missing = true;
      const isLast = expected === undefined ? isLastByLink(page, rows) : expected.behind <= 0;
      if (limit !== undefined || isLast) return { rows };
      return { rows, next: JSON.stringify(following(rows, position)) };
    };
    const rows: unknown[] = [];
    const list = pagedRows({ list: table, first: JSON.stringify(START), read, keyOf, signal, waits });
    for await (const row of list) rows.push(row);
    return exists ? { rows, missing } : undefined;
  }

  private page(table: string, query: TableQuery, { after, offset }: Position, signal: AbortSignal) {
    return this.http.get(`api/now/v2/table/${table}`, {
      query: {
        sysparm_query: encodedQuery(query.where, after),
        sysparm_fields: [...new Set(['sys_id', ...query.fields])].join(','),
        sysparm_display_value: 'false',
        sysparm_exclude_reference_link: 'true',
        sysparm_limit: query.limit ?? PAGE_SIZE,
        sysparm_offset: offset === 0 ? undefined : offset,
      },
      signal,
      isNotFound: (status) => status === 400 && after === '' && offset === 0,
    });
  }
}

const START: Position = { after: '', offset: 0 };

function keyOf(row: unknown): string | undefined {
  const id = isJsonObject(row) ? row.sys_id : undefined;
  return typeof id === 'string' && id !== '' ? id : undefined;
}

/** Rows that the user may not see leave a page short or empty while there are more. A hidden key leaves the offset. */
function following(rows: readonly unknown[], { after, offset }: Position): Position {
  if (rows.length === 0) return { after, offset: offset + PAGE_SIZE };
  const last = keyOf(rows.at(-1));
  return last === undefined ? { after, offset: offset + PAGE_SIZE - OVERLAP } : { after: last, offset: 0 };
}

/** By `X-Total-Count`, which counts hidden rows too; undefined when the instance does not count. */
function expectedRows(
  { headers }: VendorResponse,
  offset: number,
  limit: number,
): { readonly onPage: number; readonly behind: number } | undefined {
  const text = headers['x-total-count'];
  if (text === undefined) return undefined;
  if (typeof text !== 'string' || !/^\d+$/.test(text)) {
    throw new VendorError('bad_response', 'ServiceNow sent a count that cannot be read');
  }
  const left = Number(text) - offset;
  return { onPage: Math.max(0, Math.min(limit, left)), behind: left - limit };
}

function isLastByLink({ headers }: VendorResponse, rows: readonly unknown[]): boolean {
  return nextLink(headers) === undefined && rows.length < PAGE_SIZE;
}

/** Ordered by sys_id, which is the key that the next page begins behind. */
function encodedQuery(where: readonly Condition[], after: string): string {
  if (where.some(([, value]) => !isSafeValue(value)) || (after !== '' && !isSafeValue(after))) {
    throw new VendorError('bad_response', 'a value of ServiceNow cannot be in a query');
  }
  const conditions = where.map(([column, value]) => `${column}=${value}`);
  return [...conditions, ...(after === '' ? [] : [`sys_id>${after}`]), 'ORDERBYsys_id'].join('^');
}

function resultOf({ json }: VendorResponse): readonly unknown[] {
  refuseReportedError(json, 'ServiceNow');
  const refused = isJsonObject(json) && json.status !== undefined && json.status !== 'success';
  if (isJsonObject(json) && Array.isArray(json.result) && !refused) return json.result;
  throw new VendorError('bad_response', 'ServiceNow sent no result');
}
