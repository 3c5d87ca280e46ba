import { promisify } from 'node:util';
import type { Server } from '@grpc/grpc-js';
import { PdpWatch } from '@iris/entry-point';
import { Certificates, certificateFiles, serverCredentials } from '@iris/grpc-tls';
import type { Logger } from '@iris/telemetry';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { AUTHZEN_PATHS } from './authzen/authzen-paths.js';
import type { OpenCallers } from './callers/index.js';
import { CerbosGrpc } from './cerbos/grpc-server.js';
import { errorText } from './cerbos/http-routes.js';
import { GatewayServices } from './ext-authz/gateway-services.js';
import { prepareArrivals } from './http/arrival.js';
import { ProblemFilter } from './http/problem.filter.js';
import { CALLERS, createPdpProxyModule } from './pdp-proxy.module.js';
import type { PdpProxySettings } from './pdp-proxy.settings.js';

/** A client that is slower than this to send its whole request is given up, in ms. */
const REQUEST_TIMEOUT_MS = 30_000;

/** A running proxy. */
export interface OpenPdpProxy {
  readonly httpUrl: string;
  /** host:port. */
  readonly grpcTarget: string;
  /** Takes no new question, and answers those in flight. */
  close(): Promise<void>;
}

/** @throws Error in one line when a setting, a file or an address cannot be used */
export async function openPdpProxy(settings: PdpProxySettings, logger: Logger): Promise<OpenPdpProxy> {
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
  app.get(GatewayServices).addTo(server);
  const grpcTarget = await bind(server, settings, certificates);
  await app.get(PdpWatch).start();
  return {
    httpUrl: await app.getUrl(),
    grpcTarget,
    close: async () => {
      await Promise.all([promisify(server.tryShutdown.bind(server))(), app.close()]);
      certificates?.close();
      toPdp?.close();
    },
  };
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
  const shown = host.includes(':') ? `[${host}]` : host;
  const listen = promisify(server.bindAsync.bind(server) as Bind);
  return `${shown}:${await listen(`${shown}:${settings['grpc.port']}`, serverCredentials(certificates))}`;
}

type Bind = (
  address: string,
  credentials: ReturnType<typeof serverCredentials>,
  done: (error: Error | null, port: number) => void,
) => void;
