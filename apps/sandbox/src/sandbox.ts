import { Company } from './company/company.js';
import { SandboxClock } from './company/sandbox-clock.js';
import { startAdminServer } from './vendors/admin-server.js';
import { type SandboxCredentials, sandboxCredentials } from './vendors/credentials.js';
import { oktaManners } from './vendors/okta/okta.js';
import { pagerDutyManners } from './vendors/pagerduty/pagerduty.js';
import { SandboxAdmin } from './vendors/sandbox-admin.js';
import { serviceNowManners } from './vendors/servicenow/servicenow.js';
import { tailscaleManners } from './vendors/tailscale/tailscale.js';
import { VENDOR_NAMES, type VendorName } from './vendors/vendor-name.js';
import { type VendorManners, VendorServer } from './vendors/vendor-server.js';
import { workdayManners } from './vendors/workday/workday.js';

export interface SandboxOptions {
  /** 127.0.0.1 when absent. */
  readonly host?: string;
  /** A free port where none is given. */
  readonly ports?: Partial<Record<VendorName | 'admin', number>>;
  /** How many people the company has, the named ones included; 40 when absent. */
  readonly people?: number;
  /** Another seed makes other people beside the named ones. */
  readonly seed?: number;
  /** How long each vendor takes to answer, in ms; 0 when absent. */
  readonly latencyMs?: Partial<Record<VendorName, number>>;
  /** Whether the vendors have their published rate limits, and tell of them; true when absent. */
  readonly enforceLimits?: boolean;
}

export interface Sandbox {
  readonly urls: Readonly<Record<VendorName | 'admin', string>>;
  readonly credentials: SandboxCredentials;
  readonly admin: SandboxAdmin;
  close(): Promise<void>;
}

const PEOPLE = 40;
const SEED = 20_261_101;

/**
 * Starts the company, an HTTP stand-in for each vendor and the admin API.
 *
 * @throws Error when a port is taken
 */
export async function startSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  const host = options.host ?? '127.0.0.1';
  const latencyMs = (vendor: VendorName) => options.latencyMs?.[vendor] ?? 0;
  const clock = new SandboxClock();
  const company = new Company({ clock, people: options.people ?? PEOPLE, seed: options.seed ?? SEED });
  const credentials = await sandboxCredentials();
  const manners: Record<VendorName, VendorManners> = {
    okta: oktaManners(company, clock, credentials.okta),
    workday: workdayManners(company, clock, credentials.workday),
    servicenow: serviceNowManners(company, clock, credentials.servicenow),
    pagerduty: pagerDutyManners(company, clock, credentials.pagerduty),
    tailscale: tailscaleManners(company, clock, credentials.tailscale),
  };

  const started: { close(): Promise<void> }[] = [];
  const close = async () => {
    await Promise.all(started.map((server) => server.close()));
  };
  try {
    const vendors = {} as Record<VendorName, VendorServer>;
    for (const name of VENDOR_NAMES) {
      vendors[name] = await VendorServer.start(manners[name], {
        host,
        port: options.ports?.[name] ?? 0,
        latencyMs: latencyMs(name),
        enforceLimits: options.enforceLimits ?? true,
      });
      started.push(vendors[name]);
    }
    const urls = Object.fromEntries(VENDOR_NAMES.map((name) => [name, vendors[name].url])) as Record<
      VendorName,
      string
    >;
    const admin = new SandboxAdmin(company, clock, vendors, latencyMs);
    const port = options.ports?.admin ?? 0;
    const adminServer = await startAdminServer({ host, port, admin, credentials, urls });
    started.push(adminServer);
    return { urls: { ...urls, admin: adminServer.url }, credentials, admin, close };
  } catch (error) {
    await close();
    throw error;
  }
}
