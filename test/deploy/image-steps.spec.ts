/**
 * Performs the steps of the Dockerfile in a clean folder and starts each app from the result.
 *
 * As root on Linux the app runs in a mount namespace of its own whose root is read-only, as the image's user; elsewhere
 * as the present user.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '@iris/context-cache/testing';
import type { SimulatedApi } from '@iris/simulation';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { SIMULATED_APIS } from '../../apps/sandbox/src/generated/simulated-apis.js';
import { VENDOR_NAMES, type VendorName } from '../../apps/sandbox/src/vendor-name.js';
import { linkTree, perform, StageState, stagesOf } from './dockerfile-steps.js';
import { ROOT } from './helm.js';

const folder = mkdtempSync(join(tmpdir(), 'iris-image-'));

/** The least that each app needs to start. Nothing listens on port 9. */
const NOWHERE = 'http://127.0.0.1:9';
const NEEDED: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  gateway: { IRIS_HOOK_KEYS: 'aperture=0123456789abcdef' },
  'mcp-gateway': {
    IRIS_MCP_SERVERS_FILE: fileOf('servers.yaml', { servers: [{ id: 'github', url: NOWHERE }] }),
    IRIS_AUTH_TRUSTED_PROXIES: '127.0.0.1',
  },
  'pdp-proxy': {
    IRIS_CALLERS_FILE: fileOf('callers.yaml', { callers: { sidecar: { addresses: ['127.0.0.1'], kinds: ['*'] } } }),
  },
  console: { IRIS_DECISION_LOG_URL: 'postgres://iris@127.0.0.1:9/iris' },
  auditor: { IRIS_REDIS_URL: 'redis://127.0.0.1:9', IRIS_DECISION_LOG_URL: 'postgres://iris@127.0.0.1:9/iris' },
  ...Object.fromEntries(await Promise.all(VENDOR_NAMES.map(environmentOfEnricher))),
};
/** Development code, and what runs to its end. */
const NO_SERVICES = ['cli', 'generator', 'sandbox'];
const APPS = readdirSync(join(ROOT, 'apps')).filter((app) => !NO_SERVICES.includes(app));
const ENTRY_POINTS = ['gateway', 'mcp-gateway', 'pdp-proxy'];

const [build, image] = stagesOf(readFileSync(join(ROOT, 'deploy/docker/Dockerfile'), 'utf8'));
const canIsolate = process.getuid?.() === 0 && spawnSync('unshare', ['-m', 'true']).status === 0;
const running: ChildProcess[] = [];
let common: StageState;

beforeAll(() => {
  chmodSync(folder, 0o755);
  common = performStage(new StageState(join(folder, 'common')), build?.instructions.slice(0, indexOfApp()) ?? [], '');
}, 900_000);

afterAll(() => {
  for (const child of running) child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

function fileOf(name: string, content: object): string {
  const path = join(folder, name);
  writeFileSync(path, JSON.stringify(content));
  return path;
}

async function environmentOfEnricher(vendor: VendorName) {
  const api = SIMULATED_APIS[vendor] as SimulatedApi;
  return [`enricher-${vendor}`, api.enricherEnvironment(NOWHERE, await api.credentials())] as const;
}

/** The steps before `ARG APP` are the same for every app, and a builder caches them too. */
function indexOfApp(): number {
  return build?.instructions.findIndex((instruction) => instruction.getRawArgumentsContent() === 'APP') ?? 0;
}

type Instructions = Parameters<typeof perform>[0][];

function performStage(
  state: StageState,
  instructions: Readonly<Instructions>,
  app: string,
  stages: ReadonlyMap<string, StageState> = new Map(),
): StageState {
  for (const instruction of instructions) {
    perform(instruction, state, { folder: ROOT, stages, buildArguments: { APP: app } });
  }
  return state;
}

function imageOf(app: string): StageState {
  const built = new StageState(join(folder, app, 'build'));
  built.workdir = common.workdir;
  mkdirSync(join(folder, app), { recursive: true });
  const modules = common.path('node_modules');
  cpSync(common.root, built.root, { recursive: true, filter: (file) => file !== modules });
  // npm replaces files, and never writes into one.
  linkTree(modules, built.path('node_modules'));
  performStage(built, build?.instructions.slice(indexOfApp()) ?? [], app);
  const stages = new Map([[build?.name ?? '', built]]);
  return performStage(new StageState(join(folder, app, 'image')), image?.instructions ?? [], app, stages);
}

/** Starts the image's command; its root is read-only but for /var/lib/iris, for which `writable` stands. */
function start(state: StageState, environment: Record<string, string>, writable: string): ChildProcess {
  const command = [process.execPath, ...state.command];
  const [uid = '', gid = ''] = (state.user ?? '').split(':');
  const isolated = [
    'mount --make-rprivate /',
    `mount -t tmpfs -o uid=${uid},gid=${gid} tmpfs ${writable}`,
    'mount -o remount,ro,bind /',
    `exec setpriv --reuid ${uid} --regid ${gid} --clear-groups --no-new-privs "$@"`,
  ].join(' && ');
  const [program = '', ...args] = canIsolate ? ['unshare', '-m', 'sh', '-c', isolated, 'sh', ...command] : command;
  const child = spawn(program, args, {
    cwd: state.path('.'),
    env: { PATH: process.env.PATH, ...state.environment, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running.push(child);
  return child;
}

async function answer(url: string, child: ChildProcess, said: () => string): Promise<Response> {
  for (let attempt = 0; attempt < 240; attempt++) {
    if (child.exitCode !== null) throw new Error(`the app ended with ${child.exitCode}: ${said()}`);
    try {
      return await fetch(url);
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 250));
    }
  }
  throw new Error(`the app does not answer: ${said()}`);
}

describe('the image', () => {
  it('is tried for every app that the chart runs', () => {
    expect(APPS.sort()).toEqual(Object.keys(NEEDED).sort());
  });

  it.each(APPS)(
    'of %s starts as it is built, and ends when it is told to',
    async (app) => {
      const state = imageOf(app);

      expect(state.environment.NODE_ENV).toBe('production');
      expect(state.user).toMatch(/^[1-9]\d*:[1-9]\d*$/);
      expect(state.entrypoint).toEqual(['/nodejs/bin/node']);
      expect(state.labels['org.opencontainers.image.title']).toBe(`iris-${app}`);
      expect(Object.keys(state.labels).filter((label) => !label.startsWith('org.opencontainers.image.'))).toEqual([]);

      const has = (name: string) => existsSync(state.path(join('node_modules', name)));
      expect(['jest', 'typescript', '@swc/core', '@nestjs/cli', '@nestjs/testing'].filter(has)).toEqual([]);
      expect(has('@okta/okta-sdk-nodejs')).toBe(app === 'enricher-okta');
      expect(has('@cerbos/grpc')).toBe([...ENTRY_POINTS, 'console'].includes(app));
      expect(readdirSync(state.path('dist/apps'))).toEqual([app]);

      const writable = join(folder, app, 'var');
      mkdirSync(writable);
      const port = await freePort();
      const child = start(
        state,
        {
          ...NEEDED[app],
          IRIS_HTTP_PORT: String(port),
          ...(app.startsWith('enricher-') || app === 'pdp-proxy' ? { IRIS_GRPC_PORT: String(await freePort()) } : {}),
          ...(ENTRY_POINTS.includes(app) ? { IRIS_EVIDENCE_DIRECTORY: join(writable, 'evidence') } : {}),
          ...(app === 'auditor' ? { IRIS_FILE_SINK_DIRECTORY: join(writable, 'evidence') } : {}),
        },
        writable,
      );
      let said = '';
      child.stdout?.on('data', (chunk) => (said += chunk));
      child.stderr?.on('data', (chunk) => (said += chunk));
      const response = await answer(`http://127.0.0.1:${port}/healthz`, child, () => said);
      expect([app, response.status, said.match(/EROFS|EACCES|ERR_MODULE_NOT_FOUND/g)]).toEqual([app, 200, null]);

      const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
      child.kill('SIGTERM');
      await ended;
    },
    180_000,
  );

  it('of cli runs a command as the Job of the chart does', () => {
    const state = imageOf('cli');
    const { stdout, stderr, status } = spawnSync(process.execPath, ['start.js', 'doctor', '--no-enrichers', '--json'], {
      cwd: state.path('.'),
      env: { PATH: process.env.PATH, ...state.environment },
      encoding: 'utf8',
    });
    expect([status, stderr]).toEqual([0, '']);
    expect(JSON.parse(stdout)).toHaveProperty('findings', []);
    expect(existsSync(state.path('policies/golden.yaml'))).toBe(true);
  }, 180_000);
});
