import { generateKeyPairSync } from 'node:crypto';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '@iris/context-cache/testing';
import { signingKey } from '@iris/evidence';
import { parseDocument } from 'yaml';
import { type HttpEndpoint, startHttpEndpoint } from '../../apps/auditor/test/http-endpoint.js';
import { answers, type Child, startChild } from '../../apps/sandbox/src/mesh/child.js';
import { HOOK_KEY, type Mesh, startMesh } from '../../apps/sandbox/src/mesh/mesh.js';
import { type Pdp, startPdp } from '../../apps/sandbox/src/mesh/pdp.js';
import { type Prometheus, startPrometheus, type Target } from '../../apps/sandbox/src/telemetry/prometheus-server.js';
import { VENDOR_NAMES } from '../../apps/sandbox/src/vendor-name.js';
import { pathWithIris } from './runbook-commands.js';

const ROOT = process.cwd();
/** Where facts of Okta are fresh for so long, in s, so that a test sees them go stale. */
const OKTA_FRESH_SECONDS = 6;

const ADMIN = generateKeyPairSync('ed25519');

/** The release as dashboards and alerts see it. */
export const NAMESPACE = 'iris';
/** The second gateway is scraped as a release of its own, too, to which only events after the response come. */
const WATCHED_NAMESPACE = 'iris-watched';

/**
 * A mesh with an auditor that a real Prometheus scrapes. The first gateway is as it is deployed, with a long budget. The
 * second has a PDP of its own, which it asks in a scope that has no policies, and the smallest spool, whose records are
 * dropped when it is full.
 */
export class ObservedMesh {
  /** May turn the break-glass switch of the first gateway. */
  readonly adminKey = signingKey(ADMIN.privateKey.export({ type: 'pkcs8', format: 'pem' }) as string);

  private constructor(
    readonly mesh: Mesh,
    readonly prometheus: Prometheus,
    readonly sink: HttpEndpoint,
    private readonly startAuditor: () => Promise<Child>,
    private auditor: Child,
    private readonly pack: string,
    private readonly catalog: string,
    private readonly folder: string,
    private readonly path: string,
    private readonly cleanups: readonly (() => Promise<unknown>)[],
  ) {}

  /** @param rules text of a rule file */
  static async start(rules: string): Promise<ObservedMesh> {
    const folder = await mkdtemp(join(tmpdir(), 'iris-observed-'));
    const cleanups: (() => Promise<unknown>)[] = [() => rm(folder, { recursive: true, force: true })];
    try {
      const apps = ['gateway-0', 'gateway-1', 'auditor', ...VENDOR_NAMES.map((vendor) => `enricher-${vendor}`)];
      const ports = new Map<string, number>();
      for (const app of apps) ports.set(app, await freePort());
      const metricsEnv = (app: string) => ({
        OTEL_METRICS_EXPORTER: 'prometheus',
        OTEL_EXPORTER_PROMETHEUS_HOST: '127.0.0.1',
        OTEL_EXPORTER_PROMETHEUS_PORT: String(ports.get(app)),
      });

      const sink = await startHttpEndpoint();
      cleanups.push(() => sink.close());
      const pack = join(folder, 'pack');
      await cp('policies/pack', pack, { recursive: true });
      const secondPdp = await startPdp({ root: ROOT, policies: pack });
      cleanups.push(() => secondPdp.process.stop());
      const sources = join(folder, 'sources.yaml');
      const registry = await readFile('deploy/helm/iris/files/sources.yaml', 'utf8');
      const known = parseDocument(registry);
      known.setIn(['sources', 'okta', 'freshSeconds'], OKTA_FRESH_SECONDS);
      await writeFile(sources, String(known));

      const catalog = join(folder, 'catalog.yaml');
      await cp('policies/catalog.yaml', catalog);

      const mesh = await startMesh({
        root: ROOT,
        gateways: 2,
        commonEnv: { IRIS_SOURCES_FILE: sources },
        processEnv: metricsEnv,
        enricherEnv: { pagerduty: { IRIS_PAGERDUTY_WEBHOOK_SECRETS: 'a-signing-secret' } },
        gatewayEnv: (index) => (index === 0 ? mainGateway(catalog) : secondGateway(secondPdp)),
      });
      cleanups.push(() => mesh.close());

      const startAuditor = () => auditorProcess(mesh, sink, metricsEnv('auditor'));
      const auditor = await startAuditor();
      const target = (app: string, namespace: string): Target => ({
        address: `127.0.0.1:${ports.get(app)}`,
        namespace,
        pod: app,
      });
      const targets = [
        ...apps.map((app) => target(app, NAMESPACE)),
        target('gateway-1', WATCHED_NAMESPACE),
        { ...pdpTarget(mesh.pdp), pod: 'pdp-0' },
        { ...pdpTarget(secondPdp), pod: 'pdp-1' },
      ];
      const prometheus = await startPrometheus(join(folder, 'prometheus'), targets, rules);
      cleanups.push(() => prometheus.close());
      const path = await pathWithIris(folder);
      return new ObservedMesh(mesh, prometheus, sink, startAuditor, auditor, pack, catalog, folder, path, cleanups);
    } catch (error) {
      await closeAll(cleanups);
      throw error;
    }
  }

  /** Names of the alerts that fire now, of both releases. */
  async firing(): Promise<string[]> {
    const series = await this.prometheus.now('ALERTS{alertstate="firing"}');
    return [...new Set(series.map(({ metric }) => metric.alertname ?? ''))].sort();
  }

  /** What the commands of a runbook need. */
  get env(): Record<string, string> {
    return {
      PATH: this.path,
      PROMETHEUS_URL: this.prometheus.url,
      IRIS_GATEWAY_URL: this.mesh.gateways[0]?.url ?? '',
      IRIS_REDIS_URL: this.mesh.redis?.url ?? '',
      IRIS_PDP_TARGET: this.mesh.pdp.target,
      IRIS_HOOK_KEY: HOOK_KEY,
      IRIS_CATALOG_FILE: this.catalog,
      IRIS_EVIDENCE: this.mesh.gateways[0]?.evidenceDirectory ?? '',
      IRIS_SOURCES_ADDRESSES: JSON.stringify(
        Object.fromEntries(this.mesh.enrichers.map(({ vendor, address }) => [vendor, address])),
      ),
    };
  }

  /** Adds a file that is no policy to those of the second PDP. */
  async breakPolicies(): Promise<void> {
    await writeFile(join(this.pack, 'broken.yaml'), 'foo: [');
  }

  async repairPolicies(): Promise<void> {
    await rm(join(this.pack, 'broken.yaml'));
  }

  /** Writes a file that ends with the mesh. @returns its path */
  async write(name: string, text: string): Promise<string> {
    const path = join(this.folder, name);
    await writeFile(path, text);
    return path;
  }

  async killAuditor(): Promise<void> {
    await this.auditor.kill();
  }

  async restartAuditor(): Promise<void> {
    this.auditor = await this.startAuditor();
  }

  /** Gives the second PDP other policies than the first one. */
  async changePoliciesOfSecondPdp(): Promise<void> {
    const file = join(this.pack, '_iris_revision.yaml');
    const text = await readFile(file, 'utf8');
    await writeFile(file, text.replace(/revision: "\w+"/, 'revision: "another"'));
  }

  /** Gives the first gateway a catalog that it cannot use. */
  async breakCatalog(): Promise<void> {
    await writeFile(this.catalog, 'entries: none');
  }

  async repairCatalog(): Promise<void> {
    await cp('policies/catalog.yaml', this.catalog);
  }

  async close(): Promise<void> {
    await this.auditor.stop();
    await closeAll(this.cleanups);
  }
}

async function closeAll(cleanups: readonly (() => Promise<unknown>)[]): Promise<void> {
  for (const cleanup of [...cleanups].reverse()) await cleanup().catch(() => undefined);
}

function mainGateway(catalog: string): Record<string, string> {
  return {
    IRIS_CATALOG_FILE: catalog,
    // Longer than the bound of the alert about hooks that come near Aperture's timeout.
    IRIS_HOOK_BUDGET_MS: '4000',
    IRIS_MODE_BY_EVENT: '{"pre_tool_use":"observe"}',
    IRIS_SHADOW_POLICY_VERSION: 'candidate',
    IRIS_EVIDENCE_SEGMENT_SECONDS: '1',
    IRIS_EVIDENCE_ATTEMPTS: '1000',
    IRIS_BREAK_GLASS_KEYS: JSON.stringify({ drill: ADMIN.publicKey.export({ type: 'spki', format: 'pem' }) }),
  };
}

function secondGateway(pdp: Pdp): Record<string, string> {
  return {
    IRIS_PDP_TARGET: pdp.target,
    IRIS_PDP_POLICY_VERSION: 'nowhere',
    IRIS_EVIDENCE_MAX_BYTES: '65536',
    IRIS_EVIDENCE_ON_FULL: 'drop',
    IRIS_EVIDENCE_SEGMENT_SECONDS: '1',
  };
}

function pdpTarget({ httpUrl }: Pdp): Omit<Target, 'pod'> {
  return { address: new URL(httpUrl).host, path: '/_cerbos/metrics', namespace: NAMESPACE };
}

async function auditorProcess(mesh: Mesh, sink: HttpEndpoint, env: Readonly<Record<string, string>>): Promise<Child> {
  const port = await freePort();
  return startChild({
    name: 'auditor',
    command: process.execPath,
    args: ['--import', './dist/libs/telemetry/src/register.js', 'dist/apps/auditor/src/main.js'],
    cwd: ROOT,
    env: {
      ...env,
      IRIS_REDIS_URL: mesh.redis?.url ?? '',
      IRIS_HTTP_PORT: String(port),
      IRIS_HTTP_SINK_URL: sink.url,
      IRIS_DELIVERY_LOCK_SECONDS: '1',
    },
    ready: () => answers(`http://127.0.0.1:${port}/healthz`),
  });
}
