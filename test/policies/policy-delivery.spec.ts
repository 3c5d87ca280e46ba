import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '@iris/context-cache/testing';
import { cerbosBinary } from '@iris/local-pdp';
import { CerbosPdp } from '@iris/pdp';
import { filesIn } from '@iris/policy-files';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { parse, stringify } from 'yaml';
import { presetFile } from '../deploy/helm.js';

jest.setTimeout(60_000);

type Config = Record<string, Record<string, unknown>>;

/** The configuration of the PDP that a preset has. */
function configOf(preset: string): Config {
  return parse(readFileSync(presetFile(preset), 'utf8')).pdp.cerbos.config;
}

describe('policies are delivered', () => {
  let folder: string;
  const stops: (() => void)[] = [];
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'iris-delivery-'));
  });
  afterEach(() => {
    for (const stop of stops.splice(0)) stop();
    rmSync(folder, { recursive: true, force: true });
  });

  /** Starts Cerbos with a configuration. Its answer is the revision that the policies state. */
  async function start(config: Config): Promise<() => Promise<string | undefined>> {
    const grpc = `127.0.0.1:${await freePort()}`;
    const file = join(folder, `pdp-${stops.length}.yaml`);
    const server = { ...config.server, httpListenAddr: `127.0.0.1:${await freePort()}`, grpcListenAddr: grpc };
    writeFileSync(file, stringify({ ...config, server }));
    const child = spawn(cerbosBinary(), ['server', `--config=${file}`], {
      env: { PATH: process.env.PATH, HOME: folder, CERBOS_NO_TELEMETRY: '1' },
      stdio: 'ignore',
    });
    const pdp = new CerbosPdp({ target: grpc, tls: false });
    stops.push(() => {
      pdp.close();
      child.kill('SIGKILL');
    });
    const revision = async () => {
      const [result] = await pdp.check(
        {
          principal: { id: 'test', roles: ['user'], attr: {} },
          resources: [{ kind: 'iris_probe', id: 'revision', action: 'revision', attr: {} }],
          ...{ policyVersion: 'default', scope: '', requestId: 'test' },
        },
        { timeoutMs: 1000 },
      );
      return (result?.outputs[0]?.value as { revision?: string } | undefined)?.revision;
    };
    await until(async () => (await revision().catch(() => undefined)) !== undefined);
    return revision;
  }

  async function until(holds: () => Promise<boolean>): Promise<void> {
    for (let tries = 0; tries < 200; tries += 1) {
      if (await holds()) return;
      await sleep(100);
    }
    throw new Error('not within the time');
  }

  function withRevision(file: string, revision: string): void {
    writeFileSync(file, readFileSync(file, 'utf8').replace(/revision: ".*"/, `revision: "${revision}"`));
  }

  /** Lays files out as the kubelet does: a hidden folder of this version, and links through `..data`. */
  function mount(path: string, version: string, files: ReadonlyMap<string, string>): void {
    mkdirSync(join(path, `..${version}`), { recursive: true });
    for (const [name, source] of files) cpSync(source, join(path, `..${version}`, name));
    symlinkSync(`..${version}`, join(path, '..data_tmp'));
    renameSync(join(path, '..data_tmp'), join(path, '..data'));
    for (const name of files.keys()) {
      rmSync(join(path, name), { force: true });
      symlinkSync(join('..data', name), join(path, name));
    }
  }

  it('by a ConfigMap, whose next version a PDP reads when it starts', async () => {
    const pack = join(folder, 'source');
    cpSync('policies/pack', pack, { recursive: true });
    const named = (prefix: string, keep: boolean) =>
      new Map(
        filesIn(pack)
          .filter((file) => file.startsWith(prefix) === keep)
          .map((file) => [keep ? file.slice(prefix.length) : file.replaceAll('/', '.'), join(pack, file)]),
      );
    const policies = join(folder, 'policies');
    const deliver = (version: string) => {
      mount(join(policies, 'pack'), version, named('_schemas/', false));
      mount(join(policies, '_schemas'), version, named('_schemas/', true));
    };
    const config = configOf('policies-configmap');
    expect(config.storage?.disk).toMatchObject({ directory: '/policies' });
    const local = { ...config, storage: { driver: 'disk', disk: { directory: policies, watchForChanges: false } } };

    deliver('2026_1');
    const first = await start(local);
    withRevision(join(pack, '_iris_revision.yaml'), 'second');
    deliver('2026_2');
    const second = await start(local);
    await expect(second()).resolves.toBe('second');
    await expect(first()).resolves.not.toBe('second');
  });

  it('by a git repository that the PDP polls', async () => {
    const [bare, work] = [join(folder, 'policies.git'), join(folder, 'work')];
    const identity = ['-c', 'user.name=test', '-c', 'user.email=test@example.com'];
    const git = (...args: string[]) => execFileSync('git', [...identity, ...args], { cwd: folder, stdio: 'pipe' });
    git('init', '-q', '--bare', '-b', 'main', bare);
    git('clone', '-q', bare, work);
    const push = (message: string) => {
      git('-C', work, 'add', '-A');
      git('-C', work, 'commit', '-qm', message);
      git('-C', work, 'push', '-q', 'origin', 'HEAD:main');
    };
    cpSync('policies', join(work, 'policies'), { recursive: true });
    push('policies');
    const config = configOf('policies-git');
    const { https: _, ...shipped } = (config.storage?.git ?? {}) as Record<string, unknown>;
    const revision = await start({
      ...config,
      storage: {
        driver: 'git',
        git: {
          ...shipped,
          ...{
            protocol: 'file',
            url: `file://${bare}`,
            checkoutDir: join(folder, 'checkout'),
            updatePollInterval: '1s',
          },
        },
      },
    });
    await expect(revision()).resolves.toMatch(/^[0-9a-f]{16}$/);

    withRevision(join(work, 'policies/pack/_iris_revision.yaml'), 'pushed');
    push('another revision');
    await until(async () => (await revision()) === 'pushed');

    const file = join(work, 'policies/pack/enforce/aperture_hook.yaml');
    writeFileSync(file, readFileSync(file, 'utf8').replace('!V.complete', '!V.complet'));
    push('a policy that does not compile');
    await sleep(3000);
    await expect(revision()).resolves.toBe('pushed');
  });

  it.each(['policies-configmap', 'policies-git', 'policies-hub'])(
    'by a configuration that Cerbos accepts: %s',
    (preset) => {
      const file = join(folder, 'pdp.yaml');
      // A folder that is not there, or credentials that are missing, end the start after the configuration was read.
      const server = { httpListenAddr: 'unix:/nowhere/http.sock', grpcListenAddr: 'unix:/nowhere/grpc.sock' };
      const { storage, ...config } = configOf(preset);
      const git = storage?.git as object | undefined;
      const local =
        git === undefined
          ? storage
          : { ...storage, git: { ...git, url: 'https://127.0.0.1:9/policies.git', operationTimeout: '1s' } };
      writeFileSync(file, stringify({ ...config, storage: local, server }));
      const { stdout, stderr, status } = spawnSync(cerbosBinary(), ['server', `--config=${file}`], {
        env: {
          PATH: process.env.PATH,
          HOME: folder,
          CERBOS_NO_TELEMETRY: '1',
          CERBOS_HUB_DEPLOYMENT_ID: 'ABCDEFGHIJKL',
          POLICY_GIT_USER: 'iris',
          POLICY_GIT_TOKEN: 'token',
        },
        encoding: 'utf8',
        timeout: 20_000,
      });
      expect(status).not.toBe(0);
      expect(`${stdout}${stderr}`).toMatch(/no such file|connection refused|credentials/i);
      expect(`${stdout}${stderr}`).not.toMatch(/not found in type|unmarshal/);
    },
  );
});
