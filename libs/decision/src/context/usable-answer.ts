import { usability } from '@iris/context-cache';
import type { SourceAnswer, SourceFacts } from '@iris/contracts';

/** An entry that is used while less than this share of its freshness is left is read again ahead of its end. */
const REFRESH_AHEAD_SHARE = 0.25;

const ANSWERED_BY_STATUS = { fresh: 'fresh', stale: 'stale' } as const;

/** The facts of an answer; undefined when it may not be used any more, or is empty. */
export function usable(answer: SourceAnswer | undefined, origin: SourceFacts['origin']): SourceFacts | undefined {
  if (answer === undefined || answer.status === 'UNAVAILABLE') return undefined;
  const now = Date.now();
  const state = usability(answer, now);
  if (state === 'expired') return undefined;
  const ageSeconds = Math.max(0, Math.floor((now - answer.observedAt) / 1000));
  const { freshUntil, staleUntil, revision } = answer;
  const read = { ageSeconds, freshUntil, staleUntil, ...(revision === undefined ? {} : { revision }), origin };
  if (answer.status === 'NOT_FOUND') return { status: 'not_found', attributes: {}, reason: answer.reason, ...read };
  return { status: ANSWERED_BY_STATUS[state], attributes: answer.attributes, ...read };
}

/** Whether an entry is stale or soon will be. "Not found" is asked again only when it is needed again. */
export function isEnding(entry: SourceAnswer | undefined): boolean {
  if (entry?.status !== 'FOUND') return false;
  return entry.freshUntil - Date.now() < REFRESH_AHEAD_SHARE * (entry.freshUntil - entry.observedAt);
}
