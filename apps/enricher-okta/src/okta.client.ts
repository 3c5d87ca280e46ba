import { CallBudget } from '@iris/context-cache';
import type { JsonObject, Subject } from '@iris/contracts';
import {
  type BulkItem,
  type BulkRead,
  failureOf,
  type LookupResult,
  loginKey,
  pagedRows,
  type SourceTools,
  sameAddress,
  statusError,
  subjectOfAddress,
  toVendorError,
  type VendorCall,
  VendorError,
  type VendorSource,
} from '@iris/enricher-kit';
import { Client, type Collection } from '@okta/okta-sdk-nodejs';
import { emailSubject, OktaAddresses, userOfAddress } from './okta.addresses.js';
import { readEventHook } from './okta.event-hook.js';
import { headerMap, type Lane, OktaExecutor } from './okta.executor.js';
import {
  hasAddress,
  isLive,
  type OktaGroup,
  type OktaMapping,
  type OktaUser,
  readGroup,
  readUser,
  userAttributes,
} from './okta.mapper.js';
import { idOf, Memberships } from './okta.memberships.js';
import { type OktaSettings, oktaSignIn } from './okta.settings.js';

type NotFound = Extract<LookupResult, { status: 'NOT_FOUND' }>;

/** A login that Okta takes in a path without encoding. */
const PLAIN_LOGIN = /^[\w.@-]+$/;
/** Largest pages of users, groups and members that Okta gives. */
const PAGE = { users: 200, groups: 200, members: 1000 };

/** Reads users and groups through Okta's SDK. */
export class OktaSource implements VendorSource {
  private readonly executor: OktaExecutor;
  private readonly client: Client;
  private readonly mapping: OktaMapping;
  readonly webhook?: VendorSource['webhook'];

  constructor(settings: OktaSettings, tools?: SourceTools) {
    this.executor = new OktaExecutor({
      orgUrl: settings['okta.url'],
      requestTimeoutMs: settings['okta.requestTimeoutMs'],
      budget: tools?.budget ?? new CallBudget(),
      reserves: {
        lookup: settings['okta.reservePercent'] / 100,
        bulk: settings['okta.bulkReservePercent'] / 100,
      },
    });
    this.client = createClient(settings, this.executor);
    this.mapping = {
      liveStatuses: settings['okta.liveStatuses'],
      groupTypes: settings['okta.groupTypes'],
      managerField: settings['okta.managerField'],
    };
    const secret = settings['okta.hookAuthorization'];
    if (secret !== undefined) this.webhook = async (request) => readEventHook(request, secret);
  }

  async lookup(subject: Subject, call: VendorCall): Promise<LookupResult> {
    const login = loginKey(subject);
    if ('refused' in login) return login.refused;
    const { signal } = call;
    const user = (await this.userByLogin(login.key, signal)) ?? (await this.userByEmail(login.key, signal));
    if ('reason' in user) return user;
    const groups = isLive(user, this.mapping) ? await this.groupsOf(user, signal) : [];
    return { status: 'FOUND', attributes: userAttributes(user, groups, this.mapping), revision: user.lastUpdated };
  }

  /** The user's id, which stays when the login changes. */
  recordsOf({ id }: JsonObject): string[] {
    return typeof id === 'string' ? [id] : [];
  }

  /**
   * All users, those deactivated too, by login, and by e-mail where that differs and leads to one user. Groups are read
   * by their members: far fewer requests than one for each user. A user that is not understood is left out.
   */
  async *bulk(call: VendorCall): BulkRead {
    const memberships = await this.memberships(call);
    const addresses = new OktaAddresses(this.mapping);
    let leftOut = 0;
    for await (const row of this.allUsers(call.signal)) {
      const user = readUser(row);
      if (user === undefined) {
        leftOut += 1;
        call.leftOut?.('users', idOf(row));
        continue;
      }
      const item = this.item(user, memberships.groupsOf(user.id));
      const subject = subjectOfAddress(user.profile.login);
      if (subject !== undefined) yield { subject, ...item };
      addresses.add(user, item);
    }
    // One that is left out may have any address.
    if (leftOut === 0) yield* addresses.items();
  }

  /**
   * Users whose status or profile has changed, the deactivated ones too. A change of membership is no change of the
   * user: it comes by event hooks, refreshes and whole reads.
   */
  async *bulkSince(since: number, call: VendorCall): BulkRead {
    const filter = `lastUpdated gt "${new Date(since).toISOString()}"`;
    const list = () => this.client.userApi.listUsers({ filter, limit: PAGE.users });
    for await (const row of this.list('users', list, call.signal, 'bulk')) {
      const user = readUser(row);
      if (user === undefined) {
        call.leftOut?.('users', idOf(row));
        continue;
      }
      const groups = isLive(user, this.mapping) ? await this.groupsOf(user, call.signal, 'bulk') : [];
      const item = this.item(user, groups);
      const byLogin = subjectOfAddress(user.profile.login);
      if (byLogin !== undefined) yield { subject: byLogin, ...item };
      const byEmail = emailSubject(user);
      if (byEmail !== undefined && (await this.leadsTo(byEmail.principal, user, call.signal))) {
        yield { subject: byEmail, ...item };
      }
    }
  }

  private item(user: OktaUser, groups: readonly OktaGroup[] | undefined): Omit<BulkItem, 'subject'> {
    const attributes = userAttributes(user, groups, this.mapping);
    return { result: { status: 'FOUND', attributes, revision: user.lastUpdated }, partial: groups === undefined };
  }

  /** Without a filter Okta leaves deactivated users out. */
  private async *allUsers(signal: AbortSignal): AsyncGenerator<unknown> {
    const limit = PAGE.users;
    yield* this.list('users', () => this.client.userApi.listUsers({ limit }), signal, 'bulk');
    const filter = 'status eq "DEPROVISIONED"';
    yield* this.list('users', () => this.client.userApi.listUsers({ filter, limit }), signal, 'bulk');
  }

  /** The members of all groups that count. Where a group or a member is not understood, groups are not known. */
  private async memberships({ signal, leftOut }: VendorCall): Promise<Memberships> {
    const memberships = new Memberships();
    const groups = () => this.client.groupApi.listGroups({ limit: PAGE.groups });
    for await (const row of this.list('groups', groups, signal, 'bulk')) {
      const group = readGroup(row);
      if (group !== undefined && !this.mapping.groupTypes.includes(group.type)) continue;
      const groupId = idOf(row);
      if (group === undefined || groupId === undefined) leftOut?.('groups', groupId);
      if (groupId === undefined) {
        memberships.loseAll();
        continue;
      }
      const members = () => this.client.groupApi.listGroupUsers({ groupId, limit: PAGE.members });
      for await (const member of this.list('members of a group', members, signal, 'bulk')) {
        const userId = idOf(member);
        if (userId === undefined) leftOut?.('members of a group');
        memberships.add(userId, group);
      }
    }
    return memberships;
  }

  /** Okta refuses a slash in this path even when it is encoded; the search finds a login of any characters. */
  private async userByLogin(login: string, signal: AbortSignal): Promise<OktaUser | undefined> {
    const byPath = login.includes('/') ? undefined : await this.user(login, login, signal);
    if (byPath !== undefined || PLAIN_LOGIN.test(login)) return byPath;
    const found = (await this.search('profile.login', login, signal)).filter(({ profile }) =>
      sameAddress(profile.login, login),
    );
    const [only] = found;
    if (only === undefined) return undefined;
    if (found.length > 1) throw new VendorError('bad_response', 'Okta sent several users of one login');
    return this.user(only.id, login, signal);
  }

  /** The user of an e-mail address that is not the login. */
  private async userByEmail(email: string, signal: AbortSignal): Promise<OktaUser | NotFound> {
    const found = (await this.search('profile.email', email, signal)).filter((user) => hasAddress(user, email));
    const only = userOfAddress(found, this.mapping);
    if (only === undefined) return { status: 'NOT_FOUND', reason: 'subject_not_found' };
    if (only === 'ambiguous') return { status: 'NOT_FOUND', reason: 'subject_ambiguous' };
    return (await this.user(only.id, email, signal)) ?? { status: 'NOT_FOUND', reason: 'subject_not_found' };
  }

  /** Whether a lookup by this e-mail address leads to the user. */
  private async leadsTo(email: string, user: OktaUser, signal: AbortSignal): Promise<boolean> {
    const found = await this.userByLogin(email, signal);
    const other = found ?? (await this.userByEmail(email, signal));
    return !('reason' in other) && other.id === user.id;
  }

  /** The search reads an index that lags behind, so it only finds ids; the user is then read. */
  private async search(field: 'profile.login' | 'profile.email', value: string, signal: AbortSignal) {
    const escaped = value.replaceAll('\\', '\\\\').replaceAll('"', '\\"');
    const list = () => this.client.userApi.listUsers({ search: `${field} eq "${escaped}"` });
    const found: OktaUser[] = [];
    for await (const row of this.list('users', list, signal)) {
      const user = readUser(row);
      if (user === undefined) throw new VendorError('bad_response', 'Okta sent a user without id, status or login');
      found.push(user);
    }
    return found;
  }

  /**
   * Reads one user.
   *
   * @param idOrLogin checked by the caller: the SDK puts `..` into the path as it is
   * @param address the address the user must have
   * @returns undefined when there is no such user
   */
  private async user(idOrLogin: string, address: string, signal: AbortSignal): Promise<OktaUser | undefined> {
    const payload = await this.ask(signal, () =>
      this.client.userApi.getUser({ userId: idOrLogin }).catch((error: { status?: unknown }) => {
        if (error.status === 404) return undefined;
        throw error;
      }),
    );
    if (payload === undefined) return undefined;
    const user = readUser(payload);
    if (user === undefined || idOf(user) === undefined) {
      throw new VendorError('bad_response', 'Okta sent a user without id, status or login');
    }
    if (!hasAddress(user, address)) throw new VendorError('bad_response', 'Okta sent another user than asked for');
    return user;
  }

  private async groupsOf(user: OktaUser, signal: AbortSignal, lane: Lane = 'lookup'): Promise<OktaGroup[]> {
    const groups: OktaGroup[] = [];
    const list = () => this.client.userApi.listUserGroups({ userId: user.id });
    for await (const row of this.list('groups', list, signal, lane)) {
      const group = readGroup(row);
      if (group === undefined) throw new VendorError('bad_response', 'Okta sent a group without id, type or name');
      groups.push(group);
    }
    return groups;
  }

  /** The rows of all pages, by Okta's cursors. */
  private list(
    list: string,
    open: () => Promise<Collection<unknown>>,
    signal: AbortSignal,
    lane: Lane = 'lookup',
  ): AsyncGenerator<unknown> {
    let collection: Collection<unknown> | undefined;
    const read = () =>
      this.ask(
        signal,
        async () => {
          collection ??= await open();
          const rows = await collection.getNextPage();
          return { rows, next: (collection as { nextUri?: string }).nextUri };
        },
        lane,
      );
    return pagedRows({ list: `${list} of Okta`, first: '', read, keyOf: idOf, signal, waits: lane === 'bulk' });
  }

  private async ask<T>(signal: AbortSignal, calls: () => Promise<T>, lane: Lane = 'lookup'): Promise<T> {
    try {
      return await this.executor.within(signal, lane, calls);
    } catch (error) {
      throw asVendorError(error, signal);
    }
  }
}

/**
 * Every key is given, an empty one too: the SDK fills missing keys from `okta.yaml` files and `OKTA_CLIENT_*`
 * variables. The SDK's cache is off: it has no time limit and keeps a suspended user active.
 */
function createClient(settings: OktaSettings, executor: OktaExecutor): Client {
  const signIn = oktaSignIn(settings);
  const key = signIn.mode === 'PrivateKey' ? signIn : undefined;
  return new Client({
    orgUrl: settings['okta.url'],
    authorizationMode: signIn.mode,
    token: signIn.mode === 'SSWS' ? signIn.token : '',
    clientId: key?.clientId ?? '',
    privateKey: key?.privateKey ?? '',
    keyId: key?.keyId ?? '',
    scopes: key === undefined ? [] : [...key.scopes],
    requestExecutor: executor,
    cacheMiddleware: null,
  });
}

/** The SDK's and node-fetch's errors by what they mean. Their messages hold bodies and URLs, so they are not kept. */
function asVendorError(error: unknown, signal: AbortSignal): VendorError {
  if (error instanceof VendorError) return error;
  const { status, headers, type } = error as { status?: unknown; headers?: unknown; type?: unknown };
  if (typeof status === 'number') {
    const fault = statusError(status, headerMap({ headers } as Parameters<typeof headerMap>[0]), 'Okta');
    if (fault !== undefined) return fault;
  }
  if (signal.aborted || type === 'system') return failureOf(error, signal, 'Okta');
  if (type === 'request-timeout' || type === 'body-timeout') {
    return new VendorError('timeout', 'Okta did not answer in time');
  }
  return toVendorError(error);
}
