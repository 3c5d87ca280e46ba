import { isJsonObject } from '@iris/contracts';
import { nextLink, VendorError, type VendorHttp, type VendorResponse } from '@iris/enricher-kit';

const PAGE_SIZE = 1000;

/** One condition: column = value. */
export type Condition = readonly [column: string, value: string];

export interface TableQuery {
  /** All must hold. */
  readonly where: readonly Condition[];
  readonly fields: readonly string[];
  /** Only the first rows; all pages when absent. */
  readonly limit?: number;
}

/**
 * Whether a value may stand in an encoded query, which knows no escape: `^` would begin another condition, and a value
 * that begins with `javascript:` would be run by the instance.
 */
export function isSafeValue(value: string): boolean {
  return value !== '' && !/[\^\p{C}\u2028\u2029]/u.test(value) && !/^\s*javascript:/i.test(value);
}

/** Reads tables over version 2 of the Table API, where a query that finds nothing gives an empty list. */
export class ServiceNowTables {
  constructor(private readonly http: VendorHttp) {}

  /**
   * The rows of a query. An instance drops conditions and columns that it does not know without a word, so the caller
   * checks in each row what it asked for.
   *
   * @returns undefined when the instance has no such table
   * @throws VendorError `bad_response` for a value that may not stand in a query
   */
  async read(table: string, query: TableQuery, signal: AbortSignal): Promise<unknown[] | undefined> {
    const rows: unknown[] = [];
    const limit = query.limit ?? PAGE_SIZE;
    const parameters = {
      sysparm_query: encodedQuery(query.where),
      sysparm_fields: query.fields.join(','),
      sysparm_display_value: 'false',
      sysparm_exclude_reference_link: 'true',
      sysparm_limit: limit,
    };
    const path = `api/now/v2/table/${table}`;
    const isNotFound = (status: number) => status === 400;
    let page = await this.http.get(path, { query: parameters, signal, isNotFound });
    for (let offset = limit; ; offset += limit) {
      if (page.status === 400) return undefined;
      rows.push(...resultOf(page));
      if (query.limit !== undefined) return rows;
      // Rows that the user may not see leave a page short or empty while there are more.
      const next = nextLink(page.headers);
      if (next !== undefined) {
        page = await this.http.get(next, { signal });
      } else if (offset < Number(page.headers['x-total-count'] ?? 0)) {
        page = await this.http.get(path, { query: { ...parameters, sysparm_offset: offset }, signal });
      } else {
        return rows;
      }
    }
  }
}

/** Ordered by sys_id, so that no row moves to another page between two requests. */
function encodedQuery(where: readonly Condition[]): string {
  if (where.some(([, value]) => !isSafeValue(value))) {
    throw new VendorError('bad_response', 'a value of ServiceNow cannot stand in a query');
  }
  return [...where.map(([column, value]) => `${column}=${value}`), 'ORDERBYsys_id'].join('^');
}

function resultOf(page: VendorResponse): unknown[] {
  if (isJsonObject(page.json) && Array.isArray(page.json.result)) return page.json.result;
  throw new VendorError('bad_response', 'ServiceNow sent no result');
}
