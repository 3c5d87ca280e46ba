import { isJsonObject, type JsonObject, type Subject } from '@iris/contracts';
import {
  type BulkRead,
  type LookupResult,
  loginKey,
  subjectOfAddress,
  type VendorCall,
  VendorError,
  type VendorSource,
} from '@iris/enricher-kit';
import { type Directory, readDirectory } from './pagerduty.directory.js';
import { readDuties, type Scope } from './pagerduty.duties.js';
import { entriesOf } from './pagerduty.lists.js';
import { type PagerDutyUser, readUser, usersOf } from './pagerduty.mapper.js';
import { PagerDutyRequests } from './pagerduty.requests.js';
import { type PagerDutySettings, pagerdutyCredentials } from './pagerduty.settings.js';
import { incidentRecord, readWebhook } from './pagerduty.webhook.js';

/** How long the list of users is used, in ms. */
const DIRECTORY_MS = 15 * 60 * 1000;
/** How long it is used at least, in ms, when somebody is on call who is not on it. */
const SHORT_DIRECTORY_MS = 60 * 1000;

/** Reads users, on-call entries and incidents through PagerDuty's SDK. */
export class PagerDutySource implements VendorSource {
  private readonly requests: PagerDutyRequests;
  private readonly withIncidents: boolean;
  /** All users, for bulk reads. */
  private directory?: Directory & { readonly readAt: number };
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

  async lookup(subject: Subject, call: VendorCall): Promise<LookupResult> {
    const login = loginKey(subject);
    if ('refused' in login) return login.refused;
    const users = await this.users(login.key, call);
    const [only] = users;
    if (only === undefined) return { status: 'NOT_FOUND', reason: 'subject_not_found' };
    if (users.length > 1) return { status: 'NOT_FOUND', reason: 'subject_ambiguous' };
    return (await readDuties(this.scopeOf(call), [only.id], this.withIncidents)).resultFor(only.id, call.now);
  }

  /** Everybody, by the lists of users, of on-call entries and of open incidents. */
  async *bulk(call: VendorCall): BulkRead {
    this.directory = undefined;
    return yield* this.everybody(call);
  }

  /** As `bulk`, by the users of the last whole read: who is on call changes far more often than who is there. */
  async *bulkSince(_since: number, call: VendorCall): BulkRead {
    return yield* this.everybody(call);
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

  private async *everybody(call: VendorCall): BulkRead {
    const duties = await readDuties({ ...this.scopeOf(call), waits: true }, [], this.withIncidents);
    // Whole reads may be another replica's.
    const age = call.now - (this.directory?.readAt ?? Number.NEGATIVE_INFINITY);
    const listed = new Set(this.directory?.users.map(({ id }) => id));
    const isMissing = duties.usersOnCall.some((id) => !listed.has(id));
    if (this.directory === undefined || age > (isMissing ? SHORT_DIRECTORY_MS : DIRECTORY_MS)) {
      const directory = await readDirectory({ ...this.scopeOf(call), waits: true });
      this.directory = { ...directory, readAt: call.now };
    }
    const { users, complete } = this.directory;
    for (const user of users) {
      const subject = subjectOfAddress(user.email);
      if (subject !== undefined) {
        yield { subject, result: duties.resultFor(user.id, call.now), partial: duties.isPartial(user.id) };
      }
    }
    return { complete };
  }

  private async users(address: string, call: VendorCall): Promise<PagerDutyUser[]> {
    const found: PagerDutyUser[] = [];
    let odd = false;
    const options = { ...this.scopeOf(call), path: '/users', name: 'users', query: { query: address } };
    for await (const entry of entriesOf(options)) {
      const user = readUser(entry);
      if (user === undefined) odd = true;
      else found.push(user);
    }
    const users = usersOf(address, found);
    // The search finds parts of names too, so one that is not understood need not be the person.
    if (odd && users.length === 0) throw new VendorError('bad_response', 'PagerDuty sent a user without id or address');
    return users;
  }

  private scopeOf({ signal, now, leftOut }: VendorCall): Scope {
    return { get: (path, query) => this.requests.get(path, query, signal), signal, now, leftOut };
  }
}
