import { Company } from '../company/company.js';
import { SandboxClock } from '../company/sandbox-clock.js';
import { type ApiBehaviour, SimulatedServer } from './simulated-server.js';

/** The simulated API of one vendor: `apps/enricher-<id>/simulated-api/index.ts` exports it as `simulatedApi`. */
export interface SimulatedApi<C = unknown> {
  /** Credentials that the API accepts. They open nothing else. */
  credentials(): C | Promise<C>;
  /** Response time of the vendor's own API, roughly, in ms: that of the demonstration. */
  readonly typicalLatencyMs: number;
  /** Routes, limits and error bodies. Facts are read from the company at each request. */
  behaviour(company: Company, clock: SandboxClock, credentials: C): ApiBehaviour;
  /** Environment variables of an enricher that reads from the API at this URL. */
  enricherEnvironment(url: string, credentials: C): Record<string, string>;
}

export interface SimulatedApiOptions {
  /** Number of people in the company, the named ones included; 40 when absent. */
  readonly people?: number;
  /** False refuses no request by a rate limit; true when absent. */
  readonly enforceLimits?: boolean;
}

/** One simulated API that runs alone on a free port of 127.0.0.1, over a company of its own. */
export interface RunningSimulatedApi<C> {
  readonly url: string;
  readonly credentials: C;
  readonly company: Company;
  readonly clock: SandboxClock;
  readonly server: SimulatedServer;
  /** Resets company, clock, faults, limits and call log to their state at the start. */
  reset(): Promise<void>;
  close(): Promise<void>;
}

/** The size of a company where nothing else is asked for. */
export const DEFAULT_PEOPLE = 40;
/** The seed of the company where nothing else is asked for. */
export const DEFAULT_SEED = 20_261_101;

/** Starts the simulated API of one vendor alone. */
export async function startSimulatedApi<C>(
  api: SimulatedApi<C>,
  options: SimulatedApiOptions = {},
): Promise<RunningSimulatedApi<C>> {
  const clock = new SandboxClock();
  const company = new Company({ clock, people: options.people ?? DEFAULT_PEOPLE, seed: DEFAULT_SEED });
  const credentials = await api.credentials();
  const server = await SimulatedServer.start(api.behaviour(company, clock, credentials), {
    host: '127.0.0.1',
    port: 0,
    latencyMs: 0,
    enforceLimits: options.enforceLimits ?? true,
  });
  return {
    url: server.url,
    credentials,
    company,
    clock,
    server,
    reset: async () => {
      clock.setOffset(0);
      company.reset();
      await server.reset(0);
    },
    close: () => server.close(),
  };
}
