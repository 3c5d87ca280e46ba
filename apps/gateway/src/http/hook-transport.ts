import { Budget } from '@iris/decision';
import { count } from '@iris/telemetry';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { agentOfPath } from '../agents/agents.js';
import { type HookKeys, type HookRoute, type KeyGrant } from './hook-keys.js';

/** Everything below this path is a hook. */
const HOOK_PREFIX = '/ext/';

declare module 'fastify' {
  interface FastifyRequest {
    /** What the key of the hook permits; undefined on other paths. */
    hookKey: KeyGrant | undefined;
    hookBudget: Budget | undefined;
    /** Epoch ms; undefined on other paths. */
    hookArrivedAt: number | undefined;
  }
}

export interface HookTransportOptions {
  readonly keys: HookKeys;
  readonly budgetMs: number;
  /** Called for a hook without a known key. @param peer address that the request came from */
  readonly onUnauthenticated: (peer: string, path: string) => void;
  /** The reply to a hook whose key is not permitted on its path. */
  readonly notPermitted: (request: FastifyRequest) => Promise<string>;
  /** The reply to a hook that failed with an unhandled error, by its path. */
  readonly lastResort: (path: string) => string;
}

/** A verdict is a 200; a 415 makes Aperture send the hook again in another content coding. */
const VERDICT_STATUSES: ReadonlySet<number> = new Set([200, 415]);

/**
 * Prepares the HTTP server for hooks: the key is checked before a byte of the body is read, and the clock starts with
 * the first byte. No body is read here: a controller reads it once it has accepted the key, and on every other path it is
 * discarded as it arrives.
 */
export function prepareHookTransport(fastify: FastifyInstance, options: HookTransportOptions): void {
  fastify.decorateRequest('hookKey', undefined);
  fastify.decorateRequest('hookBudget', undefined);
  fastify.decorateRequest('hookArrivedAt', undefined);

  fastify.addHook('onRequest', async (request, reply) => {
    if (!isHook(request)) return;
    // Whatever type the body claims to have, it is read as bytes; one that is no media type at all would be refused.
    request.headers['content-type'] = 'application/octet-stream';
    request.hookArrivedAt = Date.now();
    request.hookBudget = new Budget(options.budgetMs);
    request.hookKey = options.keys.authenticate(request.headers);
    if (request.hookKey === undefined) {
      count('iris.hook.rejections', { reason: 'hook_unauthenticated' });
      options.onUnauthenticated(request.ip, pathOf(request));
      return reply.code(401).header('content-type', 'application/problem+json').send({
        title: 'The hook key is missing or wrong',
        status: 401,
        reason: 'hook_unauthenticated',
        detail: 'Send a configured key as Authorization: Bearer, X-Api-Key, X-Goog-Api-Key or cf-aig-authorization.',
      });
    }
    if (!request.hookKey.routes.has(routeOf(request))) {
      count('iris.hook.rejections', { reason: 'hook_key_not_permitted' });
      return reply
        .code(200)
        .header('content-type', 'application/json; charset=utf-8')
        .send(await options.notPermitted(request));
    }
  });

  // The last line: whatever went wrong on the way, no other status than a verdict's leaves an authenticated hook.
  fastify.addHook('onSend', async (request, reply, payload) => {
    if (!isHook(request) || request.hookKey === undefined || VERDICT_STATUSES.has(reply.statusCode)) return payload;
    reply.code(200).header('content-type', 'application/json; charset=utf-8').removeHeader('content-length');
    return options.lastResort(pathOf(request));
  });

  fastify.removeAllContentTypeParsers();
  fastify.addContentTypeParser('*', (_request, _payload, done) => done(null));
}

/** Whether a request is a hook, whose every answer must be a verdict. */
export function isHook(request: FastifyRequest): boolean {
  return request.method === 'POST' && pathOf(request).startsWith(HOOK_PREFIX);
}

/** The path of the route that matches, so that an escaped spelling of a path is that path; else the path as sent. */
export function pathOf(request: FastifyRequest): string {
  return request.routeOptions.url ?? request.url.split('?')[0] ?? '';
}

/** Paths below `/ext/` that are no agent's are Aperture's, also those that do not exist. */
function routeOf(request: FastifyRequest): HookRoute {
  return agentOfPath(pathOf(request)) === undefined ? 'aperture' : 'agent';
}
