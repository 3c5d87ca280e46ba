import { join } from 'node:path';
import fastifyCookie from '@fastify/cookie';
import type { Logger } from '@iris/telemetry';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { openIdentifications } from './access/open-identifications.js';
import { type ConsoleBackends, createConsoleModule } from './console.module.js';
import type { ConsoleSettings } from './console.settings.js';
import { DecisionStreams } from './decisions/decision-stream.js';
import { SecurityReports, secureForBrowsers } from './http/browser-security.js';
import { servePage } from './http/serve-page.js';
import { Differences } from './policies/differences.js';

/** Largest body of a request, in bytes. */
const MAX_BODY_BYTES = 262_144;
/** How long a request may take to arrive, in ms. */
const REQUEST_MS = 15_000;
/** Where the build puts the page, beside the compiled console. */
const BUILT_PAGE = join(import.meta.dirname, '../web');

/**
 * Builds the console; it does not listen yet.
 *
 * @throws ConfigError for settings that do not fit together
 */
export async function createConsole(
  settings: ConsoleSettings,
  backends: ConsoleBackends,
  logger: Logger,
): Promise<NestFastifyApplication> {
  const identifications = openIdentifications(settings);
  const reports = new SecurityReports();
  const adapter = new FastifyAdapter({
    bodyLimit: MAX_BODY_BYTES,
    requestTimeout: REQUEST_MS,
    // Live views are connections that stay open.
    forceCloseConnections: true,
    routerOptions: { maxParamLength: 1024 },
  });
  const page = settings['page.directory'] ?? BUILT_PAGE;
  const hasPage = servePage(adapter, page);
  const module = createConsoleModule(settings, { ...backends, identifications, reports, hasPage, logger });
  const app = await NestFactory.create<NestFastifyApplication>(module, adapter, { logger: ['error', 'warn'] });
  const tls = settings['http.publicUrl']?.startsWith('https:') === true;
  await secureForBrowsers(app, { tls, reports, logger });
  await app.register(fastifyCookie);
  if (!hasPage) logger.warn({ folder: page }, 'there is no built page; only the API is served');
  const [streams, differences] = [app.get(DecisionStreams), app.get(Differences)];
  app
    .getHttpAdapter()
    .getInstance()
    .addHook('preClose', async () => {
      streams.close();
      differences.close();
    });
  return app;
}
