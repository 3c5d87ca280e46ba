import type { JsonObject, SourceAnswer } from '@iris/contracts';
import { ContextReader } from './context-reader.js';
import { type Usability, usability } from './entry.js';
import type { RedisConnection } from './redis-connection.js';

/** What Redis has of a principal from one source, as it is shown to a person. */
export interface KeptEntry {
  /** Source, or `<source>/<node id>` for a device. */
  readonly field: string;
  readonly status: SourceAnswer['status'];
  readonly state: Usability;
  readonly ageSeconds: number;
  /** ISO 8601, UTC. */
  readonly observedAt: string;
  readonly freshUntil: string;
  readonly staleUntil: string;
  readonly reason?: string;
  readonly attributes: JsonObject;
}

/** What Redis has of a principal, by field; undefined when Redis gives no answer, which is not "nothing". */
export async function readKeptAnswers(
  redis: RedisConnection,
  principal: string,
): Promise<ReadonlyMap<string, SourceAnswer> | undefined> {
  const reader = new ContextReader({ redis, maxKeys: 1, l1Ms: 0 });
  const { entries, redis: state } = await reader.read(principal);
  reader.close();
  return state === 'unavailable' ? undefined : entries;
}

/** @param now epoch ms */
export function keptEntries(answers: ReadonlyMap<string, SourceAnswer>, now: number): KeptEntry[] {
  return [...answers].map(([field, answer]) => ({
    field,
    status: answer.status,
    state: usability(answer, now),
    ageSeconds: Math.max(0, Math.floor((now - answer.observedAt) / 1000)),
    observedAt: new Date(answer.observedAt).toISOString(),
    freshUntil: new Date(answer.freshUntil).toISOString(),
    staleUntil: new Date(answer.staleUntil).toISOString(),
    reason: answer.reason,
    attributes: answer.attributes,
  }));
}
