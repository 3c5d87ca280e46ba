import { existsSync } from 'node:fs';
import { join } from 'node:path';
import fastifyStatic from '@fastify/static';
import type { FastifyAdapter } from '@nestjs/platform-fastify';
import type { FastifyInstance } from 'fastify';

/** Files whose names have a digest of their content are kept for ever by browsers, the page itself never. */
const FOR_EVER = 'public, max-age=31536000, immutable';

/**
 * Serves the built page. Every path that is no file and no operation is the page, whose router reads it.
 *
 * @returns false when the folder has no page
 */
export function servePage(adapter: FastifyAdapter, folder: string): boolean {
  if (!existsSync(join(folder, 'index.html'))) return false;
  const fastify = adapter.getInstance() as unknown as FastifyInstance;
  fastify.register(fastifyStatic, {
    root: folder,
    wildcard: false,
    index: 'index.html',
    cacheControl: false,
    setHeaders: (reply, path) => {
      const own = path.slice(folder.length).replaceAll('\\', '/');
      reply.header('cache-control', own.startsWith('/assets/') ? FOR_EVER : 'no-cache');
    },
  });
  return true;
}

/** Whether a path is one of the page's own, which its router reads. A login name in it may end like a file. */
export function isPagePath(path: string): boolean {
  return !/^\/(api|auth|assets)(\/|$)/.test(path) && !/^\/[^/]+\.[a-z0-9]+$/i.test(path);
}
