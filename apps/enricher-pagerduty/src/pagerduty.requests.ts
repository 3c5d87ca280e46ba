import { randomUUID } from 'node:crypto';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { ClientRequest, IncomingMessage } from 'node:http';
import { isJsonObject, type JsonObject } from '@iris/contracts';
import {
  type Credentials,
  failureOf,
  type HeaderMap,
  meterRateBudget,
  refuseReportedError,
  retryAfterMs,
  statusError,
  toVendorError,
  VendorError,
} from '@iris/enricher-kit';
import { api } from '@pagerduty/pdjs';
import type { Query } from './pagerduty.lists.js';

/** Largest answer, in bytes. */
const MAX_BYTES = 16 * 1024 * 1024;
const RESPONSE_CHANNEL = 'http.client.response.finish';
const CALL_HEADER = 'x-request-id';

export interface RequestsOptions {
  readonly url: string;
  readonly credentials: Credentials;
  /** For one request, in ms. */
  readonly timeoutMs: number;
}

/**
 * Sends requests through pdjs. It adds what pdjs lacks: requests end with a signal and a time limit, errors that
 * pdjs resolves with are errors, and a 429 ends the request, which pdjs would repeat three times by itself.
 */
export class PagerDutyRequests {
  /** Calls in flight that want to know of a 429, by the id in their header. */
  private readonly calls = new Map<string, (headers: HeaderMap) => void>();

  constructor(private readonly options: RequestsOptions) {
    subscribe(RESPONSE_CHANNEL, this.onResponse);
  }

  /** One answer, which is a JSON object. */
  async get(path: string, query: Query, signal: AbortSignal): Promise<JsonObject> {
    const limited = AbortSignal.any([signal, AbortSignal.timeout(this.options.timeoutMs)]);
    const authorization = await this.options.credentials.authorization(limited);
    const first = await this.send(path, query, authorization, limited);
    if (first.status !== 401 || !this.options.credentials.refused(authorization)) return useful(first);
    return useful(await this.send(path, query, await this.options.credentials.authorization(limited), limited));
  }

  async close(): Promise<void> {
    unsubscribe(RESPONSE_CHANNEL, this.onResponse);
    await this.options.credentials.close?.();
  }

  private async send(path: string, query: Query, authorization: string, signal: AbortSignal): Promise<Answer> {
    const id = randomUUID();
    const refused = new AbortController();
    let refusal: VendorError | undefined;
    this.calls.set(id, (headers) => {
      refusal = new VendorError('rate_limited', 'PagerDuty answered 429', {
        retryAfterMs: retryAfterMs(headers, Date.now()),
      });
      refused.abort();
    });
    try {
      const answer: Answer = await api({
        url: `${this.options.url}${path}`,
        method: 'get',
        headers: { Authorization: authorization, [CALL_HEADER]: id },
        queryParameters: Object.fromEntries(
          Object.entries(query).map(([key, value]) => [key, typeof value === 'string' ? value : [...value]]),
        ),
        signal: AbortSignal.any([signal, refused.signal]),
        // pdjs's own limit ends nothing and keeps the process running.
        requestTimeout: 0,
        redirect: 'manual',
        ...{ size: MAX_BYTES },
      });
      meterRateBudget('pagerduty', Object.fromEntries(answer.headers.entries()));
      return answer;
    } catch (error) {
      throw refusal ?? asVendorError(error, signal);
    } finally {
      this.calls.delete(id);
    }
  }

  private readonly onResponse = (message: unknown): void => {
    const { request, response } = message as { request: ClientRequest; response: IncomingMessage };
    if (response.statusCode !== 429) return;
    this.calls.get(String(request.getHeader(CALL_HEADER)))?.(response.headers);
  };
}

/** What pdjs resolves with, also for a refusal. */
interface Answer {
  readonly status: number;
  readonly headers: { entries(): IterableIterator<[string, string]> };
  readonly data: unknown;
}

function useful(answer: Answer): JsonObject {
  const fault = statusError(answer.status, Object.fromEntries(answer.headers.entries()), 'PagerDuty');
  if (fault !== undefined) throw fault;
  if (!isJsonObject(answer.data)) throw new VendorError('bad_response', 'PagerDuty sent no object');
  refuseReportedError(answer.data, 'PagerDuty');
  return answer.data;
}

/** pdjs rejects with the response itself when its body is no JSON, else with node-fetch's error. */
function asVendorError(error: unknown, signal: AbortSignal): VendorError {
  if (signal.aborted) return failureOf(error, signal, 'PagerDuty');
  const { status, headers, type } = error as Partial<Answer> & { type?: unknown };
  if (typeof status === 'number' && headers !== undefined) {
    return (
      statusError(status, Object.fromEntries(headers.entries()), 'PagerDuty') ??
      new VendorError('bad_response', 'PagerDuty sent no JSON')
    );
  }
  return type === 'system' ? failureOf(error, signal, 'PagerDuty') : toVendorError(error);
}
