import { loadSettings } from '@iris/config';
import { createLogger, endOnSignal } from '@iris/telemetry';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { createAuditorModule } from './auditor.module.js';
import { auditorSettings } from './auditor.settings.js';

/** How long deliveries in flight may take at the end, in ms; less than the grace period that the chart gives. */
const DRAIN_MS = 30_000;

/** Starts the auditor and returns when it listens. A setting that cannot be used ends the process with one line. */
export async function startAuditor(environment: NodeJS.ProcessEnv): Promise<void> {
  try {
    const settings = loadSettings(auditorSettings, environment);
    const logger = createLogger('auditor', settings['log.level']);
    const app = await NestFactory.create<NestFastifyApplication>(
      createAuditorModule(settings, logger),
      new FastifyAdapter(),
      { logger: ['error', 'warn'] },
    );
    await app.listen(settings['http.port'], settings['http.host']);
    logger.info({ url: await app.getUrl() }, 'auditor listening');
    endOnSignal(() => app.close(), DRAIN_MS);
  } catch (error) {
    process.stderr.write(`auditor: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(1);
  }
}
