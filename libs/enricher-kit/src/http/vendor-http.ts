import { outboundAgent } from '@iris/config';
import type { Json } from '@iris/contracts';
import { type Dispatcher, request } from 'undici';
import { VendorError } from '../vendor-error.js';
import type { Credentials } from './credentials.js';
import { ACCEPTED_ENCODINGS, type RowReading, readJson } from './json-body.js';
import { failureOf, statusError } from './response-errors.js';
import type { HeaderMap } from './retry-after.js';

export interface VendorHttpOptions {
  /** Scheme, host and optional path prefix. Nothing else is ever called. */
  readonly baseUrl: string;
  readonly auth: Credentials;
  /** For one request, connection and body included, in ms. */
  readonly timeoutMs: number;
  /** Largest decoded answer, in bytes. */
  readonly maxBytes: number;
  /** Sent with every request. */
  readonly headers?: Readonly<Record<string, string>>;
}

export interface GetOptions {
  /** Encoded by the client; an undefined value is left out, a list is repeated. */
  readonly query?: Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>;
  readonly signal?: AbortSignal;
  readonly headers?: Readonly<Record<string, string>>;
  /** In place of the client's own limit, in ms: for a list that the vendor sends whole. */
  readonly timeoutMs?: number;
  /** Which refusal (for example 404) means that there is no such thing; it is then returned instead of thrown. */
  readonly isNotFound?: (status: number) => boolean;
  /** A large list to read row by row; the answer has an empty list in its place. */
  readonly rows?: RowReading;
}

export interface VendorResponse {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: HeaderMap;
  /** null when `isNotFound` took the status. */
  readonly json: Json;
}

/** How long a list may take that has no pages, in ms: that of a large company is made and sent for a minute or more. */
export const WHOLE_LIST_TIMEOUT_MS = 120_000;

/** Sockets that are idle longer are closed, in ms: shorter than the idle limits of common load balancers. */
const KEEP_ALIVE_MS = 30_000;

/** Reads JSON from one vendor over kept connections. Only safe, idempotent requests. */
export class VendorHttp {
  private readonly base: URL;
  private readonly agent: Dispatcher;

  constructor(private readonly options: VendorHttpOptions) {
    this.base = new URL(options.baseUrl.endsWith('/') ? options.baseUrl : `${options.baseUrl}/`);
    this.agent = outboundAgent({
      keepAliveTimeout: KEEP_ALIVE_MS,
      connect: { timeout: options.timeoutMs },
      headersTimeout: options.timeoutMs,
      bodyTimeout: options.timeoutMs,
    });
  }

  /**
   * @param path below the base URL, its parts already encoded; or an absolute URL of a next page, which must be on
   *   the base URL's origin
   * @throws VendorError of any kind but `overloaded` and `circuit_open`
   */
  async get(path: string, options: GetOptions = {}): Promise<VendorResponse> {
    const url = this.resolve(path, options.query);
    const timeout = AbortSignal.timeout(options.timeoutMs ?? this.options.timeoutMs);
    const signal = options.signal === undefined ? timeout : AbortSignal.any([options.signal, timeout]);
    try {
      const first = await this.send(url, options, signal);
      if (!('refusedAuthorization' in first)) return first;
      const second = await this.send(url, options, signal);
      if (!('refusedAuthorization' in second)) return second;
      throw new VendorError('unauthorized', `${this.base.host} answered 401`);
    } catch (error) {
      throw failureOf(error, signal, this.base.host);
    }
  }

  /** Closes the connections, those in use too. */
  async close(): Promise<void> {
    await Promise.all([this.agent.destroy(), this.options.auth.close?.()]);
  }

  private async send(
    url: URL,
    options: GetOptions,
    signal: AbortSignal,
  ): Promise<VendorResponse | { refusedAuthorization: true }> {
    const authorization = await this.options.auth.authorization(signal);
    const response = await request(url, {
      method: 'GET',
      headers: {
        accept: 'application/json',
        'accept-encoding': ACCEPTED_ENCODINGS,
        ...this.options.headers,
        ...options.headers,
        authorization,
      },
      dispatcher: this.agent,
      headersTimeout: options.timeoutMs,
      bodyTimeout: options.timeoutMs,
      signal,
    });
    const { statusCode: status, headers } = response;
    if (status === 401 && this.options.auth.refused(authorization)) {
      await response.body.dump();
      return { refusedAuthorization: true };
    }
    if (options.isNotFound?.(status)) {
      await response.body.dump();
      return { status, headers, json: null };
    }
    const fault = statusError(status, headers, this.base.host);
    if (fault !== undefined) {
      await response.body.dump();
      throw fault;
    }
    return { status, headers, json: await readJson(response, this.options.maxBytes, options.rows) };
  }

  private resolve(path: string, query: GetOptions['query']): URL {
    const url = /^[a-z][a-z0-9+.-]*:/i.test(path) ? new URL(path) : new URL(path.replace(/^\/+/, ''), this.base);
    if (url.origin !== this.base.origin || url.username !== '' || url.password !== '') {
      throw new VendorError('bad_response', `a link of ${this.base.host} points to another host`);
    }
    if (!url.pathname.startsWith(this.base.pathname) || hasDotSegment(path)) {
      throw new VendorError('bad_response', `a path leaves the base URL of ${this.base.host}`);
    }
    for (const [name, value] of Object.entries(query ?? {})) {
      if (value === undefined) continue;
      for (const item of Array.isArray(value) ? value : [value]) url.searchParams.append(name, String(item));
    }
    return url;
  }
}

/** A key of `..` put into a path would name another resource; URL parsers fold it silently, encoded or not. */
function hasDotSegment(path: string): boolean {
  const beforeQuery = path.split(/[?#]/, 1)[0] ?? '';
  return beforeQuery.split(/[/\\]/).some((segment) => /^(\.|%2e){1,2}$/i.test(segment));
}

/** The next page of a `Link` header (RFC 8288), or undefined. */
export function nextLink(headers: HeaderMap): string | undefined {
  const header = headers.link;
  const text = Array.isArray(header) ? header.join(',') : (header ?? '');
  for (const match of text.matchAll(/<([^>]*)>((?:\s*;\s*[\w!#$&+.^`|~-]+\s*=\s*(?:"[^"]*"|[^",;\s]+))*)/g)) {
    const relations = /;\s*rel\s*=\s*(?:"([^"]*)"|([^",;\s]+))/i.exec(match[2] ?? '');
    const names = (relations?.[1] ?? relations?.[2] ?? '').toLowerCase().split(/\s+/);
    if (names.includes('next')) return match[1];
  }
  return undefined;
}
