import type { IncomingMessage } from 'node:http';
import type { Caller } from '@iris/mcp-calls';
import { errorText, RPC_ERRORS } from '@iris/mcp-calls';
import type { Logger } from '@iris/telemetry';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { type Authenticator, authenticate } from '../identity/authenticator.js';
import type { Exchange } from '../relay/exchange.js';
import { AGGREGATE } from '../upstreams/aggregate-upstream.js';
import type { AllowedNames } from './allowed-names.js';

/** What answers requests of one path. */
export interface Place {
  handle(exchange: Exchange): Promise<void>;
}

export interface McpRoutesOptions {
  /** The path of each server by its id, and that of the aggregate. */
  readonly servers: ReadonlyMap<string, Place>;
  readonly authenticators: readonly Authenticator[];
  readonly allowedHosts: AllowedNames;
  readonly allowedOrigins: AllowedNames;
  /** Absent without OAuth. */
  readonly oauth?: OAuthResource;
  readonly logger: Logger;
}

/** This gateway as a protected resource (RFC 9728). */
export interface OAuthResource {
  /** URL of the gateway, without a path. */
  readonly publicUrl: string;
  readonly issuer: string;
  readonly scopes: readonly string[];
}

const WELL_KNOWN = '/.well-known/oauth-protected-resource';

/**
 * Registers the paths of MCP and the metadata of OAuth. Nothing of a body is read before its caller is authenticated.
 */
export function registerMcpRoutes(fastify: FastifyInstance, options: McpRoutesOptions): void {
  fastify.removeAllContentTypeParsers();
  fastify.addContentTypeParser('*', (_request, _payload, done) => done(null));
  // The media type is the server's to judge; one that is none at all would be refused here.
  const contentTypes = new WeakMap<IncomingMessage, string | undefined>();
  fastify.addHook('onRequest', async (request) => {
    contentTypes.set(request.raw, request.headers['content-type']);
    request.headers['content-type'] = 'application/octet-stream';
  });
  const route = (place: (request: FastifyRequest) => Place | undefined) => {
    return async (request: FastifyRequest, reply: FastifyReply) => {
      const type = contentTypes.get(request.raw);
      if (type === undefined) delete request.raw.headers['content-type'];
      else request.raw.headers['content-type'] = type;
      await new McpRequest(options, request, reply).answer(place(request));
    };
  };
  const all = { method: ['GET', 'POST', 'DELETE', 'PUT', 'PATCH', 'OPTIONS'] };
  const byId = (request: FastifyRequest) => {
    const { server } = request.params as { server: string };
    return server === AGGREGATE ? undefined : options.servers.get(server);
  };
  fastify.route({ ...all, url: '/mcp/:server', handler: route(byId) });
  fastify.route({ ...all, url: '/mcp', handler: route(() => options.servers.get(AGGREGATE)) });
  if (options.oauth !== undefined) registerMetadata(fastify, options.oauth);
}

function registerMetadata(fastify: FastifyInstance, { publicUrl, issuer, scopes }: OAuthResource): void {
  const answer = async (request: FastifyRequest, reply: FastifyReply) =>
    reply.header('cache-control', 'public, max-age=300').send({
      resource: publicUrl + (request.url.split('?')[0] ?? '').slice(WELL_KNOWN.length),
      authorization_servers: [issuer],
      bearer_methods_supported: ['header'],
      ...(scopes.length > 0 && { scopes_supported: scopes }),
      resource_name: 'Iris MCP gateway',
    });
  fastify.get(`${WELL_KNOWN}/mcp`, answer);
  fastify.get(`${WELL_KNOWN}/mcp/:server`, answer);
}

class McpRequest {
  constructor(
    private readonly options: McpRoutesOptions,
    private readonly request: FastifyRequest,
    private readonly reply: FastifyReply,
  ) {}

  async answer(place: Place | undefined): Promise<void> {
    const { headers, raw } = this.request;
    const { allowedHosts, allowedOrigins } = this.options;
    if (!allowedHosts.allowsHost(headers.host)) {
      return this.refuse(403, RPC_ERRORS.invalidRequest, 'Invalid Host: it is not in mcp.allowedHosts');
    }
    if (!allowedOrigins.allowsOrigin(headers.origin)) {
      return this.refuse(403, RPC_ERRORS.invalidRequest, 'Invalid Origin: it is not in mcp.allowedOrigins');
    }
    const caller = await authenticate(this.options.authenticators, raw);
    if (caller === undefined) return this.challenge();
    if (place === undefined) return this.refuse(404, RPC_ERRORS.invalidRequest, 'No such MCP server');
    await this.hand(place, caller);
  }

  private async hand(place: Place, caller: Caller): Promise<void> {
    const gone = new AbortController();
    const { raw: response } = this.reply.hijack();
    response.on('close', () => gone.abort());
    response.on('error', () => gone.abort());
    try {
      await place.handle({ caller, request: this.request.raw, response, signal: gone.signal });
    } catch (error) {
      this.options.logger.error({ err: error }, 'unexpected error while handling an MCP request');
      if (response.headersSent) response.destroy();
      else response.writeHead(500, { 'content-type': 'application/json' }).end(UNEXPECTED);
    }
  }

  private challenge(): void {
    const { oauth, logger } = this.options;
    const path = this.request.url.split('?')[0] ?? '';
    const metadata = oauth && `resource_metadata="${oauth.publicUrl}${WELL_KNOWN}${path.replace(/[^\w/.~-]/g, '')}"`;
    const error = this.request.headers.authorization === undefined ? undefined : 'error="invalid_token"';
    const parameters = [error, metadata].filter((each) => each !== undefined).join(', ');
    this.reply.header('www-authenticate', parameters === '' ? 'Bearer' : `Bearer ${parameters}`);
    logger.warn({ peer: this.request.ip, reason: 'hook_unauthenticated' }, 'an MCP request has no known credential');
    this.refuse(401, RPC_ERRORS.invalidRequest, 'Unauthorized: send a credential as Authorization: Bearer');
  }

  private refuse(status: number, code: number, message: string): void {
    this.reply
      .code(status)
      .header('content-type', 'application/json')
      .send(errorText(null, code, message));
  }
}

const UNEXPECTED = errorText(null, RPC_ERRORS.internal, 'Internal error');
