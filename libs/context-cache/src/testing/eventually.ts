import { setTimeout as sleep } from 'node:timers/promises';

const PAUSE_MS = 20;
/** Far longer than anything here takes on a busy machine, and shorter than a test may. */
const LIMIT_MS = 120_000;

/** Waits until a check passes and returns what it returns; fails with the check's own error. */
export async function eventually<T>(check: () => Promise<T>): Promise<T> {
  const endsAt = Date.now() + LIMIT_MS;
  for (;;) {
    try {
      return await check();
    } catch (error) {
      if (Date.now() > endsAt) throw error;
      await sleep(PAUSE_MS);
    }
  }
}
