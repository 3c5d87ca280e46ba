import { keyDigest, poll, type RedisConnection } from '@iris/context-cache';

/** How often the later of two events looks whether another replica has decided on the earlier one, in ms. */
const POLL_MS = 20;
/** For how long a request is taken as being decided, in s. */
const CLAIM_SECONDS = 60;
const DECIDED = 'decided';

/**
 * Aperture may send two events after one response, both with its calls. This makes them one decision: the second event
 * waits until the first one's verdicts are remembered, here or in another replica. Nobody waits for its reply.
 */
export class OneDecisionPerRequest {
  private readonly inFlight = new Map<string, Promise<unknown>>();

  constructor(private readonly redis: RedisConnection | undefined) {}

  /**
   * Runs a decision after an earlier one on the same request has ended.
   *
   * @param waitMs how long another replica is waited for, in ms
   */
  async inTurn<T>(requestId: string | undefined, waitMs: number, decide: () => Promise<T>): Promise<T> {
    if (requestId === undefined || requestId === '') return decide();
    const earlier = this.inFlight.get(requestId);
    const turn = (async () => {
      if (earlier !== undefined) await earlier.catch(() => undefined);
      else if (!(await this.claim(requestId))) await this.untilDecided(requestId, waitMs);
      return decide();
    })();
    this.inFlight.set(requestId, turn);
    try {
      return await turn;
    } finally {
      if (this.inFlight.get(requestId) === turn) {
        this.inFlight.delete(requestId);
        this.release(requestId);
      }
    }
  }

  private async claim(requestId: string): Promise<boolean> {
    if (this.redis?.status !== 'ready') return true;
    return this.redis.set(keyOf(requestId), 'open', 'EX', CLAIM_SECONDS, 'NX').then(
      (reply) => reply === 'OK',
      () => true,
    );
  }

  private async untilDecided(requestId: string, waitMs: number): Promise<void> {
    const look = async () => {
      const state = await this.redis?.get(keyOf(requestId)).catch(() => DECIDED);
      return state === 'open' ? undefined : DECIDED;
    };
    await poll(look, { everyMs: POLL_MS, forMs: waitMs });
  }

  /** Sent on the connection that the verdicts went out on, so nobody sees it before them. */
  private release(requestId: string): void {
    if (this.redis?.status !== 'ready') return;
    this.redis.set(keyOf(requestId), DECIDED, 'EX', CLAIM_SECONDS).catch(() => undefined);
  }
}

function keyOf(requestId: string): string {
  return `iris:request:v2:{${keyDigest(requestId)}}`;
}
