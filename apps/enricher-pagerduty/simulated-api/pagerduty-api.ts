import {
  AccessTokens,
  type ApiAnswer,
  type ApiBehaviour,
  bearerToken,
  type Company,
  formOf,
  pathParameter,
  queryOf,
  RateLimiter,
  type SandboxClock,
  SERVICES,
  wholeNumber,
} from '@iris/simulation';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import {
  incidentRecord,
  oncallRecord,
  pagedPeople,
  policyId,
  policyRecord,
  scheduleId,
  scheduleRecord,
  serviceId,
  serviceRecord,
  teamRecord,
  teams,
  userRecord,
} from './pagerduty-records.js';
import { InvalidInputError, selectIncidents, selectShifts } from './pagerduty-selection.js';

export interface PagerDutyCredentials {
  /** REST API key of the account. */
  readonly token: string;
  /** The app that may ask for access tokens. */
  readonly clientId: string;
  readonly clientSecret: string;
}

/** The account's limit of an API key, as published. */
const REQUESTS_PER_MINUTE = 960;
const TOKEN_LIFETIME_SECONDS = 86_400;
const MOST_PER_PAGE = 100;
const DEEPEST_ROW = 10_000;

/**
 * Simulates PagerDuty's REST API and its identity server's token endpoint. All paths are at the root and again
 * below `/api.pagerduty.com`, because the vendor's SDK takes the name of the resource from what follows `.com/`.
 */
export function pagerDutyBehaviour(
  company: Company,
  clock: SandboxClock,
  credentials: PagerDutyCredentials,
): ApiBehaviour {
  const tokens = new AccessTokens(clock, 'pdus+_');
  return {
    vendor: 'pagerduty',
    limiter: new RateLimiter(REQUESTS_PER_MINUTE, 60_000),
    limitBucket: (request) => (request.url.includes('/oauth/token') ? undefined : 'account'),
    limitHeaders: (state) => ({
      'ratelimit-limit': String(state.limit),
      'ratelimit-remaining': String(state.remaining),
      'ratelimit-reset': String(Math.max(0, Math.ceil((state.resetAt - Date.now()) / 1000))),
    }),
    rateLimited: () => pagerDutyError(429, 2020, 'Rate Limit Exceeded'),
    notFound: () => pagerDutyError(404, 2100, 'Not Found'),
    serverError: (status) => pagerDutyError(status, 2000, 'Internal Server Error'),
    register: (app) => {
      const routes = new PagerDutyRoutes(company, tokens, credentials);
      routes.register(app);
      app.register(async (below) => routes.register(below), { prefix: '/api.pagerduty.com' });
    },
  };
}

class PagerDutyRoutes {
  constructor(
    readonly company: Company,
    readonly tokens: AccessTokens,
    readonly credentials: PagerDutyCredentials,
  ) {}

  register(app: FastifyInstance): void {
    app.post('/oauth/token', (request, reply) => this.#grant(request, reply));

    const list = <T>(path: string, resource: string, select: (query: URLSearchParams) => readonly T[], show: Show<T>) =>
      app.get(path, { preHandler: this.#authenticate }, (request, reply) =>
        sendList(request, reply, resource, select, show),
      );
    const single = <T>(path: string, resource: string, find: (id: string) => T | undefined, show: Show<T>) =>
      app.get(path, { preHandler: this.#authenticate }, async (request, reply) => {
        const found = find(pathParameter(request, 'id'));
        if (found === undefined) return answer(reply, pagerDutyError(404, 2100, 'Not Found'));
        return { [resource]: show(found, includes(queryOf(request)), queryOf(request)) };
      });

    const { company } = this;
    const user: Show<ReturnType<typeof pagedPeople>['list'][number]> = (person) => userRecord(person);
    list('/users', 'users', (query) => this.#usersOf(query), user);
    single('/users/:id', 'user', (id) => pagedPeople(company).byId.get(id), user);

    list('/teams', 'teams', () => [...teams(company).keys()], teamRecord);
    const now = () => company.now;
    list(
      '/oncalls',
      'oncalls',
      (query) => selectShifts(company, query, now()),
      (shift, include, query) => oncallRecord(company, shift, include, query.get('time_zone') === 'UTC'),
    );
    list(
      '/incidents',
      'incidents',
      (query) => selectIncidents(company, query, now()),
      (incident, include) => incidentRecord(company, incident, include),
    );

    const named = <T extends { name: string }>(all: readonly T[], query: URLSearchParams) =>
      all.filter((item) => item.name.toLowerCase().includes((query.get('query') ?? '').toLowerCase()));
    list(
      '/services',
      'services',
      (query) => named(SERVICES, query),
      (service, include) => serviceRecord(company, service, include),
    );
    single(
      '/services/:id',
      'service',
      (id) => SERVICES.find((service) => serviceId(service.key) === id),
      (service, include) => serviceRecord(company, service, include),
    );
    list(
      '/escalation_policies',
      'escalation_policies',
      (query) => named(company.rota.policies, query),
      (policy) => policyRecord(company, policy),
    );
    single(
      '/escalation_policies/:id',
      'escalation_policy',
      (id) => company.rota.policies.find((policy) => policyId(policy.key) === id),
      (policy) => policyRecord(company, policy),
    );
    list(
      '/schedules',
      'schedules',
      (query) => named(company.rota.schedules, query),
      (schedule) => scheduleRecord(company, schedule),
    );
    single(
      '/schedules/:id',
      'schedule',
      (id) => company.rota.schedules.find((schedule) => scheduleId(schedule.key) === id),
      (schedule) => scheduleRecord(company, schedule),
    );
  }

  readonly #authenticate = async (request: FastifyRequest, reply: FastifyReply) => {
    const key = /^Token token="?([^"\s]+)"?$/i.exec(request.headers.authorization ?? '')?.[1];
    const token = bearerToken(request);
    if (key === this.credentials.token) return;
    if (token !== undefined && (token === this.credentials.token || this.tokens.scopes(token) !== undefined)) return;
    return answer(reply, pagerDutyError(401, 2006, 'Unauthorized'));
  };

  async #grant(request: FastifyRequest, reply: FastifyReply): Promise<unknown> {
    const form = formOf(request);
    if (form.get('grant_type') !== 'client_credentials') {
      return reply
        .code(400)
        .send({ error: 'unsupported_grant_type', error_description: 'Grant type is not supported' });
    }
    if (
      form.get('client_id') !== this.credentials.clientId ||
      form.get('client_secret') !== this.credentials.clientSecret
    ) {
      return reply.code(401).send({ error: 'invalid_client', error_description: 'Client authentication failed' });
    }
    const scope = form.get('scope') ?? '';
    if (!/(?:^| )as_account-(?:us|eu)\.[\w-]+(?: |$)/.test(scope)) {
      return reply.code(400).send({ error: 'invalid_scope', error_description: 'as_account scope is missing' });
    }
    const access_token = this.tokens.give(scope.split(' '), TOKEN_LIFETIME_SECONDS);
    return { access_token, scope, token_type: 'bearer', expires_in: TOKEN_LIFETIME_SECONDS };
  }

  #usersOf(query: URLSearchParams) {
    const found = this.#usersLike(query.get('query'));
    const wanted = query.getAll('team_ids[]').map((id) => teams(this.company).get(id));
    return wanted.length === 0 ? found : found.filter(({ login }) => wanted.some((members) => members?.has(login)));
  }

  /** The vendor's own search: part of the name or of the e-mail, without regard to case. */
  #usersLike(text: string | null) {
    const { list } = pagedPeople(this.company);
    if (text === null || text === '') return list;
    const wanted = text.toLowerCase();
    return list.filter((person) =>
      `${person.firstName} ${person.lastName}\n${person.pagerDuty.email}`.toLowerCase().includes(wanted),
    );
  }
}

type Show<T> = (item: T, include: ReadonlySet<string>, query: URLSearchParams) => unknown;

function includes(query: URLSearchParams): ReadonlySet<string> {
  return new Set(query.getAll('include[]'));
}

async function sendList<T>(
  request: FastifyRequest,
  reply: FastifyReply,
  resource: string,
  select: (query: URLSearchParams) => readonly T[],
  show: Show<T>,
): Promise<unknown> {
  const query = queryOf(request);
  const limit = Math.min(MOST_PER_PAGE, wholeNumber(query, 'limit', 25));
  const offset = wholeNumber(query, 'offset', 0);
  try {
    if (!(limit > 0) || !(offset >= 0)) throw new InvalidInputError('Limit and offset must be whole numbers');
    if (limit + offset > DEEPEST_ROW) throw new InvalidInputError('Offset plus limit must not be above 10000');
    const all = select(query);
    return {
      [resource]: all.slice(offset, offset + limit).map((item) => show(item, includes(query), query)),
      limit,
      offset,
      more: offset + limit < all.length,
      total: query.get('total') === 'true' ? all.length : null,
    };
  } catch (error) {
    if (!(error instanceof InvalidInputError)) throw error;
    return answer(reply, pagerDutyError(400, 2001, 'Invalid Input Provided', [error.message]));
  }
}

function pagerDutyError(status: number, code: number, message: string, errors?: readonly string[]): ApiAnswer {
  return {
    status,
    contentType: 'application/json; charset=utf-8',
    body: JSON.stringify({ error: { message, code, errors } }),
  };
}

function answer(reply: FastifyReply, error: ApiAnswer): FastifyReply {
  return reply.code(error.status).type(error.contentType).send(error.body);
}
