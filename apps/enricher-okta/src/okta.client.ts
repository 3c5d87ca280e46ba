import { CallBudget } from '@iris/context-cache';
import type { JsonObject, Subject } from '@iris/contracts';
import {
  type BulkItem,
  type Finding,
  failureOf,
  loginKey,
  type SourceTools,
  statusError,
  subjectOfAddress,
  toVendorError,
  type VendorCall,
  VendorError,
  type VendorSource,
} from '@iris/enricher-kit';
import { Client, type Collection } from '@okta/okta-sdk-nodejs';
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
import { type OktaSettings, oktaSignIn } from './okta.settings.js';

type NotFound = Extract<Finding, { status: 'NOT_FOUND' }>;

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

  async lookup(subject: Subject, call: VendorCall): Promise<Finding> {
    const login = loginKey(subject);
    if ('refused' in login) return login.refused;
    return this.ask(call.signal, async () => {
      const user = (await this.userByLogin(login.key)) ?? (await this.userByEmail(login.key));
      if ('reason' in user) return user;
      const groups = isLive(user, this.mapping) ? await this.groupsOf(user) : [];
      return {
        status: 'FOUND',
        attributes: userAttributes(user, groups, this.mapping),
        revision: user.lastUpdated,
      };
    });
  }

  /** The user's id, which stays when the login changes. */
  recordsOf({ id }: JsonObject): string[] {
    return typeof id === 'string' ? [id] : [];
  }

  /**
   * All users but those deactivated, by login. Groups are read by their members: far fewer requests than one for each
   * user.
   */
  async *bulk(call: VendorCall): AsyncGenerator<BulkItem> {
    const groupsOfUsers = await this.ask(call.signal, () => this.groupsByMember(), 'bulk');
    const list = () => this.client.userApi.listUsers({ limit: PAGE.users });
    yield* this.items(list, async ({ id }) => groupsOfUsers.get(id) ?? [], call);
  }

  /**
   * Users whose status or profile has changed, the deactivated ones too. A change of membership is no change of the
   * user: it comes by event hooks, refreshes and whole reads.
   */
  async *bulkSince(since: number, call: VendorCall): AsyncGenerator<BulkItem> {
    const filter = `lastUpdated gt "${new Date(since).toISOString()}"`;
    const list = () => this.client.userApi.listUsers({ filter, limit: PAGE.users });
    const groupsOf = async (user: OktaUser) => {
      if (!isLive(user, this.mapping)) return [];
      return this.ask(call.signal, () => this.groupsOf(user), 'bulk');
    };
    yield* this.items(list, groupsOf, call);
  }

  private async *items(
    list: () => Promise<Collection<unknown>>,
    groupsOf: (user: OktaUser) => Promise<readonly OktaGroup[]>,
    { signal }: VendorCall,
  ): AsyncGenerator<BulkItem> {
    const users = await this.ask(signal, list, 'bulk');
    for (;;) {
      const step = await this.ask(signal, () => users.next(), 'bulk');
      const user = readUser(step.value);
      if (user !== undefined) {
        const subject = subjectOfAddress(user.profile.login);
        const attributes = userAttributes(user, await groupsOf(user), this.mapping);
        if (subject !== undefined)
          yield { subject, finding: { status: 'FOUND', attributes, revision: user.lastUpdated } };
      } else if (step.value !== null && step.value !== undefined) {
        throw new VendorError('bad_response', 'Okta sent a user without id, status or login');
      }
      if (step.done) return;
    }
  }

  private async groupsByMember(): Promise<Map<string, OktaGroup[]>> {
    const groupsOfUsers = new Map<string, OktaGroup[]>();
    for await (const item of items(await this.client.groupApi.listGroups({ limit: PAGE.groups }))) {
      const group = readGroup(item);
      if (group === undefined || !isOktaId(group.id)) {
        throw new VendorError('bad_response', 'Okta sent a group without id, type or name');
      }
      if (!this.mapping.groupTypes.includes(group.type)) continue;
      const members = await this.client.groupApi.listGroupUsers({ groupId: group.id, limit: PAGE.members });
      for await (const member of items(members)) {
        const user = readUser(member);
        if (user === undefined) throw new VendorError('bad_response', 'Okta sent a member without id, status or login');
        const groups = groupsOfUsers.get(user.id);
        if (groups === undefined) groupsOfUsers.set(user.id, [group]);
        else groups.push(group);
      }
    }
    return groupsOfUsers;
  }

  private async userByLogin(login: string): Promise<OktaUser | undefined> {
    // Okta refuses a slash in this path even when it is encoded; the search finds such a user.
    if (login.includes('/')) return undefined;
    return this.user(login, login);
  }

  /**
   * The user of an e-mail address that is not the login. The search reads an index that lags behind, so it only finds
   * the id; the user is then read.
   */
  private async userByEmail(email: string): Promise<OktaUser | NotFound> {
    const escaped = email.replaceAll('\\', '\\\\').replaceAll('"', '\\"');
    const search = `profile.email eq "${escaped}"`;
    const found: OktaUser[] = [];
    for await (const item of items(await this.client.userApi.listUsers({ search }))) {
      const user = readUser(item);
      if (user === undefined) throw new VendorError('bad_response', 'Okta sent a user without id, status or login');
      if (hasAddress(user, email)) found.push(user);
    }
    const live = found.filter((user) => isLive(user, this.mapping));
    const candidates = live.length > 0 ? live : found;
    const [only] = candidates;
    if (only === undefined) return { status: 'NOT_FOUND', reason: 'subject_not_found' };
    if (candidates.length > 1) return { status: 'NOT_FOUND', reason: 'subject_ambiguous' };
    return (await this.user(only.id, email)) ?? { status: 'NOT_FOUND', reason: 'subject_not_found' };
  }

  /**
   * Reads one user.
   *
   * @param idOrLogin checked by the caller: the SDK puts `..` into the path as it is
   * @param address the address the user must have
   * @returns undefined when there is no such user
   */
  private async user(idOrLogin: string, address: string): Promise<OktaUser | undefined> {
    let payload: unknown;
    try {
      payload = await this.client.userApi.getUser({ userId: idOrLogin });
    } catch (error) {
      if ((error as { status?: unknown }).status === 404) return undefined;
      throw error;
    }
    const user = readUser(payload);
    if (user === undefined || !isOktaId(user.id)) {
      throw new VendorError('bad_response', 'Okta sent a user without id, status or login');
    }
    if (!hasAddress(user, address)) throw new VendorError('bad_response', 'Okta sent another user than asked for');
    return user;
  }

  private async groupsOf(user: OktaUser): Promise<OktaGroup[]> {
    const groups: OktaGroup[] = [];
    for await (const item of items(await this.client.userApi.listUserGroups({ userId: user.id }))) {
      const group = readGroup(item);
      if (group === undefined) throw new VendorError('bad_response', 'Okta sent a group without id, type or name');
      groups.push(group);
    }
    return groups;
  }

  private async ask<T>(signal: AbortSignal, calls: () => Promise<T>, lane: Lane = 'lookup'): Promise<T> {
    try {
      return await this.executor.within(signal, lane, calls);
    } catch (error) {
      throw asVendorError(error, signal);
    }
  }
}

/** Okta's ids are letters and digits; anything else in a path could name another resource. */
function isOktaId(id: string): boolean {
  return /^[A-Za-z0-9_-]+$/.test(id);
}

/** The items of all pages. An empty page with a next page gives a null in the SDK's iteration. */
async function* items<T>(collection: Collection<T>): AsyncGenerator<T> {
  for await (const item of collection as AsyncIterable<T | null>) {
    if (item !== null) yield item;
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
