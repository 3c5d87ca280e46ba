import { abortError, VendorError } from '../vendor-error.js';
import { type HeaderMap, retryAfterHeaderMs, retryAfterMs } from './retry-after.js';

const TIMEOUT_CODES = new Set([
  'UND_ERR_CONNECT_TIMEOUT',
  'UND_ERR_HEADERS_TIMEOUT',
  'UND_ERR_BODY_TIMEOUT',
  'ETIMEDOUT',
]);

/**
 * Error of an unsuccessful status.
 *
 * @param who names the endpoint in the message, without path or query
 * @returns undefined for a 2xx
 */
export function statusError(status: number, headers: HeaderMap, who: string): VendorError | undefined {
  if (status >= 200 && status < 300) return undefined;
  const message = `${who} answered ${status}`;
  if (status === 401 || status === 403) return new VendorError('unauthorized', message);
  if (status === 408) return new VendorError('timeout', message);
  if (status === 429) {
    return new VendorError('rate_limited', message, { retryAfterMs: retryAfterMs(headers, Date.now()) });
  }
  if (status >= 500) {
    return new VendorError('unavailable', message, { retryAfterMs: retryAfterHeaderMs(headers, Date.now()) });
  }
  if (status < 400) return new VendorError('bad_response', `${message}: redirects are not followed`);
  return new VendorError('bad_response', message);
}

/** Error of a failed exchange: aborted, late, not well-formed, or no connection. */
export function failureOf(error: unknown, signal: AbortSignal, who: string): VendorError {
  if (error instanceof VendorError) return error;
  if (signal.aborted) return abortError(signal);
  const code = codeOf(error);
  if (TIMEOUT_CODES.has(code)) return new VendorError('timeout', `${who} did not answer in time (${code})`);
  if (code.startsWith('HPE_') || code.startsWith('Z_')) {
    return new VendorError('bad_response', `${who} sent an answer that cannot be read (${code})`);
  }
  return new VendorError('unavailable', `${who} cannot be reached${code === '' ? '' : ` (${code})`}`);
}

function codeOf(error: unknown): string {
  const code = (error as { code?: unknown } | undefined)?.code;
  return typeof code === 'string' ? code : '';
}
