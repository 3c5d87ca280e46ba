import { randomUUID } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';

/** Every process that a test starts inherits this variable, so that none can outlive the run unseen. */
const RUN_ID = 'TEST_RUN_ID';

/** Marks the run. Jest calls it once, before any worker starts. */
export function markRun() {
  process.env[RUN_ID] = randomUUID();
}

/** The processes of this run that are still there, besides Jest's own, by pid. Linux only: elsewhere none is found. */
export function leftOverProcesses() {
  const mark = `${RUN_ID}=${process.env[RUN_ID]}`;
  return pids().flatMap((pid) => {
    try {
      const environment = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
      const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
      const isJests = pid === process.pid || command.includes('jest-worker') || command === '';
      return environment.includes(mark) && !isJests ? [{ pid, command }] : [];
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
