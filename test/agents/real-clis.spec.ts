import { spawn, spawnSync } from 'node:child_process';
import { access, constants, cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { INSTALLED_CLIS, type InstalledCliName } from './installed-cli.js';

/** In a network of its own every port is free. */
const PORT = 8480;

/** Namespaces of its own: the network with the loopback interface alone, and the files of /etc. */
const NAMESPACE = ['-rnm', 'sh', '-c'];
const LOOPBACK = 'ip link set lo up 2>/dev/null || ifconfig lo up';

const isPermitted = spawnSync('unshare', [...NAMESPACE, LOOPBACK]).status === 0;
if (!isPermitted && process.env.CI !== undefined) throw new Error('CI must permit namespaces (unshare -rnm)');
if (!isPermitted) process.stderr.write('NOT TESTED: real coding agents, because unshare -rnm is not permitted here\n');

interface Attempt {
  readonly ran: boolean;
  readonly turns: number;
  readonly returned: string;
  readonly printed: string;
}

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'iris-etc-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** /etc with the settings of the agent in their documented place. */
async function etcWith(name: InstalledCliName): Promise<string> {
  const { place, settings } = INSTALLED_CLIS[name].managed;
  const etc = join(folder, name);
  await mkdir(etc, { mode: 0o755 });
  // What this user cannot read, no agent of theirs reads either.
  await cp('/etc', etc, { recursive: true, verbatimSymlinks: true, filter: readable });
  const text = (await readFile(`deploy/agents/${settings}`, 'utf8'))
    .replaceAll('/usr/local/lib/iris', resolve('deploy/agents'))
    .replaceAll('https://iris.example.ts.net', `http://127.0.0.1:${PORT}`);
  const file = join(etc, place.replace('/etc/', ''));
  await mkdir(dirname(file), { recursive: true, mode: 0o755 });
  await writeFile(file, text, { mode: 0o644 });
  return etc;
}

function readable(source: string): Promise<boolean> {
  return access(source, constants.R_OK).then(
    () => true,
    () => false,
  );
}

async function run(name: InstalledCliName): Promise<Record<'allowed' | 'denied' | 'down', Attempt>> {
  const program = `${LOOPBACK}; mount --bind "$0" /etc && exec "$@"`;
  const command = [process.execPath, '--import', 'tsx', 'test/agents/run-cli-behind-iris.ts', name, `${PORT}`];
  const child = spawn('unshare', [...NAMESPACE, program, await etcWith(name), ...command]);
  let printed = '';
  child.stdout.on('data', (chunk: Buffer) => (printed += chunk.toString('utf8')));
  child.stderr.on('data', (chunk: Buffer) => (printed += chunk.toString('utf8')));
  const code = await new Promise((done) => child.on('close', done));
  if (code !== 0) throw new Error(`${name} did not run behind Iris:\n${printed.slice(-4000)}`);
  return JSON.parse(printed.trim().split('\n').at(-1) ?? '');
}

(isPermitted ? describe : describe.skip).each(Object.keys(INSTALLED_CLIS) as InstalledCliName[])(
  '%s of npm, with its managed settings',
  (name) => {
    let attempts: Awaited<ReturnType<typeof run>>;
    beforeAll(async () => {
      attempts = await run(name);
    });

    it('runs a command that is allowed', () => {
      expect(attempts.allowed).toMatchObject({ ran: true, turns: 2 });
    });

    it('does not run a denied command, and states why to the model', () => {
      expect(attempts.denied).toMatchObject({
        ran: false,
        turns: 2,
        returned: expect.stringMatching(/on-call shift.*policy_denied/),
      });
    });

    it('runs nothing while Iris is down', () => {
      expect(attempts.down).toMatchObject({
        ran: false,
        turns: 2,
        returned: expect.stringMatching(/ECONNREFUSED.*iris_hook_failed/),
      });
    });
  },
);
