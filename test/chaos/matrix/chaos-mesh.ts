import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort, startRedis, type TestRedis } from '@iris/context-cache/testing';
import type { Child } from '../../../apps/sandbox/src/mesh/child.js';
import { type Mesh, type MeshOptions, startMesh } from '../../../apps/sandbox/src/mesh/mesh.js';
import type { OtlpCollector } from '../../../apps/sandbox/src/telemetry/otlp-collector.js';
import { VENDOR_NAMES, type VendorName } from '../../../apps/sandbox/src/vendor-name.js';
import { postHook } from '../../e2e/hook-client.js';
import { mountSmall } from '../small-disk.js';
import { portOf, startAuditor, startCollecting, vendorsOverTls } from './chaos-seams.js';
import { EvidenceSink } from './evidence-sink.js';
import { FaultProxy } from './fault-proxy.js';
import { MixedHooks } from './mixed-hooks.js';

/** So many hooks each gateway gets before anything is measured: code that runs for the first time is slow. */
const WARM_UP_HOOKS = 70;

const CLOCK = join(import.meta.dirname, 'shifted-clock.mjs');
const SPOOL_BYTES = 8 * 1024 * 1024;

/** The policies of the repository. */
export const PACK = join(process.cwd(), 'policies/pack');

/** Budget of each hook, in ms. */
export const BUDGET_MS = 1500;

export interface ChaosMeshOptions extends Pick<MeshOptions, 'gateways'> {
  /** How many people the company has: each hook about a stranger uses one up. 5000 when absent. */
  readonly people?: number;
  /** Whether the enrichers reach their vendors over TLS; false when absent. */
  readonly vendorTls?: boolean;
  /** Whether Redis is there when everything else starts; true when absent. */
  readonly redisAtStart?: boolean;
  /** Whether the wall clocks of gateways and enrichers can be moved; false when absent. */
  readonly clocks?: boolean;
  /** Whether the gateways' spool is on a small disk of its own, where the user may mount one; false when absent. */
  readonly smallSpool?: boolean;
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
  /** Folder of the policies that the PDP watches, a copy of the pack. */
  readonly policies: string;
  /** Folder of the gateways' spools. */
  readonly spool: string;
  /** File that shifts the clocks of the gateways or of the enrichers, with `clocks`. */
  readonly clockFile: (who: 'gateway' | 'enrichers') => string;
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
    const policies = join(folder, 'policies');
    cpSync(PACK, policies, { recursive: true });
    const spool = join(folder, 'spool');
    mkdirSync(spool);
    if (options.smallSpool === true && process.getuid?.() === 0) cleanups.push(mountSmall(spool, SPOOL_BYTES));
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
    const commonEnv = collecting?.env;
    const redisUrl = `redis://127.0.0.1:${toRedis.port}`;
    const onLine = (name: string, line: string) => {
      if (process.env.CHAOS_LINES === '1') process.stdout.write(`${name}: ${line}\n`);
    };
    const clockFile = (who: string) => join(folder, `clock-${who}`);
    const clockOf = (who: string): Record<string, string> =>
      options.clocks === true ? { NODE_OPTIONS: `--import ${CLOCK}`, CLOCK_SHIFT_FILE: clockFile(who) } : {};
    const mesh = await startMesh({
      root: process.cwd(),
      sandbox: { people: options.people ?? 5000, enforceLimits: false, ports: vendorPorts },
      redis: false,
      pdpGrpcPort,
      gateways: options.gateways,
      policies,
      commonEnv: {
        IRIS_REDIS_URL: redisUrl,
        IRIS_BULK_INTERVAL_SECONDS: '0',
        IRIS_LOG_LEVEL: 'warn',
        ...commonEnv,
      },
      gatewayEnv: (index) => ({
        ...clockOf('gateway'),
        IRIS_PDP_TARGET: `127.0.0.1:${toPdp.port}`,
        IRIS_HOOK_BUDGET_MS: String(BUDGET_MS),
        IRIS_EVIDENCE_SEGMENT_SECONDS: '1',
        IRIS_EVIDENCE_DIRECTORY: join(spool, String(index)),
        ...(options.smallSpool === true ? { IRIS_EVIDENCE_ON_FULL: 'block' } : {}),
      }),
      enricherEnv: Object.fromEntries(
        VENDOR_NAMES.map((vendor) => [vendor, { ...clockOf('enrichers'), ...overTls?.env[vendor] }]),
      ),
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
      policies,
      spool,
      clockFile,
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}
