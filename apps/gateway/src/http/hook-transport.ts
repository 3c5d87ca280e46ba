import { count } from '@iris/telemetry';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { Budget } from '../pipeline/budget.js';
import type { HookKeys } from './hook-keys.js';

/** Everything below this path is a hook. */
export const HOOK_PREFIX = '/ext/';

declare module 'fastify' {
  interface FastifyRequest {
    /** Name of the key that authenticated the hook; undefined on other paths. */
    hookKeyName: string | undefined;
    hookBudget: Budget | undefined;
    /** Epoch ms; undefined on other paths. */
    hookArrivedAt: number | undefined;
  }
}

export interface HookTransportOptions {
  readonly keys: HookKeys;
  readonly budgetMs: number;
  readonly maxBodyBytes: number;
  /** The reply to a hook that met a fault nothing else has answered, by its path. */
  readonly lastResort: (path: string) => string;
}

/** A verdict is a 200; a 415 makes Aperture send the hook again in another content coding. */
const VERDICT_STATUSES: ReadonlySet<number> = new Set([200, 415]);

/**
 * Prepares the HTTP server for hooks: the key is checked before the body is read, the clock starts with the first byte,
 * and bodies of any type arrive as the bytes they are.
 */
export function prepareHookTransport(fastify: FastifyInstance, options: HookTransportOptions): void {
  fastify.decorateRequest('hookKeyName', undefined);
  fastify.decorateRequest('hookBudget', undefined);
  fastify.decorateRequest('hookArrivedAt', undefined);

  fastify.addHook('onRequest', async (request, reply) => {
    if (!isHook(request)) return;
    // Whatever type the body claims to have, it is read as bytes; one that is no media type at all would be refused.
    request.headers['content-type'] = 'application/octet-stream';
    request.hookArrivedAt = Date.now();
    request.hookBudget = new Budget(options.budgetMs);
    request.hookKeyName = options.keys.authenticate(request.headers);
    if (request.hookKeyName === undefined) {
      count('iris.hook.rejections', { reason: 'hook_unauthenticated' });
      return reply.code(401).header('content-type', 'application/problem+json').send({
        title: 'The hook key is missing or wrong',
        status: 401,
        reason: 'hook_unauthenticated',
        detail: 'Send a configured key as Authorization: Bearer, X-Api-Key, X-Goog-Api-Key or cf-aig-authorization.',
      });
    }
  });

  // The last line: whatever went wrong on the way, no other status than a verdict's leaves an authenticated hook.
  fastify.addHook('onSend', async (request, reply, payload) => {
    if (!isHook(request) || request.hookKeyName === undefined || VERDICT_STATUSES.has(reply.statusCode)) return payload;
    reply.code(200).header('content-type', 'application/json; charset=utf-8').removeHeader('content-length');
    return options.lastResort(request.url);
  });

  fastify.removeAllContentTypeParsers();
  fastify.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit: options.maxBodyBytes }, (_request, body, done) =>
    done(null, body),
  );
}

/** Whether a request is a hook, whose every answer must be a verdict. */
export function isHook(request: FastifyRequest): boolean {
  return request.method === 'POST' && request.url.startsWith(HOOK_PREFIX);
}
