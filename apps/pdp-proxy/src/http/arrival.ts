import type { TLSSocket } from 'node:tls';
import { Budget } from '@iris/decision';
import { count, type Logger } from '@iris/telemetry';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Authentication, Caller, OpenCallers } from '../callers/index.js';

/** What is known of an authenticated request. */
export interface Arrival {
  readonly caller: Caller;
  readonly budget: Budget;
  /** Aborted when the caller is gone. */
  readonly signal: AbortSignal;
  /** The content type as it was sent. */
  readonly contentType: string | undefined;
  /** Whether the request has a body at all, also an empty one. */
  readonly body: Buffer;
}

declare module 'fastify' {
  interface FastifyRequest {
    arrival: Omit<Arrival, 'body'> | undefined;
  }
}

/** Paths that need no caller: probes and discovery, which state nothing of a person. */
const OPEN_PATHS: ReadonlySet<string> = new Set([
  '/healthz',
  '/readyz',
  '/_cerbos/health',
  '/.well-known/authzen-configuration',
]);

export interface ArrivalOptions {
  readonly callers: OpenCallers;
  readonly budgetMs: number;
  readonly maxBytes: number;
  readonly logger: Logger;
  /** The reply to a request without a known caller, by its path. */
  readonly unauthenticated: (path: string, problem: string) => { readonly type: string; readonly text: string };
}

/** Prepares the HTTP server: the caller is authenticated before a byte of the body is read. */
export function prepareArrivals(fastify: FastifyInstance, options: ArrivalOptions): void {
  fastify.decorateRequest('arrival', undefined);
  fastify.addHook('onRequest', async (request, reply) => {
    const contentType = request.headers['content-type'];
    // Whatever type the body claims to have, it is read as bytes; one that is no media type at all would be refused.
    if (contentType !== undefined) request.headers['content-type'] = 'application/octet-stream';
    const path = request.routeOptions.url ?? request.url.split('?')[0] ?? '';
    if (OPEN_PATHS.has(path)) return;
    const budget = new Budget(options.budgetMs);
    const result: Authentication = await options.callers.authenticate({
      header: (name) => {
        // The Authorization header of a request that a proxy asks about is its client's, not the proxy's.
        if (name === 'authorization' && path.startsWith('/ext-authz/')) return undefined;
        const value = request.headers[name];
        return typeof value === 'string' ? value : undefined;
      },
      certificateNames: certificateNames(request),
      address: request.socket.remoteAddress,
    });
    if (!result.ok) {
      count('iris.proxy.requests', { protocol: 'cerbos', outcome: 'unauthenticated' });
      options.logger.warn({ peer: request.ip, path, problem: result.problem }, 'a request has no known caller');
      const { type, text } = options.unauthenticated(path, result.problem);
      return reply.code(401).header('content-type', type).header('connection', 'close').send(Buffer.from(text));
    }
    const gone = new AbortController();
    reply.raw.on('close', () => {
      if (!reply.raw.writableFinished) gone.abort();
    });
    request.arrival = { caller: result.caller, budget, signal: gone.signal, contentType };
  });
  fastify.removeAllContentTypeParsers();
  fastify.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit: options.maxBytes }, (_request, body, done) =>
    done(null, body),
  );
}

/** @throws Error for a request that was not authenticated */
export function arrivalOf(request: FastifyRequest): Arrival {
  if (request.arrival === undefined) throw new Error('the request has no caller');
  return { ...request.arrival, body: Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0) };
}

/** Only names of a certificate that was verified. */
function certificateNames({ socket }: FastifyRequest): string | undefined {
  const tls = socket as Partial<TLSSocket>;
  return tls.authorized === true ? tls.getPeerCertificate?.().subjectaltname : undefined;
}
