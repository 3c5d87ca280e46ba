import { setTimeout as sleep } from 'node:timers/promises';
import { killAll, leftOverProcesses, removeFiles } from './left-over-processes.mjs';

/** What was killed a moment ago may still be listed. */
const GRACE_MS = 10_000;
const PAUSE_MS = 100;

/**
 * Removes the temporary files and kills what the specs left behind, by pid.
 *
 * @throws Error naming the processes, so that the run fails
 */
export default async function endLeftOvers() {
  const endsAt = Date.now() + GRACE_MS;
  let left = leftOverProcesses();
  while (left.length > 0 && Date.now() < endsAt) {
    await sleep(PAUSE_MS);
    left = leftOverProcesses();
  }
  killAll(left);
  removeFiles();
  if (left.length === 0) return;
  throw new Error(`specs left processes behind:\n${left.map(({ pid, command }) => `${pid} ${command}`).join('\n')}`);
}
