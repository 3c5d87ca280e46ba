import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

export interface EmbeddedOptions {
  /** Folder of its files, for example `.iris/decision-log`. */
  readonly directory: string;
  /** 0, the default, takes a free one. */
  readonly port?: number;
  /** Called when the process ends without having been asked to. */
  readonly onExit?: (code: number | null) => void;
  /** Arguments of Node that start the server; for specs, which run uncompiled. */
  readonly nodeArguments?: readonly string[];
}

export interface EmbeddedProcess {
  readonly url: string;
  readonly pid: number;
  close(): Promise<void>;
}

const MAIN = fileURLToPath(new URL('./embedded-main.js', import.meta.url));
const STOP_MS = 10_000;
/** Memory of JavaScript; that of PGlite is its own. In MB. */
const HEAP_MB = 128;

/**
 * Starts an embedded decision log in a process of its own, so that its work blocks no event loop, and waits until it is
 * migrated and answers. It ends with this process.
 *
 * @throws Error with its output when it does not start
 */
export async function spawnEmbedded(options: EmbeddedOptions): Promise<EmbeddedProcess> {
  const { directory, port = 0, onExit, nodeArguments = [MAIN] } = options;
  await mkdir(dirname(directory), { recursive: true });
  const child = spawn(
    process.execPath,
    [`--max-old-space-size=${HEAP_MB}`, ...nodeArguments, directory, String(port)],
    { stdio: ['pipe', 'pipe', 'pipe'], env: { PATH: process.env.PATH } },
  );
  const exited = once(child, 'exit');
  let errors = '';
  child.stderr.on('data', (text) => {
    errors = `${errors}${text}`.slice(-2000);
  });
  child.stdin.on('error', () => undefined);
  const first = once(createInterface({ input: child.stdout }), 'line');
  const url = await Promise.race([first.then(([line]) => String(line)), exited.then(() => undefined)]);
  if (url === undefined) throw new Error(`the embedded decision log did not start: ${errors.trim()}`);
  let closing = false;
  void exited.then(([code]) => {
    if (!closing) onExit?.(code);
  });
  return {
    url,
    pid: child.pid ?? 0,
    close: async () => {
      closing = true;
      child.stdin.end();
      const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
      await exited;
      clearTimeout(timer);
    },
  };
}
