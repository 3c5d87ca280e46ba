import {
  AccessTokens,
  type ApiBehaviour,
  baseUrlOf,
  type Company,
  pathParameter,
  queryOf,
  RateLimiter,
  type SandboxClock,
  wholeNumber,
} from '@iris/simulation';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { isRefusal, OktaAccess, type OktaCredentials } from './okta-access.js';
import { following, linkHeader, oktaError, pageOf } from './okta-answers.js';
import { directoryOf, groupRecord, type OktaGroup, type OktaPerson, userId, userRecord } from './okta-records.js';
import { FilterSyntaxError, matchesFilter, parseFilter } from './scim-filter.js';
import { findPeople, InvalidUserQueryError } from './user-query.js';

/** An org's limits: requests per minute for each bucket, and at one time. */
const REQUESTS_PER_MINUTE = 600;
const MOST_AT_ONCE = 75;

/** Simulates an Okta org: Users, Groups and the org authorization server's token endpoint. */
export function oktaBehaviour(company: Company, clock: SandboxClock, credentials: OktaCredentials): ApiBehaviour {
  const access = new OktaAccess(credentials, new AccessTokens(clock, 'eyJ.sandbox.'));
  return {
    vendor: 'okta',
    limiter: new RateLimiter(REQUESTS_PER_MINUTE, 60_000),
    mostAtOnce: MOST_AT_ONCE,
    limitBucket: (request) => request.routeOptions.url,
    limitHeaders: (state) => ({
      'x-rate-limit-limit': String(state.limit),
      'x-rate-limit-remaining': String(state.remaining),
      'x-rate-limit-reset': String(Math.ceil(state.resetAt / 1000)),
    }),
    rateLimited: () => oktaError(429, 'E0000047', 'API call exceeded rate limit due to too many requests.'),
    notFound: () => oktaError(404, 'E0000022', 'The endpoint does not support the provided HTTP method'),
    serverError: (status) => oktaError(status, 'E0000009', 'Internal Server Error'),
    register: (app) => new OktaRoutes(company, access).register(app),
  };
}

class OktaRoutes {
  constructor(
    readonly company: Company,
    readonly access: OktaAccess,
  ) {}

  register(app: FastifyInstance): void {
    app.post('/oauth2/v1/token', async (request, reply) => {
      const answer = this.access.grant(request);
      reply.header('cache-control', 'no-store');
      if (!isRefusal(answer)) return answer;
      const { status, ...body } = answer;
      return reply.code(status).send(body);
    });

    const users = { preHandler: this.#demand('okta.users.read') };
    const groups = { preHandler: this.#demand('okta.groups.read') };
    app.get('/api/v1/users', users, (request, reply) => this.#listUsers(request, reply));
    app.get('/api/v1/users/:id', users, (request, reply) => this.#getUser(request, reply));
    app.get('/api/v1/users/:id/groups', groups, (request, reply) => this.#listUserGroups(request, reply));
    app.get('/api/v1/groups', groups, (request, reply) => this.#listGroups(request, reply));
    app.get('/api/v1/groups/:id', groups, (request, reply) => this.#getGroup(request, reply));
    app.get('/api/v1/groups/:id/users', groups, (request, reply) => this.#listMembers(request, reply));
  }

  #demand(scope: string) {
    return async (request: FastifyRequest, reply: FastifyReply) => {
      const scopes = this.access.scopesOf(request);
      if (scopes === undefined) return answer(reply, oktaError(401, 'E0000011', 'Invalid token provided'));
      if (scopes.includes(scope)) return;
      return answer(
        reply,
        oktaError(403, 'E0000006', 'You do not have permission to perform the requested action', {
          'www-authenticate': `Bearer authorization_uri="${baseUrlOf(request)}/oauth2/v1/authorize", error="insufficient_scope", scope="${scope}"`,
        }),
      );
    };
  }

  async #listUsers(request: FastifyRequest, reply: FastifyReply): Promise<unknown> {
    const query = queryOf(request);
    const limit = Math.min(200, wholeNumber(query, 'limit', query.has('q') ? 10 : 200));
    if (!(limit > 0)) return answer(reply, oktaError(400, 'E0000001', 'Api validation failed: limit'));
    try {
      const found = findPeople(directoryOf(this.company), query, baseUrlOf(request));
      return this.#sendPage(request, reply, found, userId, limit, (person) => userRecord(person, baseUrlOf(request)));
    } catch (error) {
      if (!(error instanceof FilterSyntaxError || error instanceof InvalidUserQueryError)) throw error;
      return answer(reply, oktaError(400, 'E0000031', `Invalid search criteria. ${error.message}`));
    }
  }

  async #getUser(request: FastifyRequest, reply: FastifyReply): Promise<unknown> {
    const key = pathParameter(request, 'id');
    if (key.includes('/')) {
      return answer(reply, oktaError(405, 'E0000022', 'The endpoint does not support the provided HTTP method'));
    }
    if (key === 'me') return serviceAccount(baseUrlOf(request));
    const person = this.#user(key);
    return person === undefined ? notFound(reply, key, 'User') : userRecord(person, baseUrlOf(request));
  }

  async #listUserGroups(request: FastifyRequest, reply: FastifyReply): Promise<unknown> {
    const key = pathParameter(request, 'id');
    const person = this.#user(key);
    if (person === undefined) return notFound(reply, key, 'User');
    const { groups } = directoryOf(this.company);
    const own = person.okta.groups.map((groupKey) => groups.get(groupKey)).filter((group) => group !== undefined);
    return this.#sendGroups(request, reply, own, 200);
  }

  async #listGroups(request: FastifyRequest, reply: FastifyReply): Promise<unknown> {
    const query = queryOf(request);
    let groups = [...directoryOf(this.company).groups.values()];
    const prefix = query.get('q')?.toLowerCase();
    if (prefix) groups = groups.filter((group) => group.name.toLowerCase().startsWith(prefix));
    const filter = query.get('search') ?? query.get('filter');
    try {
      const expression = filter ? parseFilter(filter) : undefined;
      if (expression) groups = groups.filter((group) => matchesFilter(expression, groupRecord(group, '')));
    } catch (error) {
      if (!(error instanceof FilterSyntaxError)) throw error;
      return answer(reply, oktaError(400, 'E0000031', `Invalid search criteria. ${error.message}`));
    }
    return this.#sendGroups(request, reply, groups, 10_000);
  }

  async #getGroup(request: FastifyRequest, reply: FastifyReply): Promise<unknown> {
    const id = pathParameter(request, 'id');
    const group = this.#group(id);
    return group === undefined ? notFound(reply, id, 'UserGroup') : groupRecord(group, baseUrlOf(request));
  }

  async #listMembers(request: FastifyRequest, reply: FastifyReply): Promise<unknown> {
    const id = pathParameter(request, 'id');
    if (this.#group(id) === undefined) return notFound(reply, id, 'UserGroup');
    const all = directoryOf(this.company).members.get(id) ?? [];
    const members = following(all, userId, queryOf(request).get('after'));
    const limit = Math.min(1000, wholeNumber(queryOf(request), 'limit', 1000));
    if (!(limit > 0)) return answer(reply, oktaError(400, 'E0000001', 'Api validation failed: limit'));
    return this.#sendPage(request, reply, members, userId, limit, (person) => userRecord(person, baseUrlOf(request)));
  }

  #sendGroups(request: FastifyRequest, reply: FastifyReply, groups: readonly OktaGroup[], most: number): unknown {
    const limit = Math.min(most, wholeNumber(queryOf(request), 'limit', most));
    if (!(limit > 0)) return answer(reply, oktaError(400, 'E0000001', 'Api validation failed: limit'));
    const id = (group: OktaGroup) => group.id;
    const rest = following(groups, id, queryOf(request).get('after'));
    return this.#sendPage(request, reply, rest, id, limit, (group) => groupRecord(group, baseUrlOf(request)));
  }

  #sendPage<T>(
    request: FastifyRequest,
    reply: FastifyReply,
    items: Iterable<T>,
    idOf: (item: T) => string,
    limit: number,
    show: (item: T) => unknown,
  ): unknown {
    const page = pageOf(items, idOf, limit);
    reply.header('link', linkHeader(new URL(request.url, baseUrlOf(request)), page.after));
    return page.items.map(show);
  }

  /** By id, by login, or by the part of a login before the @ where only one person has it. */
  #user(key: string): OktaPerson | undefined {
    const directory = directoryOf(this.company);
    const position = directory.byId.get(key) ?? directory.byLogin.get(key.toLowerCase());
    if (position !== undefined) return directory.people[position];
    if (key === '' || key.includes('@')) return undefined;
    const sharing = directory.people.filter((person) => person.login.startsWith(`${key.toLowerCase()}@`));
    return sharing.length === 1 ? sharing[0] : undefined;
  }

  #group(id: string): OktaGroup | undefined {
    return [...directoryOf(this.company).groups.values()].find((group) => group.id === id);
  }
}

function answer(reply: FastifyReply, error: ReturnType<typeof oktaError>): FastifyReply {
  return reply
    .code(error.status)
    .headers({ ...error.headers })
    .type(error.contentType)
    .send(error.body);
}

function notFound(reply: FastifyReply, key: string, kind: string): FastifyReply {
  return answer(reply, oktaError(404, 'E0000007', `Not found: Resource not found: ${key} (${kind})`));
}

/** The account that owns the API token, which `me` means. */
function serviceAccount(baseUrl: string): Record<string, unknown> {
  const login = 'iris-service@lumen.example';
  return {
    id: '00uServiceAccount001',
    status: 'ACTIVE',
    created: '2020-01-01T00:00:00.000Z',
    lastUpdated: '2020-01-01T00:00:00.000Z',
    profile: { login, email: login, firstName: 'Iris', lastName: 'Service' },
    _links: { self: { href: `${baseUrl}/api/v1/users/00uServiceAccount001` } },
  };
}
