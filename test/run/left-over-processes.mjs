import { randomUUID } from 'node:crypto';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Every process that a test starts inherits this variable, so that none can outlive the run unseen. */
const RUN_ID = 'TEST_RUN_ID';

/** The folder of the run's temporary files; a process that hides its environment, as Redis does, works in there. */
let folder = '';

/** Marks the run, and ends its processes when Jest itself is told to end. Jest calls it once, before any worker starts. */
export function markRun() {
  process.env[RUN_ID] = randomUUID();
  folder = mkdtempSync(join(tmpdir(), 'iris-run-'));
  // Some tests run a program as another user, who has to reach its files below.
  chmodSync(folder, 0o711);
  process.env.TMPDIR = folder;
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) {
    process.once(signal, () => {
      killAll(leftOverProcesses());
      removeFiles();
      process.exit(1);
    });
  }
}

/** Removes the temporary files of the run. */
export function removeFiles() {
  rmSync(folder, { recursive: true, force: true });
}

/** By pid; one that has ended by itself is passed over. */
export function killAll(processes) {
  for (const { pid } of processes) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It has ended.
    }
  }
}

/** The processes of this run that are still there, besides Jest's own, by pid. Linux only: elsewhere none is found. */
export function leftOverProcesses() {
  const mark = `${RUN_ID}=${process.env[RUN_ID]}`;
  return pids().flatMap((pid) => {
    try {
      const environment = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
      const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
      const isJests = pid === process.pid || command.includes('jest-worker') || command === '';
      const isOfRun = environment.includes(mark) || readlinkSync(`/proc/${pid}/cwd`).startsWith(folder);
      return isOfRun && !isJests ? [{ pid, command }] : [];
    } catch {
      // It has ended, or is another user's.
      return [];
    }
  });
}

function pids() {
  try {
    return readdirSync('/proc').map(Number).filter(Number.isInteger);
  } catch {
    return [];
  }
}
