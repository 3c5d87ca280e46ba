import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, readdir, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const PACKAGES = '/usr/lib/postgresql';
const START_MS = 30_000;

/** A PostgreSQL of the host's packages, with an empty database that ends with it. */
export interface PostgresServer {
  readonly url: string;
  readonly version: string;
  readonly port: number;
  /** Runs a program of PostgreSQL, such as `pg_dump`. @returns its output @throws Error when it fails */
  run(program: string, ...args: string[]): string;
  /** Stops it as a crash does. */
  kill(): Promise<void>;
  /** Starts it again on the same port and files. */
  start(): Promise<void>;
  /** Ends it and removes its files. */
  close(): Promise<void>;
}

/** @param settings of the server, such as `{ shared_buffers: '1GB' }` */
export async function startPostgres(settings: Readonly<Record<string, string>> = {}): Promise<PostgresServer> {
  const version = (await readdir(PACKAGES)).sort((a, b) => Number(b) - Number(a))[0];
  if (version === undefined) throw new Error(`there is no PostgreSQL below ${PACKAGES}`);
  const bin = (program: string) => join(PACKAGES, version, 'bin', program);
  const folder = await mkdtemp(join(tmpdir(), 'iris-postgres-'));
  await chmod(folder, 0o777);
  const data = join(folder, 'data');
  const run = (program: string, ...args: string[]) => {
    const { status, stdout, stderr } = spawnSync(...asPostgres(bin(program), args), {
      cwd: folder,
      encoding: 'utf8',
      maxBuffer: 1 << 28,
    });
    if (status !== 0) throw new Error(`${program} ended with ${status}: ${stderr}`);
    return stdout;
  };
  run(
    'initdb',
    '--pgdata',
    data,
    '--auth=trust',
    '--username=postgres',
    '--encoding=UTF8',
    '--locale=C.UTF-8',
    '--no-sync',
  );
  const port = await freePort();
  const options = Object.entries({
    listen_addresses: '127.0.0.1',
    unix_socket_directories: folder,
    port: String(port),
    ...settings,
  }).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  let child: ReturnType<typeof spawn> | undefined;
  const start = async () => {
    const open = () =>
      spawn(...asPostgres(bin('postgres'), ['-D', data, ...options]), { cwd: folder, stdio: 'ignore' });
    child = open();
    const until = Date.now() + START_MS;
    for (;;) {
      const ready = spawnSync(bin('pg_isready'), ['-q', '-h', '127.0.0.1', '-p', String(port)]);
      if (ready.status === 0) return;
      if (Date.now() > until) throw new Error('PostgreSQL does not start');
      await sleep(50);
      // The processes of one that was killed may still hold its memory.
      if (child.exitCode !== null) child = open();
    }
  };
  const end = async (signal: NodeJS.Signals) => {
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill(signal);
    await ended;
  };
  await start();
  return {
    url: `postgres://postgres@127.0.0.1:${port}/postgres`,
    version,
    port,
    run,
    // The server's own processes end with it: they watch it.
    kill: () => end('SIGKILL'),
    start,
    close: async () => {
      await end('SIGINT');
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** PostgreSQL refuses to run as root. */
function asPostgres(program: string, args: readonly string[]): [string, string[]] {
  if (process.getuid?.() !== 0) return [program, [...args]];
  return ['setpriv', ['--reuid=postgres', '--regid=postgres', '--clear-groups', program, ...args]];
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}
