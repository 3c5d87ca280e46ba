import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { CerbosPdp, type Pdp } from '@iris/pdp';
import { Agent, request } from 'undici';
import { stringify } from 'yaml';
import { z } from 'zod';

/** A local PDP cannot be started or asked. The message states why. */
export class LocalPdpError extends Error {
  override readonly name = 'LocalPdpError';
}

export interface LocalPdpOptions {
  /** Folder of policies. */
  readonly policies: string;
  /** Path of a Cerbos binary; that of the installed package when absent. */
  readonly binary?: string;
  /** Whether a rule whose condition cannot be evaluated denies, as the PDP that Iris ships does. */
  readonly strict: boolean;
}

/** A Cerbos PDP of this process's own. */
export interface LocalPdp {
  readonly pdp: Pdp;
  /** Asks over HTTP, whose answer has the errors of outputs. */
  checkByHttp(request: unknown): Promise<HttpCheckResponse>;
  close(): Promise<void>;
}

const httpCheckSchema = z.looseObject({
  results: z.array(
    z.looseObject({
      outputs: z
        .array(z.looseObject({ src: z.string(), val: z.unknown().optional(), error: z.string().optional() }))
        .default([]),
    }),
  ),
});
export type HttpCheckResponse = z.infer<typeof httpCheckSchema>;

const require = createRequire(import.meta.url);
const START_MS = 30_000;
const STOP_MS = 5000;
const POLL_MS = 50;

/**
 * The path of the Cerbos binary: the given one, else that of the package for this platform, which may be installed inside
 * the package for all platforms. (The latter's own script starts the binary as a child that no signal reaches.)
 *
 * @throws LocalPdpError when there is none
 */
export function cerbosBinary(given?: string): string {
  if (given !== undefined) {
    if (!existsSync(given)) throw new LocalPdpError(`there is no Cerbos binary at ${given}`);
    return resolve(given);
  }
  const name = `@cerbos/cerbos-${process.platform}-${process.arch}`;
  for (const find of [() => require.resolve(name), () => createRequire(require.resolve('cerbos')).resolve(name)]) {
    try {
      return find();
    } catch {
      // It may be in the other place.
    }
  }
  throw new LocalPdpError('no Cerbos PDP is installed: name its binary by --cerbos');
}

/**
 * Starts a PDP on Unix sockets in a folder of its own, so that no port is taken and nobody else can ask it.
 *
 * @throws LocalPdpError with the PDP's last lines when it does not start, for example because a policy does not compile
 */
export async function startLocalPdp(options: LocalPdpOptions): Promise<LocalPdp> {
  if (!existsSync(options.policies)) throw new LocalPdpError(`there is no folder ${options.policies}`);
  const binary = cerbosBinary(options.binary);
  const folder = await mkdtemp(join(tmpdir(), 'iris-pdp-'));
  const config = join(folder, 'pdp.yaml');
  const target = `unix:${join(folder, 'grpc.sock')}`;
  await writeFile(config, configOf(options, folder));
  const child = spawn(binary, ['server', `--config=${config}`], {
    env: { PATH: process.env.PATH, HOME: process.env.HOME, CERBOS_NO_TELEMETRY: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  // Whatever ends this process, no PDP is left behind.
  const killAtExit = () => child.kill('SIGKILL');
  process.once('exit', killAtExit);
  const lines = lastLines(child);
  const stop = async () => {
    await stopChild(child);
    process.off('exit', killAtExit);
    await rm(folder, { recursive: true, force: true });
  };
  const pdp = new CerbosPdp({ target, tls: false });
  try {
    await untilReady(pdp, child, lines);
  } catch (error) {
    pdp.close();
    await stop();
    throw error;
  }
  const http = new Agent({ connect: { socketPath: join(folder, 'http.sock') } });
  return {
    pdp,
    checkByHttp: async (body) => {
      const { statusCode, body: answer } = await request('http://pdp/api/check/resources', {
        ...{ method: 'POST', dispatcher: http, body: JSON.stringify(body) },
        headers: { 'content-type': 'application/json' },
      });
      const text = await answer.text();
      if (statusCode !== 200) throw new LocalPdpError(`the PDP refused the check: ${text}`);
      return httpCheckSchema.parse(JSON.parse(text));
    },
    close: async () => {
      await http.close();
      pdp.close();
      await stop();
    },
  };
}

function configOf({ policies, strict }: LocalPdpOptions, folder: string): string {
  return stringify({
    server: {
      httpListenAddr: `unix:${join(folder, 'http.sock')}`,
      grpcListenAddr: `unix:${join(folder, 'grpc.sock')}`,
    },
    // Older versions refuse a setting that they do not know.
    engine: { defaultPolicyVersion: 'default', ...(strict ? { strictEvaluation: true } : {}) },
    schema: { enforcement: 'reject' },
    storage: { driver: 'disk', disk: { directory: resolve(policies), watchForChanges: false } },
    telemetry: { disabled: true },
  });
}

async function untilReady(pdp: CerbosPdp, child: ChildProcess, lines: readonly string[]): Promise<void> {
  const endsAt = Date.now() + START_MS;
  for (;;) {
    if ((await pdp.serverVersion({ timeoutMs: 1000 }).catch(() => undefined)) !== undefined) return;
    if (child.exitCode !== null || child.signalCode !== null || Date.now() > endsAt) {
      throw new LocalPdpError(`the PDP did not start with these policies:\n${lines.slice(-15).join('\n')}`);
    }
    await sleep(POLL_MS);
  }
}

function lastLines(child: ChildProcess): string[] {
  const lines: string[] = [];
  const take = (chunk: Buffer) => {
    lines.push(...chunk.toString('utf8').split('\n').filter(Boolean));
    lines.splice(0, Math.max(0, lines.length - 50));
  };
  child.stdout?.on('data', take);
  child.stderr?.on('data', take);
  child.once('error', (error) => lines.push(String(error)));
  return lines;
}

async function stopChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
  await exited;
  clearTimeout(timer);
}
