import { loadSettings } from '@iris/config';
import { PdpWatch } from '@iris/entry-point';
import { createLogger, endOnSignal } from '@iris/telemetry';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { AllowedNames } from './http/allowed-names.js';
import { registerMcpRoutes } from './http/mcp-routes.js';
import { AUTHENTICATORS, createMcpGatewayModule, SERVER_PLACES } from './mcp-gateway.module.js';
import { type McpGatewaySettings, mcpGatewaySettings } from './mcp-gateway.settings.js';

/** How long streams in flight may take at the end, in ms; less than the grace period that the chart gives. */
const DRAIN_MS = 30_000;

/** Starts the gateway and returns when it listens. A setting that cannot be used ends the process with one line. */
export async function startMcpGateway(environment: NodeJS.ProcessEnv): Promise<void> {
  try {
    const settings = loadSettings(mcpGatewaySettings, environment);
    const logger = createLogger('mcp-gateway', settings['log.level']);
    const adapter = new FastifyAdapter({ forceCloseConnections: 'idle' });
    const app = await NestFactory.create<NestFastifyApplication>(createMcpGatewayModule(settings, logger), adapter, {
      // An error of the start is the one line below.
      logger: false,
      abortOnError: false,
      bodyParser: false,
    });
    app.useLogger(['error', 'warn']);
    const publicUrl = settings['mcp.publicUrl'];
    const issuer = settings['auth.jwtIssuer'];
    registerMcpRoutes(adapter.getInstance() as never, {
      servers: app.get(SERVER_PLACES),
      authenticators: app.get(AUTHENTICATORS),
      allowedHosts: new AllowedNames([...settings['mcp.allowedHosts'], ...hostOf(settings)]),
      allowedOrigins: new AllowedNames([...settings['mcp.allowedOrigins'], ...hostOf(settings)]),
      ...(publicUrl !== undefined &&
        issuer !== undefined && { oauth: { publicUrl, issuer, scopes: settings['auth.jwtScopes'] } }),
      logger,
    });
    await app.listen(settings['http.port'], settings['http.host']);
    logger.info({ url: await app.getUrl(), mode: settings['mode.default'] }, 'MCP gateway listening');
    await app.get(PdpWatch).start();
    endOnSignal(() => app.close(), DRAIN_MS);
  } catch (error) {
    process.stderr.write(`mcp-gateway: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(1);
  }
}

function hostOf(settings: McpGatewaySettings): string[] {
  const url = settings['mcp.publicUrl'];
  return url === undefined ? [] : [new URL(url).hostname];
}
