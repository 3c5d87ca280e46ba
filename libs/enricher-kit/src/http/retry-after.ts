/** Headers as undici and Node give them: names in lower case. */
export type HeaderMap = Readonly<Record<string, string | string[] | undefined>>;

/** Above this a reset header is a point in time (epoch s), below it a span (s). Vendors use both under one name. */
const EPOCH_SECONDS_THRESHOLD = 1_000_000_000;

const RESET_HEADERS = ['x-rate-limit-reset', 'x-ratelimit-reset', 'ratelimit-reset'] as const;

/**
 * How long a vendor asks to wait, in ms, by `Retry-After` (RFC 9110 section 10.2.3: seconds or an HTTP date). Of several
 * values the latest counts; one in the past gives 0.
 *
 * @param now epoch ms
 * @returns undefined when the header does not tell
 */
export function retryAfterHeaderMs(headers: HeaderMap, now: number): number | undefined {
  return latest(values(headers, 'retry-after').flatMap((value) => fromRetryAfter(value, now)));
}

/**
 * How long a vendor whose limit is used up asks to wait, in ms: by `Retry-After`, else by a rate-limit reset header.
 * Vendors send the latter with every answer, so it is ignored where the answer is not about the limit.
 *
 * @param now epoch ms
 * @returns undefined without such a header
 */
export function retryAfterMs(headers: HeaderMap, now: number): number | undefined {
  const resets = () => RESET_HEADERS.flatMap((name) => values(headers, name).flatMap((value) => fromReset(value, now)));
  return retryAfterHeaderMs(headers, now) ?? latest(resets());
}

function latest(waits: readonly number[]): number | undefined {
  return waits.length === 0 ? undefined : Math.max(0, ...waits);
}

function values(headers: HeaderMap, name: string): string[] {
  const value = headers[name];
  if (value === undefined) return [];
  return (Array.isArray(value) ? value : [value]).map((text) => text.trim());
}

function fromRetryAfter(value: string, now: number): number[] {
  if (/^\d+(\.\d+)?$/.test(value)) return [Math.ceil(Number(value) * 1000)];
  // Date.parse also reads bare numbers and other loose forms, so a weekday is asked for.
  const date = /^[A-Za-z]{3,9},? /.test(value) ? Date.parse(value) : Number.NaN;
  return Number.isNaN(date) ? [] : [date - now];
}

function fromReset(value: string, now: number): number[] {
  // Several combined headers are in one text separated by commas.
  return value
    .split(',')
    .map((part) => part.trim())
    .filter((part) => /^\d+(\.\d+)?$/.test(part))
    .map(Number)
    .map((seconds) => (seconds >= EPOCH_SECONDS_THRESHOLD ? seconds * 1000 - now : Math.ceil(seconds * 1000)));
}
