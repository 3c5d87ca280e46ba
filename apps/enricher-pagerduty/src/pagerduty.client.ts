import { isJsonObject, type JsonObject, type Subject } from '@iris/contracts';
import {
  type BulkItem,
  type Finding,
  loginKey,
  subjectOfAddress,
  type VendorCall,
  VendorError,
  type VendorSource,
} from '@iris/enricher-kit';
import {
  type Incident,
  type Oncall,
  oncallFinding,
  type PagerDutyUser,
  readIncident,
  readOncall,
  readServiceNames,
  readUser,
  usersOf,
} from './pagerduty.mapper.js';
import { PagerDutyRequests } from './pagerduty.requests.js';
import { type PagerDutySettings, pagerdutyCredentials } from './pagerduty.settings.js';
import { incidentRecord, readWebhook } from './pagerduty.webhook.js';

/** How far ahead shifts are read, in ms, to know when an answer ends because the next shift begins. */
const HORIZON_MS = 24 * 60 * 60 * 1000;

/** How long the list of users is used, in ms. */
const DIRECTORY_MS = 15 * 60 * 1000;
/** How long it is used at least, in ms, when somebody is on call who is not on it. */
const SHORT_DIRECTORY_MS = 60 * 1000;

/** On-call entries and open incidents, each by the id of the user. */
interface Duties {
  readonly oncalls: ReadonlyMap<string, readonly Oncall[]>;
  /** By the id of the escalation policy. */
  readonly services: ReadonlyMap<string, readonly string[]>;
  /** Undefined when incidents are not asked for. */
  readonly incidents?: ReadonlyMap<string, readonly Incident[]>;
}

/** Reads users, on-call entries and incidents through PagerDuty's SDK. */
export class PagerDutySource implements VendorSource {
  private readonly requests: PagerDutyRequests;
  private readonly withIncidents: boolean;
  /** All users, for bulk reads. */
  private directory?: { readonly users: readonly PagerDutyUser[]; readonly readAt: number };
  readonly webhook?: VendorSource['webhook'];

  constructor(settings: PagerDutySettings) {
    this.requests = new PagerDutyRequests({
      url: settings['pagerduty.url'],
      credentials: pagerdutyCredentials(settings),
      timeoutMs: settings['pagerduty.requestTimeoutMs'],
    });
    this.withIncidents = settings['pagerduty.incidents'];
    const secrets = settings['pagerduty.webhookSecrets'];
    if (secrets.length > 0) this.webhook = async (request) => readWebhook(request, secrets);
  }

  async lookup(subject: Subject, call: VendorCall): Promise<Finding> {
    const login = loginKey(subject);
    if ('refused' in login) return login.refused;
    const users = await this.users(login.key, call.signal);
    const [only] = users;
    if (only === undefined) return { status: 'NOT_FOUND', reason: 'subject_not_found' };
    if (users.length > 1) return { status: 'NOT_FOUND', reason: 'subject_ambiguous' };
    return finding(only.id, await this.duties([only.id], call), call.now);
  }

  /** Everybody, by the lists of users, of on-call entries and of open incidents. */
  async *bulk(call: VendorCall): AsyncGenerator<BulkItem> {
    this.directory = undefined;
    yield* this.everybody(call);
  }

  /** As `bulk`, by the users of the last whole read: who is on call changes far more often than who is there. */
  async *bulkSince(_since: number, call: VendorCall): AsyncGenerator<BulkItem> {
    yield* this.everybody(call);
  }

  /** The user and the incidents that the user has: who loses one is found by it. */
  recordsOf({ userId, incidents }: JsonObject): string[] {
    const records = typeof userId === 'string' ? [userId] : [];
    for (const incident of Array.isArray(incidents) ? incidents : []) {
      if (isJsonObject(incident) && typeof incident.number === 'number') records.push(incidentRecord(incident.number));
    }
    return records;
  }

  async close(): Promise<void> {
    await this.requests.close();
  }

  private async *everybody(call: VendorCall): AsyncGenerator<BulkItem> {
    const duties = await this.duties([], call);
    // Whole reads may be another replica's.
    const age = call.now - (this.directory?.readAt ?? Number.NEGATIVE_INFINITY);
    const listed = new Set(this.directory?.users.map(({ id }) => id));
    const isMissing = [...duties.oncalls.keys()].some((id) => !listed.has(id));
    if (this.directory === undefined || age > (isMissing ? SHORT_DIRECTORY_MS : DIRECTORY_MS)) {
      this.directory = { users: await this.allUsers(call.signal), readAt: call.now };
    }
    for (const user of this.directory.users) {
      const subject = subjectOfAddress(user.email);
      if (subject !== undefined) yield { subject, finding: finding(user.id, duties, call.now) };
    }
  }

  /** Those whom the list gives: in an account with more, the others are looked up when they are asked for. */
  private async allUsers(signal: AbortSignal): Promise<PagerDutyUser[]> {
    const users = [];
    for await (const entry of this.requests.list('/users', 'users', {}, signal, 'left_out')) {
      const user = readUser(entry);
      if (user !== undefined) users.push(user);
    }
    return users;
  }

  private async users(address: string, signal: AbortSignal) {
    const found = [];
    for await (const entry of this.requests.list('/users', 'users', { query: address }, signal)) {
      const user = readUser(entry);
      // A user without an address is nobody's.
      if (user !== undefined) found.push(user);
    }
    return usersOf(address, found);
  }

  /** @param userIds whose; everybody's when empty */
  private async duties(userIds: string[], call: VendorCall): Promise<Duties> {
    const [{ oncalls, services }, incidents] = await Promise.all([
      this.oncalls(userIds, call),
      this.withIncidents ? this.incidents(userIds, call.signal) : undefined,
    ]);
    return { oncalls, services, incidents };
  }

  /** The entries that are current or begin in the next hours. */
  private async oncalls(userIds: string[], call: VendorCall) {
    const oncalls = new Map<string, Oncall[]>();
    const services = new Map<string, string[]>();
    const query = {
      'user_ids[]': userIds,
      'include[]': ['escalation_policies'],
      since: new Date(call.now).toISOString(),
      until: new Date(call.now + HORIZON_MS).toISOString(),
    };
    for await (const entry of this.requests.list('/oncalls', 'oncalls', query, call.signal)) {
      const oncall = readOncall(entry);
      if (oncall === undefined) throw new VendorError('bad_response', 'PagerDuty sent an on-call entry without a time');
      add(oncalls, oncall.user.id, oncall);
      const names = isJsonObject(entry) ? readServiceNames(entry.escalation_policy) : undefined;
      if (names !== undefined) services.set(oncall.escalation_policy.id, names);
    }
    return { oncalls, services };
  }

  private async incidents(userIds: string[], signal: AbortSignal): Promise<Map<string, Incident[]>> {
    const incidents = new Map<string, Incident[]>();
    const query = {
      'user_ids[]': userIds,
      'statuses[]': ['triggered', 'acknowledged'],
      // Without it only the last month is read.
      date_range: 'all',
    };
    for await (const entry of this.requests.list('/incidents', 'incidents', query, signal)) {
      const incident = readIncident(entry);
      if (incident === undefined) throw new VendorError('bad_response', 'PagerDuty sent an incident without a number');
      for (const { assignee } of incident.assignments) add(incidents, assignee.id, incident);
    }
    return incidents;
  }
}

function finding(userId: string, duties: Duties, now: number): Finding {
  const facts = {
    userId,
    oncalls: duties.oncalls.get(userId) ?? [],
    services: duties.services,
    incidents: duties.incidents && (duties.incidents.get(userId) ?? []),
  };
  return { status: 'FOUND', ...oncallFinding(facts, now) };
}

function add<T>(lists: Map<string, T[]>, key: string, item: T): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [item]);
  else list.push(item);
}
