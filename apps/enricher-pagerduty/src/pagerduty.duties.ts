import { isJsonObject } from '@iris/contracts';
import { type LookupResult, type VendorCall, VendorError } from '@iris/enricher-kit';
import { entriesByKeys, entriesOf, type Get, idOf, ListTooLong } from './pagerduty.lists.js';
import {
  assigneesOf,
  type Incident,
  type Oncall,
  oncallFinding,
  readIncident,
  readOncall,
  readServiceNames,
  userOf,
} from './pagerduty.mapper.js';

/** How far ahead shifts are read, in ms, to know when an answer ends because the next shift begins. */
const HORIZON_MS = 24 * 60 * 60 * 1000;

/** What a read of lists needs. */
export interface Scope extends Pick<VendorCall, 'signal' | 'now' | 'leftOut'> {
  readonly get: Get;
  /** Whether a rate limit is waited for: in bulk reads. */
  readonly waits?: boolean;
}

/** Entries by the id of the user, and whose entries are not all understood. */
class ByUser<T> {
  readonly entries = new Map<string, T[]>();
  private readonly partial = new Set<string>();
  private allPartial = false;

  add(userId: string, entry: T): void {
    const list = this.entries.get(userId);
    if (list === undefined) this.entries.set(userId, [entry]);
    else list.push(entry);
  }

  /** An entry of these users is not understood; of anybody when undefined. */
  lose(userIds: readonly string[] | undefined): void {
    if (userIds === undefined) this.allPartial = true;
    for (const id of userIds ?? []) this.partial.add(id);
  }

  of(userId: string): readonly T[] {
    return this.entries.get(userId) ?? [];
  }

  isPartial(userId: string): boolean {
    return this.allPartial || this.partial.has(userId);
  }
}

/**
 * On-call entries and open incidents of some users, or of everybody. An entry that is not understood ends a lookup; in
 * a read of everybody it leaves out the facts that it may change.
 */
export class Duties {
  constructor(
    private readonly oncalls: ByUser<Oncall>,
    /** By the id of the escalation policy. */
    private readonly services: ReadonlyMap<string, readonly string[]>,
    /** Undefined when incidents are not asked for. */
    private readonly incidents: ByUser<Incident> | undefined,
  ) {}

  /** Ids of all who have an entry. */
  get usersOnCall(): string[] {
    return [...this.oncalls.entries.keys()];
  }

  isPartial(userId: string): boolean {
    return this.oncalls.isPartial(userId) || this.incidents?.isPartial(userId) === true;
  }

  resultFor(userId: string, now: number): LookupResult {
    const facts = {
      userId,
      oncalls: this.oncalls.of(userId),
      oncallsPartial: this.oncalls.isPartial(userId),
      services: this.services,
      incidents: this.incidents?.isPartial(userId) ? undefined : this.incidents?.of(userId),
    };
    return { status: 'FOUND', ...oncallFinding(facts, now) };
  }
}

/** @param userIds whose; everybody's when empty */
export async function readDuties(scope: Scope, userIds: readonly string[], withIncidents: boolean): Promise<Duties> {
  const [{ oncalls, services }, incidents] = await Promise.all([
    readOncalls(scope, userIds),
    withIncidents ? readIncidents(scope, userIds) : undefined,
  ]);
  return new Duties(oncalls, services, incidents);
}

/** The entries that are current or begin in the next hours. */
async function readOncalls(scope: Scope, userIds: readonly string[]) {
  const oncalls = new ByUser<Oncall>();
  const services = new Map<string, readonly string[]>();
  for await (const entry of oncallEntries(scope, userIds)) {
    const oncall = readOncall(entry);
    if (oncall === undefined) {
      const userId = userOf(entry);
      if (userIds.length > 0 && userId !== null) {
        throw new VendorError('bad_response', 'PagerDuty sent an on-call entry that is not understood');
      }
      scope.leftOut?.('oncalls', isJsonObject(entry) ? idOf(entry.escalation_policy) : undefined);
      if (userId !== null) oncalls.lose(userId === undefined ? undefined : [userId]);
      continue;
    }
    oncalls.add(oncall.user.id, oncall);
    const names = isJsonObject(entry) ? readServiceNames(entry.escalation_policy) : undefined;
    if (names !== undefined) services.set(oncall.escalation_policy.id, names);
  }
  return { oncalls, services };
}

/** An account with more entries than PagerDuty gives in one list is read by escalation policy. */
async function* oncallEntries(scope: Scope, userIds: readonly string[]): AsyncGenerator<unknown> {
  const query = {
    'user_ids[]': userIds,
    'include[]': ['escalation_policies'],
    since: new Date(scope.now).toISOString(),
    until: new Date(scope.now + HORIZON_MS).toISOString(),
  };
  const options = { ...scope, path: '/oncalls', name: 'oncalls', query };
  const entries: unknown[] = [];
  try {
    for await (const entry of entriesOf(options)) entries.push(entry);
  } catch (error) {
    if (!(error instanceof ListTooLong) || userIds.length > 0) throw error;
    yield* entriesByKeys(options, 'escalation_policy_ids[]', await policyIds(scope));
    return;
  }
  yield* entries;
}

async function policyIds(scope: Scope): Promise<string[]> {
  const path = '/escalation_policies';
  const ids: string[] = [];
  for await (const policy of entriesOf({ ...scope, path, name: 'escalation_policies', query: {} })) {
    const id = idOf(policy);
    if (id !== undefined) ids.push(id);
  }
  return ids;
}

async function readIncidents(scope: Scope, userIds: readonly string[]): Promise<ByUser<Incident>> {
  const incidents = new ByUser<Incident>();
  const query = {
    'user_ids[]': userIds,
    'statuses[]': ['triggered', 'acknowledged'],
    // Without it only the last month is read.
    date_range: 'all',
  };
  try {
    for await (const entry of entriesOf({ ...scope, path: '/incidents', name: 'incidents', query })) {
      const incident = readIncident(entry);
      if (incident === undefined && userIds.length > 0) {
        throw new VendorError('bad_response', 'PagerDuty sent an incident that is not understood');
      }
      if (incident === undefined) {
        scope.leftOut?.('incidents', idOf(entry));
        incidents.lose(assigneesOf(entry));
      }
      for (const { assignee } of incident?.assignments ?? []) incidents.add(assignee.id, incident as Incident);
    }
  } catch (error) {
    if (!(error instanceof ListTooLong)) throw error;
    scope.leftOut?.('incidents (too many)');
    incidents.lose(undefined);
  }
  return incidents;
}
