/** Headers as undici and Node give them: names in lower case. */
export type HeaderMap = Readonly<Record<string, string | string[] | undefined>>;

/** Above this a reset header is a point in time (epoch s), below it a span (s). Vendors use both under one name. */
const EPOCH_SECONDS_THRESHOLD = 1_000_000_000;

const RESET_HEADERS = ['x-rate-limit-reset', 'x-ratelimit-reset', 'ratelimit-reset'] as const;

/**
 * How long a vendor asks to wait, in ms, from `Retry-After` (RFC 9110 section 10.2.3: seconds or an HTTP date), else
 * from a rate-limit reset header. Of several values the latest counts; one in the past gives 0.
 *
 * @param now epoch ms
 * @returns undefined when no header tells
 */
export function retryAfterMs(headers: HeaderMap, now: number): number | undefined {
  const waits = values(headers, 'retry-after').flatMap((value) => fromRetryAfter(value, now));
  if (waits.length === 0) {
    for (const name of RESET_HEADERS) waits.push(...values(headers, name).flatMap((value) => fromReset(value, now)));
  }
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
  // Several combined headers stand in one text separated by commas.
  return value
    .split(',')
    .map((part) => part.trim())
    .filter((part) => /^\d+(\.\d+)?$/.test(part))
    .map(Number)
    .map((seconds) => (seconds >= EPOCH_SECONDS_THRESHOLD ? seconds * 1000 - now : Math.ceil(seconds * 1000)));
}
