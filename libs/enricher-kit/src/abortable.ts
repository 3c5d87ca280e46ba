import { abortError } from './vendor-error.js';

/**
 * A promise for one waiter, who may leave.
 *
 * @throws what the promise throws, or the signal's `VendorError` (else `cancelled`) once it is aborted
 */
export async function abortable<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return promise;
  // The waiter may leave before the promise fails; it then fails unseen.
  promise.catch(() => {});
  if (signal.aborted) throw abortError(signal);
  let leave: (() => void) | undefined;
  const left = new Promise<never>((_, reject) => {
    leave = () => reject(abortError(signal));
    signal.addEventListener('abort', leave, { once: true });
  });
  try {
    return await Promise.race([promise, left]);
  } finally {
    if (leave !== undefined) signal.removeEventListener('abort', leave);
  }
}
