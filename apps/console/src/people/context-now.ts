import type { Person } from '@iris/console-api';
import { keptEntries, type RedisConnection, readKeptAnswers, sourceOfField, usability } from '@iris/context-cache';
import type { JsonObject, PrincipalContext, SourceAnswer, SourceFacts, SourceId } from '@iris/contracts';
import { principalAttributes } from '@iris/decision';
import type { EvidenceRecord } from '@iris/evidence';
import { isSource } from '../decision/attributes.js';

/** What Redis has of people now. */
export class ContextNow {
  constructor(private readonly redis: RedisConnection | undefined) {}

  /** As `iris context show` prints it. */
  async read(person: string, showValues: boolean): Promise<Person['context']> {
    const answers = await this.answersOf(person);
    if (answers === undefined) return { status: 'unavailable', entries: [] };
    const entries = keptEntries(answers, Date.now()).map(({ attributes, ...entry }) => ({
      ...entry,
      source: sourceOfField(entry.field),
      names: Object.keys(attributes),
      ...(showValues ? { attributes } : {}),
    }));
    return { status: 'ok', entries };
  }

  /**
   * The attributes that the gateway would give to the PDP now, for the principal and the device of a record; undefined
   * when Redis has nothing that may be used.
   */
  async principalAttributes({ principal }: EvidenceRecord): Promise<JsonObject | undefined> {
    const answers = await this.answersOf(principal.id);
    if (answers === undefined) return undefined;
    const { kind, nodeId } = principal.attr as { kind?: string; nodeId?: string };
    const sources: Partial<Record<SourceId, SourceFacts>> = {};
    for (const [field, answer] of answers) {
      const source = sourceOfField(field);
      const isOfDevice = field.includes('/');
      if (!isSource(source) || (isOfDevice && field !== `${source}/${nodeId}`)) continue;
      const facts = factsNow(answer);
      if (facts !== undefined) sources[source as SourceId] = facts;
    }
    if (Object.keys(sources).length === 0) return undefined;
    const identity = { kind, id: principal.id, nodeId } as PrincipalContext['identity'];
    return principalAttributes({ identity, roles: principal.roles, sources }).attr;
  }

  private async answersOf(person: string): Promise<ReadonlyMap<string, SourceAnswer> | undefined> {
    return this.redis === undefined ? undefined : readKeptAnswers(this.redis, person);
  }
}

function factsNow(answer: SourceAnswer): SourceFacts | undefined {
  const now = Date.now();
  const state = usability(answer, now);
  if (state === 'expired' || answer.status === 'UNAVAILABLE') return undefined;
  const ageSeconds = Math.max(0, Math.floor((now - answer.observedAt) / 1000));
  if (answer.status === 'NOT_FOUND') {
    return { status: 'not_found', attributes: {}, reason: answer.reason, ageSeconds, origin: 'redis' };
  }
  return { status: state, attributes: answer.attributes, ageSeconds, origin: 'redis' };
}
