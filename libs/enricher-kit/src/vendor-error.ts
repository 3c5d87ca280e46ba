import type { ReasonId } from '@iris/contracts';

/**
 * Why a vendor gave no useful answer.
 *
 * - `unauthorized`: the credentials were refused, or lack a right: a configuration error
 * - `rate_limited`: the vendor asks to wait; `retryAfterMs` is the time, if known
 * - `unavailable`: no connection, or a 5xx
 * - `timeout`: no answer in time
 * - `bad_response`: an answer that cannot be trusted (no JSON, wrong shape, redirect, too large)
 * - `overloaded`: too many calls of this enricher wait already; the vendor was not asked
 * - `cancelled`: nobody waits for the answer any more
 * - `circuit_open`: the vendor failed repeatedly and is not asked for a while
 */
export type VendorErrorKind =
  | 'unauthorized'
  | 'rate_limited'
  | 'unavailable'
  | 'timeout'
  | 'bad_response'
  | 'overloaded'
  | 'cancelled'
  | 'circuit_open';

const REASON_OF_KIND: Readonly<Record<VendorErrorKind, ReasonId>> = {
  unauthorized: 'source_unauthorized',
  rate_limited: 'source_rate_limited',
  unavailable: 'source_unavailable',
  timeout: 'source_timeout',
  bad_response: 'source_bad_response',
  overloaded: 'source_overloaded',
  cancelled: 'source_cancelled',
  circuit_open: 'source_circuit_open',
};

/** The vendor did not answer usefully. The message is logged: it holds no credential, header or body. */
export class VendorError extends Error {
  override readonly name = 'VendorError';
  /** How long the vendor asks to wait, in ms. */
  readonly retryAfterMs?: number;

  constructor(
    readonly kind: VendorErrorKind,
    message: string,
    options: { readonly retryAfterMs?: number } = {},
  ) {
    super(message);
    this.retryAfterMs = options.retryAfterMs;
  }

  /** The reason id of the kind. */
  get reason(): ReasonId {
    return REASON_OF_KIND[this.kind];
  }
}

/** A kind from a text of another process; `unavailable` for one that is not known. */
export function vendorErrorKind(text: string): VendorErrorKind {
  return Object.hasOwn(REASON_OF_KIND, text) ? (text as VendorErrorKind) : 'unavailable';
}

/** Any error as a `VendorError`: one that is none is an unexpected error of the vendor's answer. */
export function toVendorError(error: unknown): VendorError {
  if (error instanceof VendorError) return error;
  return new VendorError('bad_response', error instanceof Error ? `unexpected ${error.name}` : 'unexpected error');
}

/** Why a signal was aborted: its own `VendorError`, `timeout` for one of `AbortSignal.timeout`, else `cancelled`. */
export function abortError(signal: AbortSignal): VendorError {
  const { reason } = signal;
  if (reason instanceof VendorError) return reason;
  const timedOut = reason instanceof DOMException && reason.name === 'TimeoutError';
  return timedOut
    ? new VendorError('timeout', 'no answer came in time')
    : new VendorError('cancelled', 'the call was cancelled');
}
