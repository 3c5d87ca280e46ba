import { spawn } from 'node:child_process';

/** What a hook command did. */
export interface AgentRun {
  /** Exit code; null when it was stopped. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** Whether the agent stopped waiting. */
  readonly timedOut: boolean;
}

/** More output than this is cut off, in UTF-16 code units. */
const MAX_OUTPUT = 1_000_000;

/** Runs a hook command as an agent does: the event on stdin, the reply on stdout. Never rejects. */
export function runHook(
  [shell, ...args]: readonly [string, ...string[]],
  command: string,
  input: string,
  options: { readonly timeoutMs: number; readonly environment: NodeJS.ProcessEnv },
): Promise<AgentRun> {
  return new Promise((resolve) => {
    const child = spawn(shell, [...args, command], { env: options.environment, detached: true });
    let stdout = '';
    let stderr = '';
    let timedOut = false;
    const timer = setTimeout(() => {
      timedOut = true;
      // The shell's children too: one that holds the pipes keeps `close` from coming.
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
    }, options.timeoutMs);
    const end = (code: number | null) => {
      clearTimeout(timer);
      resolve({ code, stdout, stderr, timedOut });
    };
    child.stdout.on('data', (chunk: Buffer) => {
      if (stdout.length < MAX_OUTPUT) stdout += chunk.toString('utf8');
    });
    child.stderr.on('data', (chunk: Buffer) => {
      if (stderr.length < MAX_OUTPUT) stderr += chunk.toString('utf8');
    });
    child.stdin.on('error', () => undefined);
    child.on('error', (error) => {
      stderr += error.message;
      end(null);
    });
    child.on('close', (code) => end(code));
    child.stdin.end(input);
  });
}
