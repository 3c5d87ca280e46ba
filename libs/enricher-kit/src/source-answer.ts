import { type ReasonId, type SourceAnswer, type SourceSettings, withoutNulls } from '@iris/contracts';
import type { LookupResult } from './enricher-definition.js';

type Limits = Pick<SourceSettings, 'freshSeconds' | 'staleSeconds' | 'notFoundSeconds'>;

/**
 * A result as an answer with its limits: fresh and stale by the registry, but never past the end of a fact in it;
 * "not found" as long as the registry allows, and never stale.
 *
 * @param askedAt epoch ms before the vendor was asked, so that a change made meanwhile counts as later
 */
export function answerOf(result: LookupResult, limits: Limits, askedAt: number): SourceAnswer {
  if (result.status === 'NOT_FOUND') {
    const until = askedAt + limits.notFoundSeconds * 1000;
    return {
      status: 'NOT_FOUND',
      attributes: {},
      observedAt: askedAt,
      freshUntil: until,
      staleUntil: until,
      reason: result.reason,
    };
  }
  const endsAt = Math.floor(result.endsAt ?? Number.POSITIVE_INFINITY);
  // A part that was read earlier makes the answer as old as that part; how soon it is read again goes by the call.
  const observedAt = Math.min(askedAt, result.readAt ?? askedAt);
  const freshUntil = Math.min(askedAt + limits.freshSeconds * 1000, endsAt);
  const staleUntil = Math.min(observedAt + limits.staleSeconds * 1000, endsAt);
  return {
    status: 'FOUND',
    attributes: withoutNulls(result.attributes),
    observedAt,
    freshUntil: Math.min(freshUntil, staleUntil),
    staleUntil,
    revision: result.revision,
  };
}

/** The answer when there is none. Never kept: its times are all the present. */
export function unavailableAnswer(reason: ReasonId, now: number): SourceAnswer {
  return { status: 'UNAVAILABLE', attributes: {}, observedAt: now, freshUntil: now, staleUntil: now, reason };
}
