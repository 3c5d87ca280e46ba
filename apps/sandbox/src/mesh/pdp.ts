import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from '@iris/context-cache/testing';
import { answers, type Child, startChild } from './child.js';

/** A real Cerbos PDP on loopback. */
export interface Pdp {
  /** host:port of its gRPC listener. */
  readonly target: string;
  readonly httpUrl: string;
  readonly process: Child;
}

export interface PdpOptions {
  readonly root: string;
  /** Folder of the policies; the pack of the repository when absent. */
  readonly policies?: string;
  readonly grpcPort?: number;
  readonly httpPort?: number;
  /** Further `--set` settings. */
  readonly set?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly onLine?: (line: string) => void;
}

/**
 * The PDP's binary: the package for Linux on x64 is newer than the one for all platforms.
 *
 * @throws Error when neither package is installed
 */
export function pdpBinary(root: string): string {
  const linux = process.platform === 'linux' && process.arch === 'x64';
  const candidates = [...(linux ? ['@cerbos/cerbos-linux-x64/cerbos-linux-x64'] : []), '.bin/cerbos'];
  const found = candidates.map((path) => join(root, 'node_modules', path)).find((path) => existsSync(path));
  if (found === undefined) throw new Error('no Cerbos PDP is installed: run npm ci');
  return found;
}

/** Starts the PDP with the configuration of the repository. @throws Error when it does not start */
export async function startPdp(options: PdpOptions): Promise<Pdp> {
  const grpcPort = options.grpcPort ?? (await freePort());
  const httpPort = options.httpPort ?? (await freePort());
  const settings = [
    `server.httpListenAddr=127.0.0.1:${httpPort}`,
    `server.grpcListenAddr=127.0.0.1:${grpcPort}`,
    ...(options.set ?? []),
  ];
  const process = await startChild({
    name: 'pdp',
    command: pdpBinary(options.root),
    args: ['server', '--config=policies/pdp.yaml', ...settings.map((setting) => `--set=${setting}`)],
    cwd: options.root,
    env: {
      CERBOS_NO_TELEMETRY: '1',
      ...(options.policies === undefined ? {} : { IRIS_POLICY_DIR: options.policies }),
      ...options.env,
    },
    ready: () => answers(`http://127.0.0.1:${httpPort}/_cerbos/health`),
    onLine: options.onLine,
  });
  return { target: `127.0.0.1:${grpcPort}`, httpUrl: `http://127.0.0.1:${httpPort}`, process };
}
