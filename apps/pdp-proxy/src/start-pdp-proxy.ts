import { loadSettings } from '@iris/config';
import { createLogger, endOnSignal } from '@iris/telemetry';
import { openPdpProxy } from './open-pdp-proxy.js';
import { pdpProxySettings } from './pdp-proxy.settings.js';

/** How long questions in flight may take at the end, in ms. */
const DRAIN_MS = 10_000;

/** Starts the enriching PDP and returns when it listens. A setting that cannot be used ends the process with one line. */
export async function startPdpProxy(environment: NodeJS.ProcessEnv): Promise<void> {
  try {
    const settings = loadSettings(pdpProxySettings, environment);
    const logger = createLogger('pdp-proxy', settings['log.level']);
    const proxy = await openPdpProxy(settings, logger);
    logger.info({ url: proxy.httpUrl, grpc: proxy.grpcTarget }, 'pdp-proxy listening');
    endOnSignal(() => proxy.close(), DRAIN_MS);
  } catch (error) {
    process.stderr.write(`pdp-proxy: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(1);
  }
}
