import type { SourceSettings } from '@iris/contracts';
import { zipfShares } from './zipf.js';

/** Load and vendors of one hour. */
export interface HourOfCalls {
  readonly decisions: number;
  readonly people: number;
  /** Calls of a memory cache for one person who is not known, and of the mesh. */
  readonly callsEach: number;
  readonly meshCallsEach: number;
  /** Calls of one bulk read of everybody, and of one of what has changed. */
  readonly callsOfBulk: { readonly everything: number; readonly changes: number };
}

/** When a source is read in bulk, in s. */
export interface BulkIntervals extends Pick<SourceSettings, 'freshSeconds' | 'bulkSeconds' | 'fullBulkSeconds'> {
  /** How often a bulk read writes every entry again. */
  readonly renewedSeconds: number;
}

const HOUR_SECONDS = 3600;
/** The gateway asks for a refresh while less than this share of the freshness is left. */
const REFRESH_AHEAD_SHARE = 0.25;

/** Calls of a memory cache in each of some replicas that share the load evenly. */
export function callsOfReplicas(hour: HourOfCalls, freshSeconds: number, replicas: number): number {
  return replicas * callsOfMemoryCache({ ...hour, decisions: hour.decisions / replicas }, freshSeconds);
}

/**
 * Calls of a memory cache in one process. Somebody with r decisions a second is asked about once for each life of an
 * entry and the wait for the next decision: r / (1 + r * life) times a second. People are drawn by Zipf's law.
 */
export function callsOfMemoryCache(hour: HourOfCalls, freshSeconds: number): number {
  return refreshesOf(hour, freshSeconds) * hour.callsEach;
}

/**
 * Calls of the mesh: the bulk reads, and the refreshes of people who are active between two of them, ahead of the end
 * of what the bulk read wrote.
 */
export function callsOfMesh(hour: HourOfCalls, source: BulkIntervals): number {
  const { everything, changes } = hour.callsOfBulk;
  if (source.bulkSeconds === 0) {
    return refreshesOf(hour, source.freshSeconds * (1 - REFRESH_AHEAD_SHARE)) * hour.meshCallsEach;
  }
  const whole = HOUR_SECONDS / Math.max(source.bulkSeconds, source.fullBulkSeconds);
  const runs = HOUR_SECONDS / source.bulkSeconds;
  const ofBulk = whole * everything + (runs - whole) * changes;
  const life = source.freshSeconds * (1 - REFRESH_AHEAD_SHARE);
  // Nothing ends between two renewals that are closer than an entry's life.
  const interval = source.renewedSeconds;
  const refreshes = life >= interval ? 0 : refreshesOf(hour, life) * hour.meshCallsEach * (1 - life / interval);
  return ofBulk + refreshes;
}

/** How often an entry ends and is asked for again in the hour, everybody together. */
function refreshesOf({ decisions, people }: HourOfCalls, lifeSeconds: number): number {
  return zipfShares(people).reduce((sum, share) => {
    const rate = (decisions * share) / HOUR_SECONDS;
    return sum + (rate / (1 + rate * lifeSeconds)) * HOUR_SECONDS;
  }, 0);
}
