import { setTimeout as sleep } from 'node:timers/promises';

export interface PollOptions {
  /** Longest pause between two looks, in ms; up to half of it is jitter, so that replicas do not look in step. */
  readonly everyMs: number;
  /** How long to look, in ms. The first look is made in any case. */
  readonly forMs: number;
  readonly signal?: AbortSignal;
}

/**
 * Looks for what another replica leaves in Redis, until it is there or the time is over.
 *
 * @param look undefined while there is nothing yet
 * @returns undefined when the time is over
 * @throws what `look` throws; the signal's reason once it is aborted
 */
export async function poll<T>(look: () => Promise<T | undefined>, options: PollOptions): Promise<T | undefined> {
  const { everyMs, forMs, signal } = options;
  const endsAt = performance.now() + forMs;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    signal?.throwIfAborted();
    if (performance.now() >= endsAt) return undefined;
    await sleep(everyMs * (0.5 + Math.random() / 2), undefined, { signal }).catch(() => signal?.throwIfAborted());
  }
}
