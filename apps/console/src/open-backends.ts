import { ConfigError } from '@iris/config';
import { connectRedis, redisAddress, reportRedis } from '@iris/context-cache';
import { decisionLogOptions, openDecisionLog } from '@iris/decision-log';
import { Certificates, certificateFiles } from '@iris/grpc-tls';
import { CerbosPdp } from '@iris/pdp';
import type { Logger } from '@iris/telemetry';
import { loadCatalog } from '@iris/tool-catalog';
import type { ConsoleBackends } from './console.module.js';
import type { ConsoleSettings } from './console.settings.js';

/** Connections to the database: each live view asks for itself. */
const MAX_CONNECTIONS = 8;
/** Longest wait for Redis, in ms: a person waits, no tool call. */
const REDIS_MS = 2000;

/**
 * Connects to what the console asks. Nothing has to answer at the start.
 *
 * @throws ConfigError for a setting that cannot be used
 */
export function openBackends(settings: ConsoleSettings, logger: Logger): ConsoleBackends & { close(): Promise<void> } {
  const options = decisionLogOptions(settings);
  if (options === undefined) {
    throw new ConfigError(
      'configuration: decisionLog.url (IRIS_DECISION_LOG_URL) is missing; the console shows its log',
    );
  }
  const log = openDecisionLog({
    ...options,
    name: 'iris-console',
    maxConnections: MAX_CONNECTIONS,
    onError: (error) => logger.warn({ err: error }, 'a connection to the decision log was lost'),
  });
  const address = redisAddress(settings);
  const redis =
    address === undefined
      ? undefined
      : connectRedis(address, {
          name: 'iris-console',
          commandTimeoutMs: REDIS_MS,
          onCondition: reportRedis('cache', logger),
        });
  const certificates = pdpCertificates(settings, logger);
  const pdpTls = certificates ?? settings['pdp.tls'];
  const pdp = new CerbosPdp({ target: settings['pdp.target'], tls: pdpTls });
  return {
    ...{ log, accessLog: log, redis, pdp, pdpTls },
    catalog: loadCatalog({ path: settings['catalog.file'] }),
    close: async () => {
      redis?.disconnect();
      pdp.close();
      certificates?.close();
      await log.close();
    },
  };
}

function pdpCertificates(settings: ConsoleSettings, logger: Logger): Certificates | undefined {
  const files = certificateFiles(settings, 'pdp.tls');
  if (files === undefined) return undefined;
  if (!settings['pdp.tls']) {
    throw new ConfigError('configuration: pdp.tls (IRIS_PDP_TLS) is false; certificate files of the PDP need true');
  }
  return new Certificates(files, (message) => logger.error(message));
}
