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
  wholeNumber,
} from '@iris/simulation';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import {
  escapeXml,
  reportEntry,
  reportXml,
  type Worker,
  workerDetail,
  workerSummary,
  workersOf,
  workerWid,
} from './workday-records.js';

export interface WorkdayCredentials {
  readonly tenant: string;
  /** The integration system user, who also owns the reports. */
  readonly user: string;
  readonly password: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly refreshToken: string;
}

/** The whole population; a Work_Email in the query changes nothing. */
export const WORKERS_REPORT = 'Iris_Workers';
/** One person, by the prompt Work_Email. */
export const WORKER_BY_EMAIL_REPORT = 'Iris_Worker_By_Email';

const REQUESTS_PER_SECOND = 10;
const TOKEN_LIFETIME_SECONDS = 14_400;
const MOST_PER_PAGE = 100;

/** Simulates a Workday tenant: reports as a service, the staffing REST service and the OAuth token endpoint. */
export function workdayBehaviour(company: Company, clock: SandboxClock, credentials: WorkdayCredentials): ApiBehaviour {
  return {
    vendor: 'workday',
    limiter: new RateLimiter(REQUESTS_PER_SECOND, 1000),
    limitHeaders: () => ({}),
    rateLimited: (state) => ({
      ...restError(429, 'Too many requests'),
      headers: { 'retry-after': String(Math.max(1, Math.ceil((state.resetAt - Date.now()) / 1000))) },
    }),
    notFound: () => restError(404, 'resource not found'),
    serverError: (status) => fault(status, 'Server', 'Processing error occurred'),
    register: (app) => new WorkdayRoutes(company, new AccessTokens(clock, ''), credentials).register(app),
  };
}

class WorkdayRoutes {
  constructor(
    readonly company: Company,
    readonly tokens: AccessTokens,
    readonly credentials: WorkdayCredentials,
  ) {}

  register(app: FastifyInstance): void {
    const { tenant } = this.credentials;
    app.post(`/ccx/oauth2/${tenant}/token`, (request, reply) => this.#grant(request, reply));
    app.get(`/ccx/service/customreport2/${tenant}/:owner/:report`, (request, reply) => this.#report(request, reply));
    for (const service of [`staffing/v6/${tenant}`, `staffing/v7/${tenant}`, `v1/${tenant}`]) {
      const path = `/ccx/api/${service}/workers`;
      app.get(path, { preHandler: this.#demandToken }, (request, reply) => this.#list(request, reply, path));
      app.get(`${path}/:id`, { preHandler: this.#demandToken }, (request, reply) => this.#get(request, reply, path));
    }
  }

  async #grant(request: FastifyRequest, reply: FastifyReply): Promise<unknown> {
    const form = formOf(request);
    const basic = basicCredentials(request);
    const id = basic?.user ?? form.get('client_id');
    const secret = basic?.password ?? form.get('client_secret');
    if (id !== this.credentials.clientId || secret !== this.credentials.clientSecret) {
      return reply.code(401).send({ error: 'invalid_client' });
    }
    if (form.get('grant_type') !== 'refresh_token') return reply.code(400).send({ error: 'unsupported_grant_type' });
    if (form.get('refresh_token') !== this.credentials.refreshToken) {
      return reply.code(400).send({ error: 'invalid_grant', error_description: 'Invalid refresh token' });
    }
    return {
      access_token: this.tokens.give([], TOKEN_LIFETIME_SECONDS),
      refresh_token: this.credentials.refreshToken,
      token_type: 'Bearer',
      expires_in: TOKEN_LIFETIME_SECONDS,
    };
  }

  async #report(request: FastifyRequest, reply: FastifyReply): Promise<unknown> {
    const basic = basicCredentials(request);
    const byPassword = basic?.user === this.credentials.user && basic.password === this.credentials.password;
    if (!byPassword && !this.#hasToken(request)) {
      return answer(reply, fault(401, 'Client.authenticationError', 'invalid username or password'));
    }
    const query = queryOf(request);
    const report = pathParameter(request, 'report');
    if (pathParameter(request, 'owner') !== this.credentials.user || !REPORTS.has(report)) {
      return answer(reply, fault(404, 'Client.validationError', `Invalid report: ${report}`));
    }
    let workers = workersOf(this.company);
    if (report === WORKER_BY_EMAIL_REPORT) {
      const email = query.get('Work_Email');
      if (!email) return answer(reply, fault(500, 'Client.validationError', 'Missing required prompt: Work Email'));
      workers = this.#byEmail(email);
    }
    const entries = workers.map((worker) => reportEntry(this.company, worker));
    if (query.get('format') === 'json') return { Report_Entry: entries };
    return reply.type('text/xml;charset=UTF-8').send(reportXml(entries));
  }

  async #list(request: FastifyRequest, reply: FastifyReply, path: string): Promise<unknown> {
    const query = queryOf(request);
    const limit = wholeNumber(query, 'limit', 20);
    const offset = wholeNumber(query, 'offset', 0);
    if (!(limit >= 1 && limit <= MOST_PER_PAGE) || !(offset >= 0)) {
      return answer(reply, restError(400, 'invalid limit or offset'));
    }
    const search = query.get('search')?.toLowerCase();
    if (search !== undefined && search.length < 3) {
      return answer(reply, restError(400, 'search must have at least 3 characters'));
    }
    const found = this.#present().filter(({ person }) => {
      const names = [person.firstName, person.lastName, `${person.firstName} ${person.lastName}`];
      return search === undefined || names.some((name) => name.toLowerCase().startsWith(search));
    });
    const page = found.slice(offset, offset + limit);
    return {
      total: found.length,
      data: page.map((worker) => workerSummary(this.company, worker, baseUrlOf(request), path)),
    };
  }

  async #get(request: FastifyRequest, reply: FastifyReply, path: string): Promise<unknown> {
    const id = pathParameter(request, 'id');
    const worker = this.#byWid().get(id);
    if (worker === undefined) return answer(reply, restError(404, `invalid ID: ${id}`));
    return workerDetail(this.company, worker, baseUrlOf(request), path);
  }

  readonly #demandToken = async (request: FastifyRequest, reply: FastifyReply) => {
    if (!this.#hasToken(request)) return answer(reply, restError(401, 'invalid access token'));
  };

  #hasToken(request: FastifyRequest): boolean {
    const token = bearerToken(request);
    return token !== undefined && this.tokens.scopes(token) !== undefined;
  }

  /** Those who have not left: all that the staffing service reports. */
  #present(): readonly Worker[] {
    return this.company.derived('workday:present', (company) =>
      workersOf(company).filter(({ hr }) => hr.employmentStatus !== 'terminated'),
    );
  }

  #byWid(): ReadonlyMap<string, Worker> {
    return this.company.derived(
      'workday:wid',
      () => new Map(this.#present().map((worker) => [workerWid(worker), worker])),
    );
  }

  #byEmail(email: string): readonly Worker[] {
    const index = this.company.derived('workday:email', (company) => {
      const workers = new Map<string, Worker[]>();
      for (const worker of workersOf(company)) {
        const key = worker.hr.workEmail?.toLowerCase();
        if (key !== undefined) workers.set(key, [...(workers.get(key) ?? []), worker]);
      }
      return workers;
    });
    return index.get(email.toLowerCase()) ?? [];
  }
}

const REPORTS: ReadonlySet<string> = new Set([WORKERS_REPORT, WORKER_BY_EMAIL_REPORT]);

function restError(status: number, error: string): ApiAnswer {
  return { status, contentType: 'application/json', body: JSON.stringify({ error, errors: [] }) };
}

/** A report's fault is XML, whatever format was asked for. */
function fault(status: number, code: string, message: string): ApiAnswer {
  const body = `<?xml version="1.0" encoding="UTF-8"?><wd:Fault xmlns:wd="urn:com.workday/bsvc"><faultcode>${code}</faultcode><faultstring>${escapeXml(message)}</faultstring></wd:Fault>`;
  return { status, contentType: 'text/xml;charset=UTF-8', body };
}

function answer(reply: FastifyReply, error: ApiAnswer): FastifyReply {
  return reply.code(error.status).type(error.contentType).send(error.body);
}
