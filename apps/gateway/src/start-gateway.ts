import { loadSettings } from '@iris/config';
import { HealthReport, PdpWatch } from '@iris/entry-point';
import { createLogger, endOnSignal } from '@iris/telemetry';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { agentOfPath, agentReplyText } from './agents/agents.js';
import { createGatewayModule } from './gateway.module.js';
import { type GatewaySettings, gatewaySettings } from './gateway.settings.js';
import { HookKeys, ProblemFilter, prepareHookTransport, refusalText, replyText } from './http/index.js';
import { HookAnswers } from './protocol/hook-answers.js';
import type { HookVerdict } from './protocol/hook-verdict.js';
import { block } from './verdict/index.js';

/** A client that is slower than this to send its whole request is given up, in ms. */
const REQUEST_TIMEOUT_MS = 30_000;

const NOT_PERMITTED =
  "the hook key is not permitted on this path: an agent's key is for its agent's path such as /ext/claude, Aperture's key for /ext/aperture";

/** How long hooks in flight may take at the end, in ms. */
const DRAIN_MS = 10_000;

/**
 * The reply by the failure mode, for an error that nothing else has answered.
 *
 * @param isSwitchedOff whether a break-glass switch is on for all categories
 */
function lastResort(path: string, settings: GatewaySettings, isSwitchedOff: boolean): string {
  const agent = agentOfPath(path);
  const closed = settings[agent !== undefined ? 'failure.preToolUse' : 'failure.preRequest'] === 'closed';
  const mode =
    settings['mode.byEvent'][agent !== undefined ? 'pre_tool_use' : 'pre_request'] ?? settings['mode.default'];
  const verdict: HookVerdict =
    closed && mode === 'enforce' && !isSwitchedOff
      ? block('internal_error', 'Blocked: an unexpected error.')
      : { action: 'allow', reason: 'internal_error' };
  return agent === undefined ? replyText(verdict) : agentReplyText(agent, verdict, undefined);
}

/** A switch for one category does not cover a hook whose tools are not known. */
function isOffForAll({ breakGlass }: Pick<HealthReport, 'breakGlass'>): boolean {
  return breakGlass !== undefined && breakGlass.category === undefined;
}

/** Starts the gateway and returns when it listens. A setting that cannot be used ends the process with one line. */
export async function startGateway(environment: NodeJS.ProcessEnv): Promise<void> {
  try {
    const settings = loadSettings(gatewaySettings, environment);
    const logger = createLogger('gateway', settings['log.level']);
    const adapter = new FastifyAdapter({
      requestTimeout: REQUEST_TIMEOUT_MS,
      forceCloseConnections: 'idle',
      // To Aperture a 503 is no verdict; a hook that arrives as the gateway ends is answered like any other.
      return503OnClosing: false,
    });
    const app = await NestFactory.create<NestFastifyApplication>(createGatewayModule(settings), adapter, {
      // An error of the start is the one line below.
      logger: false,
      abortOnError: false,
      bodyParser: false,
    });
    app.useLogger(['error', 'warn']);
    prepareHookTransport(adapter.getInstance() as never, {
      keys: app.get(HookKeys),
      budgetMs: settings['hook.budgetMs'],
      onUnauthenticated: (peer, path) =>
        logger.warn({ peer, path, reason: 'hook_unauthenticated' }, 'a hook has no known key'),
      notPermitted: (request) => refusalText(app.get(HookAnswers), request, 'hook_key_not_permitted', NOT_PERMITTED),
      lastResort: (path) => lastResort(path, settings, isOffForAll(app.get(HealthReport))),
    });
    app.useGlobalFilters(new ProblemFilter(app.get(HookAnswers), logger));
    await app.listen(settings['http.port'], settings['http.host']);
    logger.info({ url: await app.getUrl(), mode: settings['mode.default'] }, 'gateway listening');
    await app.get(PdpWatch).start();
    // Takes no new hook, and answers those in flight.
    endOnSignal(() => app.close(), DRAIN_MS);
  } catch (error) {
    process.stderr.write(`gateway: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(1);
  }
}
