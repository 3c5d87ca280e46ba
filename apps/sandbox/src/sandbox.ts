import {
  Company,
  DEFAULT_PEOPLE,
  DEFAULT_SEED,
  SandboxClock,
  type SimulatedApi,
  SimulatedServer,
} from '@iris/simulation';
import { SIMULATED_APIS } from './generated/simulated-apis.js';
import { SandboxAdmin } from './sandbox-admin.js';
import { VENDOR_NAMES, type VendorName } from './vendor-name.js';

export interface SandboxOptions {
  /** 127.0.0.1 when absent. */
  readonly host?: string;
  /** A free port where none is given. */
  readonly ports?: Partial<Record<VendorName, number>>;
  /** Number of people in the company, the named ones included; 40 when absent. */
  readonly people?: number;
  /** Another seed makes other people beside the named ones. */
  readonly seed?: number;
  /** Response time of each vendor, in ms; 0 when absent. */
  readonly latencyMs?: Partial<Record<VendorName, number>>;
  /** Whether the vendors enforce and report their published rate limits; true when absent. */
  readonly enforceLimits?: boolean;
}

/** What the simulated API of each vendor accepts. */
export type SandboxCredentials = {
  readonly [V in VendorName]: Awaited<ReturnType<(typeof SIMULATED_APIS)[V]['credentials']>>;
};

export interface Sandbox {
  readonly urls: Readonly<Record<VendorName, string>>;
  readonly credentials: SandboxCredentials;
  readonly admin: SandboxAdmin;
  /** Environment variables of the enricher of a vendor: its own credentials and no others. */
  enricherEnvironment(vendor: VendorName): Record<string, string>;
  close(): Promise<void>;
}

/**
 * Starts the company and the simulated API of every vendor.
 *
 * @throws Error when a port is taken
 */
export async function startSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  const latencyMs = (vendor: VendorName) => options.latencyMs?.[vendor] ?? 0;
  const clock = new SandboxClock();
  const people = options.people ?? DEFAULT_PEOPLE;
  const company = new Company({ clock, people, seed: options.seed ?? DEFAULT_SEED });
  const servers = {} as Record<VendorName, SimulatedServer>;
  const credentials = {} as Record<VendorName, unknown>;
  const close = async () => {
    await Promise.all(Object.values(servers).map((server) => server.close()));
  };
  try {
    for (const name of VENDOR_NAMES) {
      credentials[name] = await apiOf(name).credentials();
      servers[name] = await SimulatedServer.start(apiOf(name).behaviour(company, clock, credentials[name]), {
        host: options.host ?? '127.0.0.1',
        port: options.ports?.[name] ?? 0,
        latencyMs: latencyMs(name),
        enforceLimits: options.enforceLimits ?? true,
      });
    }
  } catch (error) {
    await close();
    throw error;
  }
  const urls = Object.fromEntries(VENDOR_NAMES.map((name) => [name, servers[name].url]));
  return {
    urls: urls as Record<VendorName, string>,
    credentials: credentials as SandboxCredentials,
    admin: new SandboxAdmin(company, clock, servers, latencyMs),
    enricherEnvironment: (vendor) => apiOf(vendor).enricherEnvironment(servers[vendor].url, credentials[vendor]),
    close,
  };
}

/** Each API takes the credentials that it made itself. */
function apiOf(vendor: VendorName): SimulatedApi {
  return SIMULATED_APIS[vendor] as SimulatedApi;
}
