import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect as connectSocket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { connectRedis, type RedisConnection, type RedisConnectionOptions, waitForRedis } from '../redis-connection.js';
import { freePort } from './free-port.js';

/** A redis-server of its own on 127.0.0.1, without persistence. */
export interface TestRedis {
  readonly url: string;
  readonly port: number;
  /** Kills the server at once, as a crash would. */
  kill(): Promise<void>;
  /** Starts it again on the same port, empty. */
  start(): Promise<void>;
  /** Stops the process without ending it: connections stay open and nothing answers. */
  freeze(): void;
  thaw(): void;
  /** A connection that is ready. It ends with `reset` and with `stop`. */
  connect(options?: RedisConnectionOptions): Promise<RedisConnection>;
  /** Ends the connections made by `connect` and deletes all keys. */
  reset(): Promise<void>;
  /** Ends the connections made by `connect` and the server, and removes its folder. */
  stop(): Promise<void>;
}

const START_ATTEMPTS = 200;
const START_PAUSE_MS = 25;
const CONNECT_MS = 10_000;

/**
 * Starts a redis-server (Debian's, found by PATH) on a free port.
 *
 * @param args further arguments, for example `--replicaof 127.0.0.1 6379`
 */
export async function startRedis(args: readonly string[] = []): Promise<TestRedis> {
  const port = await freePort();
  const folder = await mkdtemp(join(tmpdir(), 'iris-redis-'));
  let server: ChildProcess | undefined;

  const start = async () => {
    const child = spawn(
      'redis-server',
      ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--dir', folder, ...args],
      { stdio: 'ignore' },
    );
    server = child;
    for (let attempt = 0; attempt < START_ATTEMPTS; attempt += 1) {
      if (child.exitCode !== null) throw new Error(`redis-server ended with ${child.exitCode}`);
      if (await answersPing(port)) return;
      await sleep(START_PAUSE_MS);
    }
    throw new Error('redis-server did not start');
  };
  const kill = async () => {
    const child = server;
    server = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  };

  const url = `redis://127.0.0.1:${port}`;
  const connections: RedisConnection[] = [];
  const connect: TestRedis['connect'] = async (options) => {
    const made = connectRedis(url, options);
    connections.push(made);
    if (!(await waitForRedis(made, CONNECT_MS))) throw new Error(`no connection to ${url}`);
    return made;
  };
  const disconnect = () => {
    for (const connection of connections.splice(0)) connection.disconnect();
  };

  await start();
  return {
    url,
    port,
    kill,
    start,
    freeze: () => server?.kill('SIGSTOP'),
    thaw: () => server?.kill('SIGCONT'),
    connect,
    reset: async () => {
      disconnect();
      await (await connect()).flushall();
      disconnect();
    },
    stop: async () => {
      disconnect();
      await kill();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function answersPing(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connectSocket(port, '127.0.0.1', () => socket.write('PING\r\n'));
    const finish = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.once('data', (data) => finish(/^(\+PONG|-NOAUTH|-LOADING)/.test(data.toString())));
    socket.once('error', () => finish(false));
    socket.setTimeout(1000, () => finish(false));
  });
}
