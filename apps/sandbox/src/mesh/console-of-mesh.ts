import { join } from 'node:path';
import { freePort } from '@iris/context-cache/testing';
import { spawnEmbedded } from '@iris/decision-log';
import { answers, type Child } from './child.js';

const EMBEDDED = 'dist/libs/decision-log/src/embedded/embedded-main.js';

export interface ConsoleOptions {
  /** URL of a PostgreSQL that is migrated; an embedded one when absent. */
  readonly decisionLogUrl?: string;
  /** Folder of the embedded one; it ends with the mesh when absent. */
  readonly decisionLogDirectory?: string;
  /** Port of the console; free when absent. */
  readonly port?: number;
  /** Settings of the console, which replace those of the mesh. */
  readonly env?: Readonly<Record<string, string>>;
}

/** The console with its auditor and its decision log. */
export interface ConsoleOfMesh {
  readonly url: string;
  readonly decisionLogUrl: string;
  /** Where the auditor writes the evidence as files, beside the decision log. */
  readonly evidenceDirectory: string;
  readonly console: Child;
  readonly auditor: Child;
  close(): Promise<void>;
}

/** What the mesh gives to its console. */
export interface MeshForConsole {
  /** Root of the repository, with `dist` built. */
  readonly root: string;
  readonly folder: string;
  readonly redisEnv: Readonly<Record<string, string>>;
  readonly pdpTarget: string;
  readonly gatewayUrl: string | undefined;
  readonly addresses: Readonly<Record<string, string>>;
  readonly startApp: (
    app: string,
    env: Readonly<Record<string, string>>,
    ready: () => Promise<boolean>,
  ) => Promise<Child>;
}

/** Starts the decision log, then the auditor and the console. @throws Error when one does not start */
export async function startConsoleOfMesh(options: ConsoleOptions, mesh: MeshForConsole): Promise<ConsoleOfMesh> {
  const directory = options.decisionLogDirectory ?? join(mesh.folder, 'decision-log');
  const embedded =
    options.decisionLogUrl === undefined
      ? await spawnEmbedded({ directory, nodeArguments: [join(mesh.root, EMBEDDED)] })
      : undefined;
  const decisionLogUrl = options.decisionLogUrl ?? embedded?.url ?? '';
  const evidenceDirectory = join(mesh.folder, 'evidence-files');
  const [auditorPort, port] = [await freePort(), options.port ?? (await freePort())];
  const started: Child[] = [];
  const close = async () => {
    await Promise.all(started.map((child) => child.stop()));
    await embedded?.close();
  };
  const start = async (...args: Parameters<MeshForConsole['startApp']>) => {
    const child = await mesh.startApp(...args);
    started.push(child);
    return child;
  };
  const common = { ...mesh.redisEnv, IRIS_DECISION_LOG_URL: decisionLogUrl };
  try {
    const [auditor, console] = await Promise.all([
      start(
        'auditor',
        { ...common, IRIS_HTTP_PORT: String(auditorPort), IRIS_FILE_SINK_DIRECTORY: evidenceDirectory },
        () => answers(`http://127.0.0.1:${auditorPort}/readyz`),
      ),
      start(
        'console',
        {
          ...common,
          IRIS_HTTP_PORT: String(port),
          IRIS_PDP_TARGET: mesh.pdpTarget,
          IRIS_SOURCES_ADDRESSES: JSON.stringify(mesh.addresses),
          IRIS_HEALTH_ENRICHERS: 'true',
          ...(mesh.gatewayUrl === undefined ? {} : { IRIS_HEALTH_GATEWAY_URL: mesh.gatewayUrl }),
          ...options.env,
        },
        () => answers(`http://127.0.0.1:${port}/readyz`),
      ),
    ]);
    return { url: `http://127.0.0.1:${port}`, decisionLogUrl, evidenceDirectory, console, auditor, close };
  } catch (error) {
    await close();
    throw error;
  }
}
