import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** How to start a process of the mesh. */
export interface ChildOptions {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Called until it returns true. */
  readonly ready: () => Promise<boolean>;
  /** How long the start may take, in ms. */
  readonly startTimeoutMs?: number;
  /** How long the end may take after SIGTERM until it is killed, in ms. */
  readonly stopTimeoutMs?: number;
  /** Called with each line of output. */
  readonly onLine?: (line: string) => void;
}

/** A process of the mesh. It is signalled by its pid, never by its name. */
export interface Child {
  readonly name: string;
  readonly pid: number;
  /** The last lines of its output, for a diagnosis. */
  readonly output: readonly string[];
  /** Sends a signal without waiting. */
  signal(signal: NodeJS.Signals): void;
  /** Ends it: SIGTERM, and SIGKILL when it does not go. Resolves with its exit code, null when it was killed. */
  stop(): Promise<number | null>;
  /** Kills it at once, as a crash would. */
  kill(): Promise<void>;
}

const START_TIMEOUT_MS = 120_000;
const STOP_TIMEOUT_MS = 10_000;
const POLL_MS = 50;
const KEPT_LINES = 200;

/** What a child inherits: enough to find programs, and nothing that configures an SDK behind our back. */
const INHERITED = ['PATH', 'HOME', 'TMPDIR', 'LANG', 'NODE_EXTRA_CA_CERTS', 'TEST_RUN_ID'];

/** Node keeps compiled code here, which saves a third of the start of each process. Source: module.enableCompileCache. */
const COMPILE_CACHE = join(process.cwd(), 'node_modules/.cache/node-compile');

const alive = new Set<ChildProcess>();
// Whatever ends this process, no child is left behind.
process.once('exit', () => {
  for (const child of alive) child.kill('SIGKILL');
});

/**
 * Starts a process and waits until it is ready.
 *
 * @throws Error with its last lines when it ends or is not ready in time
 */
export async function startChild(options: ChildOptions): Promise<Child> {
  const inherited = Object.fromEntries(INHERITED.flatMap((key) => (process.env[key] ? [[key, process.env[key]]] : [])));
  const child = spawn(options.command, options.args, {
    cwd: options.cwd,
    env: { ...inherited, NODE_COMPILE_CACHE: COMPILE_CACHE, ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  alive.add(child);
  const exited = once(child, 'exit').then(() => alive.delete(child));
  const output: string[] = [];
  const take = collectLines((line) => {
    output.push(line);
    if (output.length > KEPT_LINES) output.shift();
    options.onLine?.(line);
  });
  child.stdout.on('data', take);
  child.stderr.on('data', take);
  child.once('error', (error) => output.push(String(error)));

  const isOver = () => child.exitCode !== null || child.signalCode !== null;
  const endsAt = Date.now() + (options.startTimeoutMs ?? START_TIMEOUT_MS);
  while (!(await options.ready().catch(() => false))) {
    if (isOver() || child.pid === undefined || Date.now() > endsAt) {
      child.kill('SIGKILL');
      throw new Error(`${options.name} did not start:\n${output.slice(-20).join('\n')}`);
    }
    await sleep(POLL_MS);
  }
  return {
    name: options.name,
    pid: child.pid ?? 0,
    output,
    signal: (signal) => void child.kill(signal),
    async stop() {
      if (isOver()) return child.exitCode;
      child.kill('SIGTERM');
      // A stopped process does not see SIGTERM before it continues.
      child.kill('SIGCONT');
      const timer = setTimeout(() => child.kill('SIGKILL'), options.stopTimeoutMs ?? STOP_TIMEOUT_MS);
      await exited;
      clearTimeout(timer);
      return child.exitCode;
    },
    async kill() {
      if (isOver()) return;
      child.kill('SIGKILL');
      await exited;
    },
  };
}

function collectLines(onLine: (line: string) => void): (chunk: Buffer) => void {
  let rest = '';
  return (chunk) => {
    const lines = (rest + chunk.toString('utf8')).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) if (line !== '') onLine(line);
  };
}

/** Whether a URL answers with a 2xx. */
export async function answers(url: string): Promise<boolean> {
  const response = await fetch(url, { signal: AbortSignal.timeout(1000) });
  await response.arrayBuffer();
  return response.ok;
}
