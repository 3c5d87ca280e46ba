import {
  AccessTokens,
  type ApiAnswer,
  type ApiBehaviour,
  baseUrlOf,
  basicCredentials,
  bearerToken,
  type Company,
  formOf,
  pathParameter,
  queryOf,
  RateLimiter,
  type SandboxClock,
  sysId,
  wholeNumber,
} from '@iris/simulation';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { TableName } from './table-definition.js';
import { type DisplayMode, isTableName, type ShowOptions, TableReader } from './table-reader.js';

export interface ServiceNowCredentials {
  readonly user: string;
  readonly password: string;
  readonly clientId: string;
  readonly clientSecret: string;
}

const REQUESTS_PER_HOUR = 20_000;
const TOKEN_LIFETIME_SECONDS = 1799;
const DEFAULT_LIMIT = 10_000;

/** Simulates a ServiceNow instance: the Table API and the OAuth token endpoint. */
export function serviceNowBehaviour(
  company: Company,
  clock: SandboxClock,
  credentials: ServiceNowCredentials,
): ApiBehaviour {
  return {
    vendor: 'servicenow',
    limiter: new RateLimiter(REQUESTS_PER_HOUR, 3_600_000),
    limitBucket: (request) => (request.url.startsWith('/api/now/') ? 'table' : undefined),
    limitHeaders: (state) => ({
      'x-ratelimit-limit': String(state.limit),
      'x-ratelimit-reset': String(Math.ceil(state.resetAt / 1000)),
      'x-ratelimit-rule': sysId('sys_rate_limit_rules', 'Table API'),
    }),
    rateLimited: (state) => ({
      ...failure(429, 'Rate limit exceeded', `Rate limit of ${state.limit} requests per hour for Table API exceeded`),
      headers: { 'retry-after': String(Math.max(0, Math.ceil((state.resetAt - Date.now()) / 1000))) },
    }),
    notFound: () => failure(400, 'Requested URI does not represent any resource', null),
    serverError: (status) => failure(status, 'Internal Server Error', null),
    register: (app) => new ServiceNowRoutes(company, new AccessTokens(clock, ''), credentials).register(app),
  };
}

class ServiceNowRoutes {
  readonly #reader: TableReader;
  readonly #refreshTokens: AccessTokens;

  constructor(
    company: Company,
    readonly tokens: AccessTokens,
    readonly credentials: ServiceNowCredentials,
  ) {
    this.#reader = new TableReader(company);
    this.#refreshTokens = new AccessTokens(tokens.clock, '');
  }

  register(app: FastifyInstance): void {
    app.post('/oauth_token.do', (request, reply) => this.#grant(request, reply));
    for (const version of ['', '/v1', '/v2']) {
      const options = { preHandler: this.#authenticate };
      app.get(`/api/now${version}/table/:table`, options, (request, reply) => this.#list(request, reply, version));
      app.get(`/api/now${version}/table/:table/:id`, options, (request, reply) => this.#get(request, reply));
    }
  }

  readonly #authenticate = async (request: FastifyRequest, reply: FastifyReply) => {
    const basic = basicCredentials(request);
    if (basic?.user === this.credentials.user && basic.password === this.credentials.password) return;
    const token = bearerToken(request);
    if (token !== undefined && this.tokens.scopes(token) !== undefined) return;
    reply.header('www-authenticate', 'BASIC realm="Service-now"');
    return answer(reply, failure(401, 'User Not Authenticated', 'Required to provide Auth information'));
  };

  async #grant(request: FastifyRequest, reply: FastifyReply): Promise<unknown> {
    const form = formOf(request);
    const basic = basicCredentials(request);
    const id = form.get('client_id') ?? basic?.user;
    const secret = form.get('client_secret') ?? basic?.password;
    const refuse = (error: string, error_description: string) => reply.code(401).send({ error_description, error });
    if (id !== this.credentials.clientId || secret !== this.credentials.clientSecret) {
      return refuse('invalid_client', 'access_denied');
    }
    const granted =
      form.get('grant_type') === 'password'
        ? form.get('username') === this.credentials.user && form.get('password') === this.credentials.password
        : form.get('grant_type') === 'refresh_token'
          ? this.#refreshTokens.scopes(form.get('refresh_token') ?? '') !== undefined
          : form.get('grant_type') === 'client_credentials';
    if (!granted) return refuse('access_denied', 'access_denied');
    return {
      access_token: this.tokens.give(['useraccount'], TOKEN_LIFETIME_SECONDS),
      refresh_token: this.#refreshTokens.give(['useraccount'], 8_640_000),
      scope: 'useraccount',
      token_type: 'Bearer',
      expires_in: TOKEN_LIFETIME_SECONDS,
    };
  }

  async #list(request: FastifyRequest, reply: FastifyReply, version: string): Promise<unknown> {
    const table = pathParameter(request, 'table');
    if (!isTableName(table)) return answer(reply, failure(400, `Invalid table ${table}`, null));
    const query = queryOf(request);
    const limit = orDefault(wholeNumber(query, 'sysparm_limit', DEFAULT_LIMIT), DEFAULT_LIMIT);
    const offset = orDefault(wholeNumber(query, 'sysparm_offset', 0), 0);
    if (limit === 0)
      return answer(reply, failure(400, 'Invalid sysparm_limit', 'sysparm_limit must be greater than 0'));

    const found = this.#reader.select(table, encodedQuery(query));
    if (version === '/v1' && found.length === 0) return answer(reply, noRecord());
    if (query.get('sysparm_no_count') !== 'true') reply.header('x-total-count', String(found.length));
    if (query.get('sysparm_suppress_pagination_header') !== 'true') {
      const link = paginationLinks(new URL(request.url, baseUrlOf(request)), offset, limit, found.length);
      if (link !== '') reply.header('link', link);
    }
    const page = found.slice(offset, offset + limit).filter((row) => row.hidden !== true);
    return { result: page.map((row) => this.#reader.show(table, row, showOptions(request))) };
  }

  async #get(request: FastifyRequest, reply: FastifyReply): Promise<unknown> {
    const table = pathParameter(request, 'table');
    if (!isTableName(table)) return answer(reply, failure(400, `Invalid table ${table}`, null));
    const row = this.#reader.find(table as TableName, pathParameter(request, 'id'));
    if (row === undefined || row.hidden) return answer(reply, noRecord());
    return { result: this.#reader.show(table, row, showOptions(request)) };
  }
}

/** `sysparm_query`; without it each other parameter is a condition of its own. */
function encodedQuery(query: URLSearchParams): string {
  const given = query.get('sysparm_query');
  if (given !== null) return given;
  return [...query]
    .filter(([name]) => !name.startsWith('sysparm_'))
    .map(([name, value]) => `${name}=${value}`)
    .join('^');
}

function showOptions(request: FastifyRequest): ShowOptions {
  const query = queryOf(request);
  const display = query.get('sysparm_display_value') ?? 'false';
  return {
    fields: (query.get('sysparm_fields') ?? '')
      .split(',')
      .map((field) => field.trim())
      .filter((field) => field !== ''),
    display: (['true', 'all'].includes(display) ? display : 'false') as DisplayMode,
    links: query.get('sysparm_exclude_reference_link') !== 'true',
    baseUrl: baseUrlOf(request),
  };
}

/** Absolute links by position in the records before access rules thin them out. */
function paginationLinks(url: URL, offset: number, limit: number, total: number): string {
  const link = (at: number, relation: string) => {
    const target = new URL(url);
    target.searchParams.set('sysparm_limit', String(limit));
    target.searchParams.set('sysparm_offset', String(at));
    return `<${target.href}>;rel="${relation}"`;
  };
  const last = Math.max(0, Math.floor((total - 1) / limit) * limit);
  const links: string[] = [];
  if (total > limit || offset > 0) links.push(link(0, 'first'));
  if (offset > 0) links.push(link(Math.max(0, offset - limit), 'prev'));
  if (offset + limit < total) links.push(link(offset + limit, 'next'));
  if (links.length > 0) links.push(link(last, 'last'));
  return links.join(',');
}

function orDefault(value: number, fallback: number): number {
  return value >= 0 ? value : fallback;
}

function noRecord(): ApiAnswer {
  return failure(404, 'No Record found', "Record doesn't exist or ACL restricts the record retrieval");
}

function failure(status: number, message: string, detail: string | null): ApiAnswer {
  const body = { error: { message, detail }, status: 'failure' };
  return { status, contentType: 'application/json;charset=UTF-8', body: JSON.stringify(body) };
}

function answer(reply: FastifyReply, error: ApiAnswer): FastifyReply {
  return reply.code(error.status).type(error.contentType).send(error.body);
}
