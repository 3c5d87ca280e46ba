import type { AddressInfo } from 'node:net';
import { NetworkList } from '@iris/config';
import type { Logger } from '@iris/telemetry';
import Fastify from 'fastify';
import { CallConfirmation } from '../confirm/call-confirmation.js';
import { ConfirmedStates } from '../confirm/confirmed-state.js';
import { AllowedNames } from '../http/allowed-names.js';
import { registerMcpRoutes } from '../http/mcp-routes.js';
import { BodyReader } from '../http/read-body.js';
import { StaticKeys } from '../identity/static-keys.js';
import { TailscaleHeaders } from '../identity/tailscale-headers.js';
import { openPlaces } from '../relay/open-places.js';
import { ListChanges } from '../sessions/list-changes.js';
import { SessionTable } from '../sessions/session-table.js';
import type { Upstream } from '../upstreams/upstream.js';
import { FakeDecider } from './fake-decider.js';

export const ANA_KEY = 'key-of-ana-1';
export const BEN_KEY = 'key-of-ben-1';

const HOSTS = new AllowedNames(['127.0.0.1', 'localhost']);

export interface OpenGateway {
  readonly url: string;
  readonly decider: FakeDecider;
  readonly sessions: SessionTable;
  readonly problems: string[];
  close(): Promise<void>;
}

/** The gateway without its decision, in front of the given servers. */
export async function openGateway(upstreams: readonly Upstream[], maxReadBytes = 1_048_576): Promise<OpenGateway> {
  const decider = new FakeDecider();
  const sessions = new SessionTable({ maxSessions: 600, maxPerCaller: 550, idleMs: 60_000 });
  const changes = new ListChanges(decider, sessions);
  const bodies = new BodyReader({ maxBytes: 1_048_576, maxBufferedBytes: 8_388_608, timeoutMs: 5000 });
  const problems: string[] = [];
  const options = {
    decider,
    sessions,
    bodies,
    changes,
    confirmation: new CallConfirmation(new ConfirmedStates(undefined)),
    maxReadBytes,
    onUpstreamError: (_server: string, error: Error) => void problems.push(error.message),
  };
  const fastify = Fastify({ forceCloseConnections: true });
  registerMcpRoutes(fastify, {
    servers: openPlaces(new Map(upstreams.map((upstream) => [upstream.id, upstream])), options),
    authenticators: [
      new TailscaleHeaders(new NetworkList(['127.0.0.1'])),
      new StaticKeys(
        [
          { name: 'ana', key: ANA_KEY },
          { name: 'ben', key: BEN_KEY },
        ],
        { ana: 'ana@lumen.example', ben: 'ben@lumen.example' },
      ),
    ],
    allowedHosts: HOSTS,
    allowedOrigins: HOSTS,
    logger: { warn: () => undefined, error: (_: unknown, text: string) => problems.push(text) } as unknown as Logger,
  });
  await fastify.listen({ port: 0, host: '127.0.0.1' });
  return {
    url: `http://127.0.0.1:${(fastify.server.address() as AddressInfo).port}`,
    decider,
    sessions,
    problems,
    close: async () => {
      changes.close();
      sessions.close();
      await Promise.all(upstreams.map((upstream) => upstream.close()));
      await fastify.close();
    },
  };
}
