import type { SourceId } from '@iris/contracts';
import { setGauge } from '@iris/telemetry';
import type { HeaderMap } from './retry-after.js';

/** Okta's names, then those of the IETF draft "RateLimit header fields for HTTP", which PagerDuty uses. */
const HEADERS = [
  ['x-rate-limit-remaining', 'x-rate-limit-limit'],
  ['ratelimit-remaining', 'ratelimit-limit'],
] as const;

/** Puts into the metrics the rate limit of a vendor's answer; an answer without one changes nothing. */
export function meterRateBudget(source: SourceId, headers: HeaderMap): void {
  for (const [remaining, limit] of HEADERS) {
    const share = amount(headers[remaining]) / amount(headers[limit]);
    if (Number.isFinite(share)) setGauge('iris.source.rate_budget_left', share, { source });
  }
}

function amount(value: string | string[] | undefined): number {
  return typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : Number.NaN;
}
