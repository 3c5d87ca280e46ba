import { guardrailResponseSchema } from '@iris/contracts';
import type { Gateway } from '../../../apps/sandbox/src/mesh/mesh.js';
import { HOOK_KEY } from '../../../apps/sandbox/src/mesh/mesh.js';
import { Starvation } from '../../run/starvation.js';
import { type Fate, fateIn, type HookKind, type MixedHooks } from './mixed-hooks.js';

/** A hook of the load and what came of it. */
export interface SentHook {
  readonly kind: HookKind;
  readonly requestId: string;
  /** By the monotonic clock, in ms. */
  readonly sentAt: number;
  /** By the same clock; absent while no reply is there. */
  doneAt?: number;
  /** For how long of this the machine let neither client nor gateway run, in ms: it is no time of the mesh's. */
  starvedMs?: number;
  /** Absent when no reply came. */
  status?: number;
  /** Why there is no valid verdict. */
  fault?: string;
  fate?: Fate;
  reason?: string;
}

/** Longer than any budget here; a client gives up after it, in ms. */
const CLIENT_TIMEOUT_MS = 10_000;

/**
 * Sends a hook every so many ms, whether those before were answered or not, as agents do that know nothing of each
 * other. A gateway that refuses the connection is passed over for the next one, as a load balancer does.
 */
export class SteadyLoad {
  readonly #starvation: Starvation;
  readonly hooks: SentHook[] = [];
  readonly #hooks: MixedHooks;
  readonly #gateways: readonly Pick<Gateway, 'url' | 'process'>[];
  readonly #inFlight = new Set<Promise<void>>();
  readonly #timer: NodeJS.Timeout;

  constructor(hooks: MixedHooks, gateways: readonly Pick<Gateway, 'url' | 'process'>[], everyMs: number) {
    this.#hooks = hooks;
    this.#gateways = gateways;
    this.#starvation = new Starvation(() => gateways.map(({ process }) => process.pid));
    this.#timer = setInterval(() => this.#send(), everyMs);
  }

  /** Sends no more and waits for the replies that are in flight. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await Promise.all(this.#inFlight);
    this.#starvation.stop();
  }

  #send(): void {
    const { kind, requestId, hook } = this.#hooks.next();
    const sent: SentHook = { kind, requestId, sentAt: performance.now() };
    const first = this.hooks.push(sent);
    const exchange = this.#exchange(sent, JSON.stringify(hook), first).finally(() => this.#inFlight.delete(exchange));
    this.#inFlight.add(exchange);
  }

  async #exchange(sent: SentHook, text: string, first: number): Promise<void> {
    try {
      const response = await this.#post(text, first);
      sent.status = response.status;
      const body: unknown = await response.json();
      const parsed = guardrailResponseSchema.safeParse(body);
      if (!parsed.success) sent.fault = `no valid verdict: ${JSON.stringify(body).slice(0, 300)}`;
      else {
        sent.fate = fateIn(sent.kind, parsed.data);
        if (parsed.data.action === 'block') sent.reason = /\[(\w+)/.exec(parsed.data.message)?.[1];
      }
      if (response.status !== 200) sent.fault = `status ${response.status}`;
    } catch (error) {
      sent.fault = String((error as Error).cause ?? error);
    }
    sent.doneAt = performance.now();
    sent.starvedMs = this.#starvation.between(sent.sentAt, sent.doneAt);
  }

  async #post(text: string, first: number): Promise<Response> {
    let refused: unknown;
    for (let turn = 0; turn < this.#gateways.length; turn += 1) {
      const gateway = this.#gateways[(first + turn) % this.#gateways.length];
      try {
        return await fetch(`${gateway?.url}/ext/aperture/pre_request`, {
          method: 'POST',
          headers: { authorization: `Bearer ${HOOK_KEY}`, 'content-type': 'application/json' },
          body: text,
          signal: AbortSignal.timeout(CLIENT_TIMEOUT_MS),
        });
      } catch (error) {
        const cause = (error as { cause?: { code?: string } }).cause;
        if (cause?.code !== 'ECONNREFUSED') throw error;
        refused = error;
      }
    }
    throw refused;
  }
}
