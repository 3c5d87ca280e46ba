import {
  AccessTokens,
  type ApiAnswer,
  type ApiBehaviour,
  basicCredentials,
  bearerToken,
  type Company,
  type Device,
  formOf,
  pathParameter,
  queryOf,
  type SandboxClock,
} from '@iris/simulation';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { attributesRecord, deviceRecord, userRecords } from './tailscale-records.js';

export interface TailscaleCredentials {
  readonly tailnet: string;
  readonly apiKey: string;
  readonly clientId: string;
  readonly clientSecret: string;
}

const TOKEN_LIFETIME_SECONDS = 3600;

/** The scopes that the OAuth client was given. */
const SCOPES = ['devices:core:read', 'devices:posture_attributes:read', 'users:read'];

/** Simulates the Tailscale API. It has no published rate limit, so there is none. */
export function tailscaleBehaviour(
  company: Company,
  clock: SandboxClock,
  credentials: TailscaleCredentials,
): ApiBehaviour {
  return {
    vendor: 'tailscale',
    limitHeaders: (state) => ({ 'retry-after': String(Math.max(0, Math.ceil((state.resetAt - Date.now()) / 1000))) }),
    rateLimited: () => message(429, 'too many requests'),
    notFound: () => message(404, '404 page not found'),
    serverError: (status) => message(status, 'internal server error'),
    register: (app) =>
      new TailscaleRoutes(company, new AccessTokens(clock, 'tskey-client-'), credentials).register(app),
  };
}

class TailscaleRoutes {
  constructor(
    readonly company: Company,
    readonly tokens: AccessTokens,
    readonly credentials: TailscaleCredentials,
  ) {}

  register(app: FastifyInstance): void {
    app.post('/api/v2/oauth/token', (request, reply) => this.#grant(request, reply));
    const core = { preHandler: this.#demand('devices:core:read') };
    const posture = { preHandler: this.#demand('devices:posture_attributes:read') };
    const users = { preHandler: this.#demand('users:read') };

    app.get('/api/v2/device/:id', core, async (request, reply) => {
      const device = this.#device(pathParameter(request, 'id'));
      if (device === undefined) return answer(reply, message(404, 'no such device'));
      return deviceRecord(device, this.company.now, wantsAll(request));
    });
    app.get('/api/v2/device/:id/attributes', posture, async (request, reply) => {
      const device = this.#device(pathParameter(request, 'id'));
      if (device === undefined) return answer(reply, message(404, 'no such device'));
      return attributesRecord(device, this.company.now);
    });
    app.get('/api/v2/tailnet/:tailnet/devices', core, async (request, reply) => {
      if (!this.#isOurs(request)) return answer(reply, message(404, 'tailnet not found'));
      const { devices, now } = this.company;
      return { devices: devices.map((device) => deviceRecord(device, now, wantsAll(request))) };
    });
    app.get('/api/v2/tailnet/:tailnet/users', users, async (request, reply) => {
      if (!this.#isOurs(request)) return answer(reply, message(404, 'tailnet not found'));
      const query = queryOf(request);
      const fits = (key: 'type' | 'role') => (user: Record<string, unknown>) =>
        !query.has(key) || query.get(key) === user[key];
      return { users: userRecords(this.company).filter(fits('type')).filter(fits('role')) };
    });
  }

  #demand(scope: string) {
    return async (request: FastifyRequest, reply: FastifyReply) => {
      const basic = basicCredentials(request);
      if (basic?.user === this.credentials.apiKey && basic.password === '') return;
      const token = bearerToken(request);
      if (token === this.credentials.apiKey) return;
      const scopes = token === undefined ? undefined : this.tokens.scopes(token);
      if (scopes === undefined) return answer(reply, message(401, 'API token invalid'));
      if (scopes.includes(scope) || scopes.includes('all:read')) return;
      return answer(reply, message(403, 'calling actor does not have enough permissions to perform this function'));
    };
  }

  async #grant(request: FastifyRequest, reply: FastifyReply): Promise<unknown> {
    const form = formOf(request);
    const basic = basicCredentials(request);
    const id = form.get('client_id') ?? basic?.user;
    const secret = form.get('client_secret') ?? basic?.password;
    if (id !== this.credentials.clientId || secret !== this.credentials.clientSecret) {
      return answer(reply, message(401, 'API token invalid'));
    }
    const grant = form.get('grant_type');
    if (grant !== null && grant !== 'client_credentials') return answer(reply, message(400, 'unsupported grant type'));
    const asked = (form.get('scope') ?? '').split(' ').filter((scope) => scope !== '');
    if (asked.some((scope) => !SCOPES.includes(scope))) return answer(reply, message(403, 'scope not granted'));
    const scopes = asked.length > 0 ? asked : SCOPES;
    return {
      access_token: this.tokens.give(scopes, TOKEN_LIFETIME_SECONDS),
      token_type: 'Bearer',
      expires_in: TOKEN_LIFETIME_SECONDS,
      scope: scopes.join(' '),
    };
  }

  #isOurs(request: FastifyRequest): boolean {
    return ['-', this.credentials.tailnet].includes(pathParameter(request, 'tailnet'));
  }

  /** By stable node id, or by the legacy number. */
  #device(id: string): Device | undefined {
    return this.company
      .derived(
        'tailscale',
        ({ devices }) =>
          new Map(devices.flatMap((device) => [[device.nodeId, device] as const, [device.numericId, device] as const])),
      )
      .get(id);
  }
}

function wantsAll(request: FastifyRequest): boolean {
  return queryOf(request).get('fields') === 'all';
}

function message(status: number, text: string): ApiAnswer {
  return { status, contentType: 'application/json', body: JSON.stringify({ message: text }) };
}

function answer(reply: FastifyReply, error: ApiAnswer): FastifyReply {
  return reply.code(error.status).type(error.contentType).send(error.body);
}
