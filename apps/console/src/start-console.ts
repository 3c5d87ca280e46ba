import { loadSettings } from '@iris/config';
import { createLogger, endOnSignal } from '@iris/telemetry';
import { consoleSettings } from './console.settings.js';
import { createConsole } from './create-console.js';
import { openBackends } from './open-backends.js';

/** How long answers in progress may take at the end, in ms. */
const DRAIN_MS = 10_000;

/** Starts the console and returns when it listens. A setting that cannot be used ends the process with one line. */
export async function startConsole(environment: NodeJS.ProcessEnv): Promise<void> {
  try {
    const settings = loadSettings(consoleSettings, environment);
    const logger = createLogger('console', settings['log.level']);
    const backends = openBackends(settings, logger);
    const app = await createConsole(settings, backends, logger);
    await app.listen(settings['http.port'], settings['http.host']);
    logger.info({ url: await app.getUrl() }, 'console listening');
    endOnSignal(() => app.close().finally(() => backends.close()), DRAIN_MS);
  } catch (error) {
    process.stderr.write(`console: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(1);
  }
}
