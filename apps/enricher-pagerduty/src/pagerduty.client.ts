import { isJsonObject, type Subject } from '@iris/contracts';
import { type Finding, loginKey, type VendorCall, VendorError, type VendorSource } from '@iris/enricher-kit';
import {
  type Incident,
  type Oncall,
  oncallFinding,
  readIncident,
  readOncall,
  readServiceNames,
  readUser,
  usersOf,
} from './pagerduty.mapper.js';
import { PagerDutyRequests } from './pagerduty.requests.js';
import { type PagerDutySettings, pagerdutyCredentials } from './pagerduty.settings.js';

/** How far ahead shifts are read, in ms, to know when an answer ends because the next shift begins. */
const HORIZON_MS = 24 * 60 * 60 * 1000;

/** Reads users, on-call entries and incidents through PagerDuty's SDK. */
export class PagerDutySource implements VendorSource {
  private readonly requests: PagerDutyRequests;
  private readonly withIncidents: boolean;

  constructor(settings: PagerDutySettings) {
    this.requests = new PagerDutyRequests({
      url: settings['pagerduty.url'],
      credentials: pagerdutyCredentials(settings),
      timeoutMs: settings['pagerduty.requestTimeoutMs'],
    });
    this.withIncidents = settings['pagerduty.incidents'];
  }

  async lookup(subject: Subject, call: VendorCall): Promise<Finding> {
    const login = loginKey(subject);
    if ('refused' in login) return login.refused;
    const users = await this.users(login.key, call.signal);
    const [only] = users;
    if (only === undefined) return { status: 'NOT_FOUND', reason: 'subject_not_found' };
    if (users.length > 1) return { status: 'NOT_FOUND', reason: 'subject_ambiguous' };
    const [{ oncalls, services }, incidents] = await Promise.all([
      this.oncalls(call, only.id),
      this.withIncidents ? this.incidents(only.id, call.signal) : undefined,
    ]);
    return { status: 'FOUND', ...oncallFinding({ userId: only.id, oncalls, services, incidents }, call.now) };
  }

  async close(): Promise<void> {
    await this.requests.close();
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

  /** The entries of one person, those of the next hours too. */
  private async oncalls(call: VendorCall, userId: string) {
    const oncalls: Oncall[] = [];
    const services = new Map<string, string[]>();
    const query = {
      'user_ids[]': [userId],
      'include[]': ['escalation_policies'],
      since: new Date(call.now).toISOString(),
      until: new Date(call.now + HORIZON_MS).toISOString(),
    };
    for await (const entry of this.requests.list('/oncalls', 'oncalls', query, call.signal)) {
      const oncall = readOncall(entry);
      if (oncall === undefined) throw new VendorError('bad_response', 'PagerDuty sent an on-call entry without a time');
      if (oncall.user.id !== userId) continue;
      oncalls.push(oncall);
      const names = isJsonObject(entry) ? readServiceNames(entry.escalation_policy) : undefined;
      if (names !== undefined) services.set(oncall.escalation_policy.id, names);
    }
    return { oncalls, services };
  }

  private async incidents(userId: string, signal: AbortSignal): Promise<Incident[]> {
    const incidents: Incident[] = [];
    const query = {
      'user_ids[]': [userId],
      'statuses[]': ['triggered', 'acknowledged'],
      // Without it only the last month is read.
      date_range: 'all',
    };
    for await (const entry of this.requests.list('/incidents', 'incidents', query, signal)) {
      const incident = readIncident(entry);
      if (incident === undefined) throw new VendorError('bad_response', 'PagerDuty sent an incident without a number');
      incidents.push(incident);
    }
    return incidents;
  }
}
