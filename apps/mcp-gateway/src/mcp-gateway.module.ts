import { closedOnShutdown } from '@iris/decision';
import { entryPointModules } from '@iris/entry-point';
import { CallDecider, McpCallsModule } from '@iris/mcp-calls';
import type { Logger } from '@iris/telemetry';
import { type BeforeApplicationShutdown, type DynamicModule, Module } from '@nestjs/common';
import { CallConfirmation } from './confirm/call-confirmation.js';
import { ConfirmedStates } from './confirm/confirmed-state.js';
import type { Place } from './http/mcp-routes.js';
import { BodyReader } from './http/read-body.js';
import { openAuthenticators } from './identity/open-authenticators.js';
import type { McpGatewaySettings } from './mcp-gateway.settings.js';
import { openPlaces } from './relay/open-places.js';
import { ListChanges } from './sessions/list-changes.js';
import { SessionTable } from './sessions/session-table.js';
import { openUpstreams } from './upstreams/open-upstreams.js';
import type { Upstream } from './upstreams/upstream.js';

/** `ReadonlyMap<string, Place>`: the path of each server by its id. */
export const SERVER_PLACES = Symbol('paths of the MCP servers');
/** `readonly Authenticator[]`. */
export const AUTHENTICATORS = Symbol('ways of authentication');

const UPSTREAMS = Symbol('MCP servers');

/** Longest time until a message of a client is complete, in ms. */
const BODY_TIMEOUT_MS = 30_000;

@Module({})
class McpGatewayModule {}

/**
 * Composes the gateway from its settings.
 *
 * @throws Error in one line when a file, a credential or a setting cannot be used
 */
export function createMcpGatewayModule(settings: McpGatewaySettings, logger: Logger): DynamicModule {
  const onFailure = settings['failure.mcpToolsCall'];
  return {
    module: McpGatewayModule,
    imports: [
      ...entryPointModules(settings, { name: 'mcp-gateway', failureModes: { mcp_tools_call: onFailure }, logger }),
      McpCallsModule.register({ budgetMs: settings['mcp.budgetMs'], onFailure }),
    ],
    providers: [
      { provide: AUTHENTICATORS, useFactory: () => openAuthenticators(settings, logger) },
      { provide: UPSTREAMS, useFactory: () => openUpstreams(settings['mcp.serversFile'], process.env) },
      {
        provide: SessionTable,
        useFactory: () =>
          new SessionTable({
            maxSessions: settings['mcp.maxSessions'],
            maxPerCaller: settings['mcp.maxSessionsPerCaller'],
            idleMs: settings['mcp.sessionIdleSeconds'] * 1000,
          }),
      },
      {
        provide: ListChanges,
        inject: [CallDecider, SessionTable],
        useFactory: (decider: CallDecider, sessions: SessionTable) => new ListChanges(decider, sessions),
      },
      {
        provide: SERVER_PLACES,
        inject: [UPSTREAMS, CallDecider, SessionTable, ListChanges],
        useFactory: (
          upstreams: ReadonlyMap<string, Upstream>,
          decider: CallDecider,
          sessions: SessionTable,
          changes: ListChanges,
        ): ReadonlyMap<string, Place> => {
          const bodies = new BodyReader({
            maxBytes: settings['mcp.maxBodyBytes'],
            maxBufferedBytes: settings['mcp.maxBufferedBytes'],
            timeoutMs: BODY_TIMEOUT_MS,
          });
          const options = {
            decider,
            sessions,
            bodies,
            changes,
            confirmation: new CallConfirmation(new ConfirmedStates(settings['mcp.stateKey'])),
            maxReadBytes: settings['mcp.maxReadBytes'],
            onUpstreamError: (server: string, error: Error) =>
              logger.warn({ server, problem: error.message }, 'an MCP server gives no usable answer'),
          };
          return openPlaces(upstreams, options);
        },
      },
      {
        provide: Symbol('ends waiting streams'),
        inject: [SessionTable, ListChanges],
        useFactory: (sessions: SessionTable, changes: ListChanges): BeforeApplicationShutdown => ({
          beforeApplicationShutdown: () => {
            sessions.endStreams();
            changes.endStreams();
          },
        }),
      },
      closedOnShutdown<ListChanges>(ListChanges as never, (changes) => changes.close()),
      closedOnShutdown<SessionTable>(SessionTable as never, (sessions) => sessions.close()),
      closedOnShutdown<ReadonlyMap<string, Upstream>>(UPSTREAMS, (upstreams) =>
        Promise.all([...upstreams.values()].map((upstream) => upstream.close())),
      ),
    ],
  };
}
