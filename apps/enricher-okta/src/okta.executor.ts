import { AsyncLocalStorage } from 'node:async_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import type { CallBudget, RateWindow } from '@iris/context-cache';
import { SharedCalls } from '@iris/context-cache';
import { abortable, type HeaderMap, meterRateBudget, retryAfterMs, statusError, VendorError } from '@iris/enricher-kit';
import { DefaultRequestExecutor } from '@okta/okta-sdk-nodejs';

const TOKEN_PATH = '/oauth2/v1/token';
/** Largest answer, in bytes: 200 users with large profiles. */
const MAX_BYTES = 32 * 1024 * 1024;

type Request = Parameters<DefaultRequestExecutor['fetch']>[0];
type Response = Awaited<ReturnType<DefaultRequestExecutor['fetch']>>;

/** What node-fetch, which the SDK uses, makes of an answer. */
interface Answer {
  readonly status: number;
  readonly statusText: string;
  readonly headers: { entries(): Iterable<[string, string]>; get(name: string): string | null };
  buffer(): Promise<Buffer>;
}

/** What a call is for: a decision may wait for a lookup, and nothing waits for a bulk read. */
export type Lane = 'lookup' | 'bulk';

export interface OktaExecutorOptions {
  readonly orgUrl: string;
  readonly requestTimeoutMs: number;
  readonly budget: CallBudget;
  /** Share of each limit, from 0 to 1, that a lane leaves to others. */
  readonly reserves: Readonly<Record<Lane, number>>;
}

/**
 * Sends the SDK's requests. It adds what the SDK lacks: requests go to the organization's own host only (the SDK
 * follows a next link to any host, credentials included), end with the signal of the call, are never retried here, and
 * an answer that is not JSON of the expected kind is refused instead of read as an empty user or an empty list.
 */
export class OktaExecutor extends DefaultRequestExecutor {
  private readonly calls = new AsyncLocalStorage<{ readonly signal: AbortSignal; readonly lane: Lane }>();
  private readonly origin: string;
  private readonly tokens = new SharedCalls<() => Response>();

  constructor(private readonly options: OktaExecutorOptions) {
    super({ maxRetries: 0, requestTimeout: options.requestTimeoutMs });
    this.origin = new URL(options.orgUrl).origin;
  }

  /** Runs calls of the SDK whose requests end with the signal and are counted for the lane. */
  within<T>(signal: AbortSignal, lane: Lane, calls: () => Promise<T>): Promise<T> {
    return this.calls.run({ signal, lane }, calls);
  }

  override async fetch(request: Request): Promise<Response> {
    const url = new URL(String(request.url));
    if (url.origin !== this.origin) throw new VendorError('bad_response', 'a link of Okta points to another host');
    Object.assign(request, { redirect: 'manual', size: MAX_BYTES });
    if (url.pathname.endsWith(TOKEN_PATH)) return this.fetchToken(request);

    const call = this.calls.getStore();
    if (call !== undefined) Object.assign(request, { signal: call.signal });
    const bucket = bucketOf(url);
    await this.admit(bucket, call?.lane ?? 'lookup', call?.signal);
    const response = await super.fetch(request);
    meterRateBudget('okta', headerMap(response));
    const window = rateWindow(response, Date.now());
    if (window !== undefined) await this.options.budget.learn(bucket, window);
    if (!response.ok) throwRateLimit(response);
    return response.ok ? (await checked(response, isList(request)))() : response;
  }

  /**
   * Takes a call from the budget. A bulk read waits for the next window; a lookup has no time for that.
   *
   * @throws VendorError `rate_limited` for a lookup, or the signal's
   */
  private async admit(bucket: string, lane: Lane, signal?: AbortSignal): Promise<void> {
    for (;;) {
      const waitMs = await this.options.budget.take(bucket, this.options.reserves[lane]);
      if (waitMs === 0) return;
      if (lane === 'lookup') {
        throw new VendorError('rate_limited', 'the budget of calls to Okta is used up', { retryAfterMs: waitMs });
      }
      await abortable(sleep(waitMs), signal);
    }
  }

  /**
   * One request for all who wait: the SDK sends one for each of its first calls. It has no signal, so that the caller
   * who leaves does not fail the others; the request timeout ends it.
   */
  private async fetchToken(request: Request): Promise<Response> {
    const response = await this.tokens.run('token', undefined, () => this.exchange(request));
    return response();
  }

  /** The SDK takes an error of the token endpoint for a token and sends `Bearer undefined`, so errors end here. */
  private async exchange(request: Request): Promise<() => Response> {
    const response = await super.fetch(request);
    const copy = await checked(response, false);
    const body = await copy().json();
    // RFC 9449 section 8: the SDK repeats the request with the nonce of this answer.
    if (body.error === 'use_dpop_nonce') return copy;
    if (response.ok && typeof body.access_token === 'string' && body.access_token !== '') return copy;
    throwRateLimit(response);
    if (response.status === 400) throw new VendorError('unauthorized', 'the token endpoint of Okta answered 400');
    throw (
      statusError(response.status, headerMap(response), 'the token endpoint of Okta') ??
      new VendorError('bad_response', 'the token endpoint of Okta gave no access token')
    );
  }
}

/** The headers of an answer as a plain object. */
export function headerMap(response: Pick<Answer, 'headers'>): HeaderMap {
  return Object.fromEntries(response.headers.entries());
}

/** Okta's reset is a point in time by Okta's clock, so the wait is counted from the answer's own date. */
function throwRateLimit(response: Answer): void {
  if (response.status !== 429) return;
  const date = Date.parse(response.headers.get('date') ?? '');
  const wait = retryAfterMs(headerMap(response), Number.isNaN(date) ? Date.now() : date);
  throw new VendorError('rate_limited', 'Okta answered 429', { retryAfterMs: wait });
}

/** What Okta counts together: a method's path, whatever the id in it. */
function bucketOf(url: URL): string {
  return `okta${url.pathname.replace(/^(\/api\/v1\/[^/]+\/)[^/]+/, '$1*')}`;
}

/** What the rate-limit headers say; undefined where one is missing or has several values. */
function rateWindow({ headers }: Pick<Answer, 'headers'>, now: number): RateWindow | undefined {
  const number = (name: string) => {
    const text = headers.get(`x-rate-limit-${name}`) ?? '';
    return /^\d+$/.test(text) ? Number(text) : undefined;
  };
  const [limit, remaining, window] = [number('limit'), number('remaining'), number('reset')];
  const date = Date.parse(headers.get('date') ?? '');
  if (limit === undefined || remaining === undefined || window === undefined || Number.isNaN(date)) return undefined;
  return { limit, remaining, window, endsAt: now + Math.max(0, window * 1000 - date) };
}

function isList(request: Request): boolean {
  return (request as { isCollection?: boolean }).isCollection === true;
}

/**
 * Reads an answer to its end, once, and gives copies of it.
 *
 * @throws VendorError `bad_response` unless it is a JSON list, or a JSON object, by `list`
 */
async function checked(response: Response, list: boolean): Promise<() => Response> {
  const answer: Answer = response;
  const body = await answer.buffer();
  let json: unknown;
  try {
    json = JSON.parse(body.toString('utf8'));
  } catch {
    throw statusError(answer.status, headerMap(answer), 'Okta') ?? new VendorError('bad_response', 'Okta sent no JSON');
  }
  if (typeof json !== 'object' || json === null || Array.isArray(json) !== list) {
    throw new VendorError('bad_response', `Okta sent no ${list ? 'list' : 'object'}`);
  }
  const { status, statusText, headers } = answer;
  const ResponseOfSdk = response.constructor as new (body: Buffer, init: object) => Response;
  return () => new ResponseOfSdk(body, { status, statusText, headers, url: response.url });
}
