import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort, startRedis, type TestRedis } from '@iris/context-cache/testing';
import { answers, type Child, startChild } from '../../../apps/sandbox/src/mesh/child.js';
import { type Mesh, type MeshOptions, startMesh } from '../../../apps/sandbox/src/mesh/mesh.js';
import { VENDOR_NAMES, type VendorName } from '../../../apps/sandbox/src/vendor-name.js';
import { postHook } from '../../e2e/hook-client.js';
import { type OtlpCollector, startOtlpCollector } from '../../e2e/otlp-collector.js';
import { makeCertificates } from './certificates.js';
import { EvidenceSink } from './evidence-sink.js';
import { FaultProxy } from './fault-proxy.js';
import { MixedHooks } from './mixed-hooks.js';

/** So many hooks each gateway gets before anything is measured: code that runs for the first time is slow. */
const WARM_UP_HOOKS = 70;

/** Budget of each hook, in ms. */
export const BUDGET_MS = 1500;

export interface ChaosMeshOptions extends Pick<MeshOptions, 'gateways' | 'gatewayEnv' | 'enricherEnv' | 'policies'> {
  /** How many people the company has: each hook about a stranger uses one up. 5000 when absent. */
  readonly people?: number;
  /** Whether the enrichers reach their vendors over TLS; false when absent. */
  readonly vendorTls?: boolean;
  /** Whether Redis is there when everything else starts; true when absent. */
  readonly redisAtStart?: boolean;
  readonly commonEnv?: Readonly<Record<string, string>>;
  /** Whether every process exports spans and metrics to a collector, and the auditor records; false when absent. */
  readonly collector?: boolean;
}

/** The whole mesh with an auditor, and something that spoils connections at each seam. */
export interface ChaosMesh {
  readonly mesh: Mesh;
  readonly redis: TestRedis;
  readonly toRedis: FaultProxy;
  readonly toPdp: FaultProxy;
  /** Empty unless the vendors are reached over TLS. */
  readonly toVendors: Readonly<Partial<Record<VendorName, FaultProxy>>>;
  readonly toSink: FaultProxy;
  /** Absent without a collector. */
  readonly toCollector?: FaultProxy;
  readonly collector?: OtlpCollector;
  readonly auditor: Child;
  readonly evidence: EvidenceSink;
  readonly hooks: MixedHooks;
  /** A folder for this run. */
  readonly folder: string;
  /** How many lines each process has printed. */
  readonly lines: ReadonlyMap<string, number>;
  close(): Promise<void>;
}

/** @throws Error with a process's last lines when it does not start; nothing is left behind */
export async function startChaosMesh(options: ChaosMeshOptions = {}): Promise<ChaosMesh> {
  const cleanups: (() => unknown)[] = [];
  const close = async () => {
    for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
  };
  try {
    const folder = mkdtempSync(join(tmpdir(), 'iris-chaos-'));
    cleanups.push(() => rmSync(folder, { recursive: true, force: true }));
    const redis = await startRedis();
    cleanups.push(() => redis.stop());
    const toRedis = await FaultProxy.start({ target: () => redis.port });
    cleanups.push(() => toRedis.close());
    if (options.redisAtStart === false) await toRedis.set({ kind: 'refuse' });

    const pdpGrpcPort = await freePort();
    const toPdp = await FaultProxy.start({ target: () => pdpGrpcPort });
    cleanups.push(() => toPdp.close());

    const vendorPorts: Partial<Record<VendorName, number>> = {};
    for (const vendor of VENDOR_NAMES) vendorPorts[vendor] = await freePort();
    const overTls = options.vendorTls ? await vendorsOverTls(folder, vendorPorts, cleanups) : undefined;

    const evidence = await EvidenceSink.start();
    cleanups.push(() => evidence.close());
    const toSink = await FaultProxy.start({ target: () => portOf(evidence.url) });
    cleanups.push(() => toSink.close());
    const collecting = options.collector === true ? await startCollecting(cleanups) : undefined;
    const commonEnv = { ...collecting?.env, ...options.commonEnv };
    const redisUrl = `redis://127.0.0.1:${toRedis.port}`;
    const { gatewayEnv } = options;
    const lines = new Map<string, number>();
    const onLine = (name: string, line: string) => {
      lines.set(name, (lines.get(name) ?? 0) + 1);
      if (process.env.CHAOS_LINES === '1') process.stdout.write(`${name}: ${line}\n`);
    };
    const mesh = await startMesh({
      root: process.cwd(),
      sandbox: { people: options.people ?? 5000, enforceLimits: false, ports: vendorPorts },
      redis: false,
      pdpGrpcPort,
      gateways: options.gateways,
      policies: options.policies,
      commonEnv: {
        IRIS_REDIS_URL: redisUrl,
        IRIS_BULK_INTERVAL_SECONDS: '0',
        IRIS_LOG_LEVEL: 'warn',
        ...commonEnv,
      },
      gatewayEnv: (index) => ({
        IRIS_PDP_TARGET: `127.0.0.1:${toPdp.port}`,
        IRIS_HOOK_BUDGET_MS: String(BUDGET_MS),
        IRIS_EVIDENCE_SEGMENT_SECONDS: '1',
        ...(typeof gatewayEnv === 'function' ? gatewayEnv(index) : gatewayEnv),
      }),
      enricherEnv: merged(overTls?.env, options.enricherEnv),
      onLine,
    });
    cleanups.push(() => mesh.close());

    const auditor = await startAuditor(
      redisUrl,
      evidence.url.replace(/:\d+\//, `:${toSink.port}/`),
      { ...commonEnv, ...collecting?.auditorEnv },
      onLine,
    );
    cleanups.push(() => auditor.stop());
    const hooks = new MixedHooks(mesh.sandbox.admin.company);
    for (let turn = 0; turn < WARM_UP_HOOKS; turn += 1)
      for (const gateway of mesh.gateways) await postHook(gateway, hooks.next().hook);
    return {
      mesh,
      redis,
      toRedis,
      toPdp,
      toVendors: overTls?.proxies ?? {},
      toSink,
      toCollector: collecting?.proxy,
      collector: collecting?.collector,
      auditor,
      evidence,
      hooks,
      folder,
      lines,
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

type EnricherEnv = NonNullable<MeshOptions['enricherEnv']>;

function portOf(url: string): number {
  return Number(new URL(url).port);
}

/** Spans and metrics go out every few hundred ms, so that a fault of some seconds meets many exports. */
async function startCollecting(cleanups: (() => unknown)[]) {
  const collector = await startOtlpCollector();
  cleanups.push(() => collector.close());
  const proxy = await FaultProxy.start({ target: () => portOf(collector.url) });
  cleanups.push(() => proxy.close());
  const url = `http://127.0.0.1:${proxy.port}`;
  return {
    collector,
    proxy,
    env: {
      OTEL_EXPORTER_OTLP_ENDPOINT: url,
      OTEL_BSP_SCHEDULE_DELAY: '200',
      OTEL_METRIC_EXPORT_INTERVAL: '500',
      OTEL_METRIC_EXPORT_TIMEOUT: '400',
    },
    auditorEnv: { IRIS_OTLP_SINK_URL: `${url}/v1/logs`, IRIS_OTLP_SINK_TIMEOUT_MS: '1000' },
  };
}

async function vendorsOverTls(
  folder: string,
  ports: Readonly<Partial<Record<VendorName, number>>>,
  cleanups: (() => unknown)[],
): Promise<{ readonly proxies: Partial<Record<VendorName, FaultProxy>>; readonly env: EnricherEnv }> {
  const { trustedFile, right, wrong } = makeCertificates(folder);
  const proxies: Partial<Record<VendorName, FaultProxy>> = {};
  const env: Partial<Record<VendorName, Record<string, string>>> = {};
  for (const vendor of VENDOR_NAMES) {
    const proxy = await FaultProxy.start({ target: () => ports[vendor] ?? 0, tls: { right, wrong } });
    cleanups.push(() => proxy.close());
    proxies[vendor] = proxy;
    const path = vendor === 'tailscale' ? '/api/v2' : '';
    env[vendor] = {
      [`IRIS_${vendor.toUpperCase()}_URL`]: `https://127.0.0.1:${proxy.port}${path}`,
      NODE_EXTRA_CA_CERTS: trustedFile,
    };
  }
  return { proxies, env };
}

function merged(first: EnricherEnv = {}, second: EnricherEnv = {}): EnricherEnv {
  return Object.fromEntries(VENDOR_NAMES.map((vendor) => [vendor, { ...first[vendor], ...second[vendor] }]));
}

async function startAuditor(
  redisUrl: string,
  sinkUrl: string,
  commonEnv: Readonly<Record<string, string>> | undefined,
  onLine: (name: string, line: string) => void,
): Promise<Child> {
  const port = await freePort();
  return startChild({
    name: 'auditor',
    command: process.execPath,
    args: ['--import', './dist/libs/telemetry/src/register.js', './dist/apps/auditor/src/main.js'],
    cwd: process.cwd(),
    env: {
      ...commonEnv,
      IRIS_LOG_LEVEL: 'warn',
      IRIS_REDIS_URL: redisUrl,
      IRIS_HTTP_PORT: String(port),
      IRIS_DELIVERY_LOCK_SECONDS: '2',
      IRIS_HTTP_SINK_URL: sinkUrl,
    },
    ready: () => answers(`http://127.0.0.1:${port}/healthz`),
    onLine: (line) => onLine('auditor', line),
  });
}
