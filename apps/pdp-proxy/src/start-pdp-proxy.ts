import { promisify } from 'node:util';
import type { Server } from '@grpc/grpc-js';
import { loadSettings } from '@iris/config';
import { PdpWatch } from '@iris/entry-point';
import { Certificates, certificateFiles, serverCredentials } from '@iris/grpc-tls';
import { createLogger, endOnSignal, type Logger } from '@iris/telemetry';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { AUTHZEN_PATHS } from './authzen/authzen-paths.js';
import type { OpenCallers } from './callers/index.js';
import { CerbosGrpc } from './cerbos/grpc-server.js';
import { errorText } from './cerbos/http-routes.js';
import { prepareArrivals } from './http/arrival.js';
import { ProblemFilter } from './http/problem.filter.js';
import { CALLERS, createPdpProxyModule } from './pdp-proxy.module.js';
import { type PdpProxySettings, pdpProxySettings } from './pdp-proxy.settings.js';

/** A client that is slower than this to send its whole request is given up, in ms. */
const REQUEST_TIMEOUT_MS = 30_000;

/** How long questions in flight may take at the end, in ms. */
const DRAIN_MS = 10_000;

/** Starts the enriching PDP and returns when it listens. A setting that cannot be used ends the process with one line. */
export async function startPdpProxy(environment: NodeJS.ProcessEnv): Promise<void> {
  try {
    const settings = loadSettings(pdpProxySettings, environment);
    const logger = createLogger('pdp-proxy', settings['log.level']);
    const certificates = open(certificateFiles(settings, 'listen.tls', 'server'), logger);
    const toPdp = open(certificateFiles(settings, 'pdp.tls'), logger);
    const adapter = new FastifyAdapter({
      requestTimeout: REQUEST_TIMEOUT_MS,
      forceCloseConnections: 'idle',
      ...(certificates === undefined ? {} : { https: httpsOptions(certificates) }),
    });
    const app = await NestFactory.create<NestFastifyApplication>(
      createPdpProxyModule(settings, toPdp ?? settings['pdp.tls'], logger),
      adapter,
      { logger: false, abortOnError: false, bodyParser: false },
    );
    app.useLogger(['error', 'warn']);
    prepareArrivals(adapter.getInstance() as never, {
      callers: app.get<OpenCallers>(CALLERS),
      budgetMs: settings['request.budgetMs'],
      maxBytes: settings['request.maxBytes'],
      logger,
      unauthenticated: (path, problem) =>
        AUTHZEN_PATHS.has(path)
          ? { type: 'text/plain; charset=utf-8', text: problem }
          : { type: 'application/json', text: errorText(16, problem) },
    });
    app.useGlobalFilters(new ProblemFilter(logger));
    await app.listen(settings['http.port'], settings['http.host']);
    const server = app.get(CerbosGrpc).server();
    const grpc = await bind(server, settings, certificates);
    logger.info({ url: await app.getUrl(), grpc }, 'pdp-proxy listening');
    await app.get(PdpWatch).start();
    endOnSignal(async () => {
      await Promise.all([promisify(server.tryShutdown.bind(server))(), app.close()]);
    }, DRAIN_MS);
  } catch (error) {
    process.stderr.write(`pdp-proxy: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(1);
  }
}

function open(files: ReturnType<typeof certificateFiles>, logger: Logger): Certificates | undefined {
  return files === undefined ? undefined : new Certificates(files, (message) => logger.error(message));
}

/** The certificate of a new connection is the newest one. */
function httpsOptions(certificates: Certificates) {
  return {
    SNICallback: (_name: string, done: (error: Error | null, context?: Certificates['secureContext']) => void) =>
      done(null, certificates.secureContext),
    requestCert: certificates.hasCa,
    rejectUnauthorized: certificates.hasCa,
  };
}

async function bind(
  server: Server,
  settings: PdpProxySettings,
  certificates: Certificates | undefined,
): Promise<string> {
  const host = settings['grpc.host'];
  const address = `${host.includes(':') ? `[${host}]` : host}:${settings['grpc.port']}`;
  const port = await promisify(server.bindAsync.bind(server) as Bind)(address, serverCredentials(certificates));
  return `${host}:${port}`;
}

type Bind = (
  address: string,
  credentials: ReturnType<typeof serverCredentials>,
  done: (error: Error | null, port: number) => void,
) => void;
