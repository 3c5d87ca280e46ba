import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort, startRedis, type TestRedis } from '@iris/context-cache/testing';
import { type Sandbox, type SandboxOptions, startSandbox } from '../sandbox.js';
import { VENDOR_NAMES, type VendorName } from '../vendor-name.js';
import { answers, type Child, startChild } from './child.js';
import { type ConsoleOfMesh, type ConsoleOptions, startConsoleOfMesh } from './console-of-mesh.js';
import { type Pdp, startPdp } from './pdp.js';

/** The key that the sandbox's hooks authenticate with. It opens nothing else. */
export const HOOK_KEY = 'sandbox-hook-key';

/** The key of an agent, which speaks for one person on the agents' route. */
export const AGENT_HOOK_KEY = 'sandbox-agent-key';

/** What bounds the memory of a process in the image, which states why. */
export const IMAGE_NODE_OPTIONS = ['--max-semi-space-size=8'];
export const IMAGE_ENVIRONMENT = {
  MALLOC_ARENA_MAX: '2',
  MALLOC_MMAP_THRESHOLD_: '16384',
  MALLOC_TRIM_THRESHOLD_: '131072',
};

/** Whom the agent's key speaks for. */
const AGENT_LOGIN = 'ben@lumen.example';

export interface MeshOptions {
  /** Root of the repository, with `dist` built. */
  readonly root: string;
  readonly sandbox?: SandboxOptions;
  /** False starts no Redis: the mesh has to answer without. True when absent. */
  readonly redis?: boolean;
  /** How many gateways; 1 when absent. */
  readonly gateways?: number;
  /** How many replicas of each enricher share Redis; the gateways are spread over them. 1 when absent. */
  readonly enricherReplicas?: number;
  /** Settings of an MCP gateway, at least IRIS_MCP_SERVERS_FILE; none is started when absent. */
  readonly mcpEnv?: Readonly<Record<string, string>>;
  /** The same for every gateway, or by its index. */
  readonly gatewayEnv?: Readonly<Record<string, string>> | ((index: number) => Readonly<Record<string, string>>);
  readonly enricherEnv?: Readonly<Partial<Record<VendorName, Readonly<Record<string, string>>>>>;
  /** For every process of the mesh, for example OTEL_EXPORTER_OTLP_ENDPOINT. */
  readonly commonEnv?: Readonly<Record<string, string>>;
  /** For one app by its name, such as gateway-0 or enricher-okta: what no two may share, such as a port. */
  readonly processEnv?: (process: string) => Readonly<Record<string, string>>;
  /** Policies of the PDP; the pack of the repository when absent. */
  readonly policies?: string;
  readonly pdpEnv?: Readonly<Record<string, string>>;
  /** Port of the PDP's gRPC listener; free when absent. */
  readonly pdpGrpcPort?: number;
  /** Port of the first gateway; free when absent. */
  readonly gatewayPort?: number;
  /** Starts apps as the image does, for measurements of memory: without source maps and compile cache, which take 40 MB. */
  readonly asInImage?: boolean;
  /** Starts the console with an auditor and a decision log too; it needs Redis. */
  readonly console?: ConsoleOptions;
  /** Called with each line that a process writes. */
  readonly onLine?: (process: string, line: string) => void;
}

export interface Enricher {
  readonly vendor: VendorName;
  /** host:port of its gRPC service. */
  readonly address: string;
  readonly httpUrl: string;
  process: Child;
}

export interface Gateway {
  readonly url: string;
  readonly evidenceDirectory: string;
  process: Child;
}

/** The whole mesh as local processes: simulated APIs in this process, everything else as it is deployed. */
export interface Mesh {
  readonly sandbox: Sandbox;
  readonly redis: TestRedis | undefined;
  pdp: Pdp;
  readonly enrichers: readonly Enricher[];
  readonly gateways: readonly Gateway[];
  /** The MCP gateway, where its settings are given. */
  readonly mcp: Gateway | undefined;
  /** Only with the option console. */
  readonly console: ConsoleOfMesh | undefined;
  /** Starts a gateway again after it was stopped or killed, on the same port and spool. */
  restartGateway(index: number): Promise<void>;
  /** Starts the enricher of a vendor, or of its replica, again after it was stopped or killed, on the same ports. */
  restartEnricher(vendor: VendorName, replica?: number): Promise<void>;
  /** Starts the PDP again after it was stopped or killed, on the same ports. */
  restartPdp(): Promise<void>;
  close(): Promise<void>;
}

/**
 * Starts the mesh on free ports of 127.0.0.1 and waits until it is ready.
 *
 * @throws Error with a process's last lines when it does not start; nothing is left behind
 */
export async function startMesh(options: MeshOptions): Promise<Mesh> {
  const cleanups: (() => Promise<unknown>)[] = [];
  const close = async () => {
    for (const cleanup of cleanups.splice(0).reverse()) await cleanup().catch(() => undefined);
  };
  try {
    const folder = await mkdtemp(join(tmpdir(), 'iris-mesh-'));
    cleanups.push(() => rm(folder, { recursive: true, force: true }));
    const sandbox = await startSandbox(options.sandbox);
    cleanups.push(() => sandbox.close());

    const pdpGrpcPort = options.pdpGrpcPort ?? (await freePort());
    const pdpHttpPort = await freePort();
    const startOwnPdp = () =>
      startPdp({
        root: options.root,
        policies: options.policies,
        grpcPort: pdpGrpcPort,
        httpPort: pdpHttpPort,
        env: { ...options.commonEnv, ...options.pdpEnv },
        onLine: (line) => options.onLine?.('pdp', line),
      });
    const pdpStart = startOwnPdp();
    const redis = options.redis === false ? undefined : await startRedis();
    if (redis !== undefined) cleanups.push(() => redis.stop());
    const redisEnv: Record<string, string> = redis === undefined ? {} : { IRIS_REDIS_URL: redis.url };

    const replicas = Array.from({ length: options.enricherReplicas ?? 1 });
    const enricherStarts = replicas.flatMap(() =>
      VENDOR_NAMES.map((vendor) => withFreePorts(() => startEnricher(options, sandbox, vendor, redisEnv))),
    );
    const settled = await Promise.allSettled([pdpStart, ...enricherStarts]);
    const [pdpResult, ...enricherResults] = settled;
    const enrichers = (enricherResults as PromiseSettledResult<Enricher>[]).flatMap((result) =>
      result.status === 'fulfilled' ? [result.value] : [],
    );
    const mesh = { pdp: undefined as unknown as Pdp };
    if (pdpResult?.status === 'fulfilled') mesh.pdp = pdpResult.value as Pdp;
    cleanups.push(() => mesh.pdp?.process.stop() ?? Promise.resolve());
    cleanups.push(() => Promise.all(enrichers.map(({ process }) => process.stop())));
    const failed = settled.find((result) => result.status === 'rejected');
    if (failed?.status === 'rejected') throw failed.reason;

    const gateways: Gateway[] = [];
    const startProcess = async (index: number): Promise<Gateway> => {
      const known = gateways[index];
      const port = known !== undefined ? Number(new URL(known.url).port) : await gatewayPort(options, index);
      const evidenceDirectory = known?.evidenceDirectory ?? join(folder, `evidence-${index}`);
      const ofReplica = enrichers.slice((index % replicas.length) * VENDOR_NAMES.length).slice(0, VENDOR_NAMES.length);
      const addresses = Object.fromEntries(ofReplica.map(({ vendor, address }) => [vendor, address]));
      const process = await startApp(
        options,
        `gateway-${index}`,
        'gateway',
        {
          ...redisEnv,
          IRIS_HTTP_PORT: String(port),
          IRIS_HOOK_KEYS: `sandbox=${HOOK_KEY},sandbox-agent=${AGENT_HOOK_KEY}`,
          IRIS_AGENTS_LOGINS: JSON.stringify({ 'sandbox-agent': AGENT_LOGIN }),
          IRIS_PDP_TARGET: mesh.pdp.target,
          IRIS_SOURCES_ADDRESSES: JSON.stringify(addresses),
          IRIS_EVIDENCE_DIRECTORY: evidenceDirectory,
          ...(typeof options.gatewayEnv === 'function' ? options.gatewayEnv(index) : options.gatewayEnv),
        },
        () => answers(`http://127.0.0.1:${port}/readyz`),
      );
      return { url: `http://127.0.0.1:${port}`, evidenceDirectory, process };
    };
    cleanups.push(() => Promise.all(gateways.map(({ process }) => process.stop())));
    for (let index = 0; index < (options.gateways ?? 1); index += 1)
      gateways.push(await withFreePorts(() => startProcess(index)));

    const startMcp = async (): Promise<Gateway> => {
      const port = await freePort();
      const evidenceDirectory = join(folder, 'evidence-mcp');
      const addresses = Object.fromEntries(enrichers.map(({ vendor, address }) => [vendor, address]));
      const process = await startApp(
        options,
        'mcp-gateway',
        'mcp-gateway',
        {
          ...redisEnv,
          IRIS_HTTP_PORT: String(port),
          IRIS_PDP_TARGET: mesh.pdp.target,
          IRIS_SOURCES_ADDRESSES: JSON.stringify(addresses),
          IRIS_EVIDENCE_DIRECTORY: evidenceDirectory,
          ...options.mcpEnv,
        },
        () => answers(`http://127.0.0.1:${port}/readyz`),
      );
      return { url: `http://127.0.0.1:${port}`, evidenceDirectory, process };
    };
    const mcp = options.mcpEnv === undefined ? undefined : await withFreePorts(startMcp);
    cleanups.push(() => mcp?.process.stop() ?? Promise.resolve());
    const console =
      options.console === undefined
        ? undefined
        : await startConsoleOfMesh(options.console, {
            ...{ root: options.root, folder, redisEnv, pdpTarget: mesh.pdp.target, gatewayUrl: gateways[0]?.url },
            addresses: Object.fromEntries(enrichers.map(({ vendor, address }) => [vendor, address])),
            startApp: (app, env, ready) => startApp(options, app, app, env, ready),
          });
    if (console !== undefined) cleanups.push(() => console.close());

    return {
      sandbox,
      redis,
      mcp,
      get pdp() {
        return mesh.pdp;
      },
      enrichers,
      gateways,
      console,
      restartGateway: async (index) => {
        const gateway = gateways[index];
        if (gateway === undefined) throw new Error(`there is no gateway ${index}`);
        await gateway.process.stop();
        gateway.process = (await startProcess(index)).process;
      },
      restartEnricher: async (vendor, replica = 0) => {
        const enricher = enrichers.filter((one) => one.vendor === vendor)[replica];
        if (enricher === undefined) throw new Error(`there is no replica ${replica} of the enricher of ${vendor}`);
        await enricher.process.stop();
        enricher.process = (await startEnricher(options, sandbox, vendor, redisEnv, enricher)).process;
      },
      restartPdp: async () => {
        await mesh.pdp.process.stop();
        mesh.pdp = await startOwnPdp();
      },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** A port that was free may be taken before it is used; then other ones are tried. */
async function withFreePorts<T>(start: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await start();
    } catch (error) {
      if (attempt >= 3 || !String(error).includes('EADDRINUSE')) throw error;
    }
  }
}

async function gatewayPort(options: MeshOptions, index: number): Promise<number> {
  return index === 0 && options.gatewayPort !== undefined ? options.gatewayPort : freePort();
}

async function startEnricher(
  options: MeshOptions,
  sandbox: Sandbox,
  vendor: VendorName,
  redisEnv: Readonly<Record<string, string>>,
  known?: Enricher,
): Promise<Enricher> {
  const grpcPort = known === undefined ? await freePort() : Number(known.address.split(':')[1]);
  const httpPort = known === undefined ? await freePort() : Number(new URL(known.httpUrl).port);
  const httpUrl = `http://127.0.0.1:${httpPort}`;
  const process = await startApp(
    options,
    `enricher-${vendor}`,
    `enricher-${vendor}`,
    {
      ...redisEnv,
      IRIS_GRPC_PORT: String(grpcPort),
      IRIS_HTTP_PORT: String(httpPort),
      ...sandbox.enricherEnvironment(vendor),
      ...options.enricherEnv?.[vendor],
    },
    () => answers(`${httpUrl}/healthz`),
  );
  return { vendor, address: `127.0.0.1:${grpcPort}`, httpUrl, process };
}

function startApp(
  options: MeshOptions,
  name: string,
  app: string,
  env: Readonly<Record<string, string>>,
  ready: () => Promise<boolean>,
): Promise<Child> {
  return startChild({
    name,
    command: process.execPath,
    args: [
      ...IMAGE_NODE_OPTIONS,
      ...(options.asInImage ? [] : ['--enable-source-maps']),
      '--import',
      './dist/libs/telemetry/src/register.js',
      `dist/apps/${app}/src/main.js`,
    ],
    cwd: options.root,
    env: {
      OTEL_SERVICE_NAME: app,
      ...IMAGE_ENVIRONMENT,
      ...(options.asInImage ? { NODE_DISABLE_COMPILE_CACHE: '1' } : {}),
      ...options.commonEnv,
      ...env,
      ...options.processEnv?.(name),
    },
    ready,
    onLine: (line) => options.onLine?.(name, line),
  });
}
