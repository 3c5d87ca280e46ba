import { loadSettings } from '@iris/config';
import type { AccessEntry } from '@iris/decision-log';
import { type Pdp, PdpError } from '@iris/pdp';
import { createLogger } from '@iris/telemetry';
import { loadCatalog } from '@iris/tool-catalog';
import { consoleSettings } from '../src/console.settings.js';
import { createConsole } from '../src/create-console.js';
import { LogOfRecords } from './log-of-records.js';

// biome-ignore lint/suspicious/noExplicitAny: a spec looks at single fields of many answers.
type Answer = Omit<Response, 'json'> & { json(): Promise<any> };

/** A console over a log in memory, listening on loopback. */
export async function startTestConsole(
  environment: Readonly<Record<string, string>> = {},
  pdp: Pdp = new UnavailablePdp(),
  port = 0,
) {
  const log = new LogOfRecords();
  const logger = createLogger('console', 'silent');
  const settings = loadSettings(consoleSettings, {
    IRIS_HTTP_PORT: '0',
    IRIS_DECISION_LOG_URL: 'postgres://unused@127.0.0.1/unused',
    ...environment,
  });
  const accesses: AccessEntry[] = [];
  const accessLog = {
    failing: false,
    async recordAccess(entry: AccessEntry) {
      if (this.failing) throw new Error('full');
      accesses.push(entry);
    },
    async accesses({ subject, limit }: { subject?: string; limit: number }) {
      return accesses
        .filter((entry) => subject === undefined || entry.subject === subject)
        .slice(-limit)
        .reverse();
    },
  };
  const app = await createConsole(
    settings,
    { log, accessLog, pdp, redis: undefined, pdpTls: false, catalog: loadCatalog({ path: 'policies/catalog.yaml' }) },
    logger,
  );
  await app.listen(port, '127.0.0.1');
  const url = (await app.getUrl()).replace('[::1]', '127.0.0.1');
  return {
    ...{ app, url, log, accesses, accessLog },
    /** The answer of an operation, of the shape that a spec expects. */
    // biome-ignore lint/suspicious/noExplicitAny: a spec looks at single fields of many answers.
    json: async (path: string): Promise<any> => (await fetch(`${url}${path}`)).json(),
    get: (path: string, headers: Record<string, string> = {}): Promise<Answer> => fetch(`${url}${path}`, { headers }),
  };
}

class UnavailablePdp implements Pdp {
  async check(): Promise<never> {
    throw new PdpError('pdp_unavailable', 'there is none');
  }
  async plan(): Promise<never> {
    throw new PdpError('pdp_unavailable', 'there is none');
  }
  async version(): Promise<never> {
    throw new PdpError('pdp_unavailable', 'there is none');
  }
  close() {}
}
