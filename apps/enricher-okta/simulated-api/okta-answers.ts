import { randomBytes } from 'node:crypto';
import type { ApiAnswer } from '@iris/simulation';

/** An error in Okta's form. */
export function oktaError(
  status: number,
  errorCode: string,
  errorSummary: string,
  headers?: Readonly<Record<string, string>>,
): ApiAnswer {
  const body = {
    errorCode,
    errorSummary,
    errorLink: errorCode,
    errorId: `oae${randomBytes(12).toString('base64url')}`,
    errorCauses: [],
  };
  return { status, contentType: 'application/json', body: JSON.stringify(body), headers };
}

/** One page of a list, and where the next begins. */
export interface Page<T> {
  readonly items: readonly T[];
  readonly after?: string;
}

/** Cuts the first page; its cursor is the id of its last item. */
export function pageOf<T>(items: Iterable<T>, idOf: (item: T) => string, limit: number): Page<T> {
  const page: T[] = [];
  for (const item of items) {
    if (page.length === limit) {
      const last = page.at(-1);
      return { items: page, after: last === undefined ? undefined : idOf(last) };
    }
    page.push(item);
  }
  return { items: page };
}

/** The items that follow the one of the cursor; none when there is no such item. */
export function following<T>(items: readonly T[], idOf: (item: T) => string, after: string | null): readonly T[] {
  if (after === null) return items;
  const position = items.findIndex((item) => idOf(item) === after);
  return position < 0 ? [] : items.slice(position + 1);
}

/** The Link headers of a list, with absolute addresses. */
export function linkHeader(url: URL, after: string | undefined): string[] {
  const links = [`<${url.href}>; rel="self"`];
  if (after !== undefined) {
    const next = new URL(url);
    next.searchParams.set('after', after);
    links.push(`<${next.href}>; rel="next"`);
  }
  return links;
}
