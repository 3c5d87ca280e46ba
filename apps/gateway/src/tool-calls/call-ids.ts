import { madeId } from '@iris/decision/calls';
import { type CallContent, callDigest } from './tool-params.js';

/**
 * Gives each call of one hook an id of its own that stays the same when the history grows. The provider's id is kept
 * for the first call that has it; a later one, or a call without an id, gets one made of its content and the count of
 * equal calls before it. The number of steps is linear in the number of calls, whatever ids the provider's look like.
 */
export class CallIds {
  readonly #used = new Set<string>();
  readonly #counts = new Map<string, number>();
  #steps = 0;

  idOf(providerId: string | undefined, call: CallContent): string {
    if (providerId && !this.#used.has(providerId)) {
      this.#used.add(providerId);
      return providerId;
    }
    const digest = callDigest(call);
    const counted = providerId ? `${providerId}~${digest}` : digest;
    let count = this.#counts.get(counted) ?? 0;
    let id: string;
    // A provider's id may look like a made one. Each is passed over once, since the count never goes back.
    do {
      count += 1;
      this.#steps += 1;
      id = madeId(providerId, digest, count);
    } while (this.#used.has(id));
    this.#counts.set(counted, count);
    this.#used.add(id);
    return id;
  }

  /** How many ids were tried, for the proof that the cost is linear. */
  get steps(): number {
    return this.#steps;
  }
}
