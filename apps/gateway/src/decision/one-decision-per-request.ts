import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RedisConnection } from '@iris/context-cache';
import type { Hook, ToolCall } from '@iris/contracts';

/** How long the later of two events waits for the verdicts of the earlier one, in ms. Nobody waits for its reply. */
const WAIT_MS = 250;
/** For how long a request is taken as being decided, in s. */
const CLAIM_SECONDS = 60;

/**
 * Aperture may send two events after one response, both with its calls. This makes them one decision: the second event
 * finds the first one's verdicts, under ids made of the request instead of the provider's ids, which only one of the
 * events carries.
 */
export class OneDecisionPerRequest {
  private readonly underWay = new Map<string, Promise<unknown>>();

  constructor(private readonly redis: RedisConnection | undefined) {}

  /** Runs a decision after an earlier one on the same request, here or in another replica, has ended. */
  async inTurn<T>(hook: Hook, decide: () => Promise<T>): Promise<T> {
    const requestId = hook.metadata.request_id;
    if (requestId === undefined || requestId === '') return decide();
    const earlier = this.underWay.get(requestId);
    const turn = (async () => {
      if (earlier !== undefined) await earlier.catch(() => undefined);
      else if (!(await this.claim(requestId))) await sleep(WAIT_MS);
      return decide();
    })();
    this.underWay.set(requestId, turn);
    try {
      return await turn;
    } finally {
      if (this.underWay.get(requestId) === turn) this.underWay.delete(requestId);
    }
  }

  private async claim(requestId: string): Promise<boolean> {
    if (this.redis?.status !== 'ready') return true;
    const key = `iris:request:v1:{${requestId}}`;
    return this.redis.set(key, '1', 'EX', CLAIM_SECONDS, 'NX').then(
      (reply) => reply === 'OK',
      () => true,
    );
  }
}

/** The calls of a response under ids made of the request, the content and the count of equal calls before. */
export function asCallsOfRequest(hook: Hook, calls: readonly ToolCall[]): Map<ToolCall, ToolCall> {
  const counts = new Map<string, number>();
  const renamed = new Map<ToolCall, ToolCall>();
  for (const call of calls) {
    const content = createHash('sha256')
      .update(JSON.stringify([call.name, call.params ?? null]))
      .digest('base64url');
    const before = counts.get(content) ?? 0;
    counts.set(content, before + 1);
    renamed.set(call, { ...call, server: undefined, id: `request:${hook.metadata.request_id}:${content}:${before}` });
  }
  return renamed;
}
