import type { CallDecision, ToolCall } from '@iris/contracts';
import type { DecidedCall, PreparedPrincipal } from '../shared/decided-call.js';

/** The decisions on all calls of a request; a part of them while the PDP has not decided on all. */
export class Judgement {
  /** Absent until the context is gathered. */
  prepared?: PreparedPrincipal;
  /** New decisions. */
  decided: readonly DecidedCall[] = [];
  /** Decisions on all calls, remembered ones included. */
  decisions: ReadonlyMap<ToolCall, CallDecision> = new Map();
  /** Keys of the declared tools that are never allowed. */
  strip: ReadonlySet<string> = new Set();
  /** Calls that this request leaves to the next one, beyond the limit of new calls. */
  left = 0;
  /** How long each stage took, or takes until the judgement is closed. */
  readonly durationsMs = { context: 0, pdp: 0 };
  #running?: { readonly stage: 'context' | 'pdp'; readonly since: number };
  #closed = false;

  begin(stage: 'context' | 'pdp'): void {
    this.#running = { stage, since: performance.now() };
  }

  /** Ends the stage that began last. */
  end(): void {
    if (this.#running === undefined || this.#closed) return;
    this.durationsMs[this.#running.stage] = performance.now() - this.#running.since;
    this.#running = undefined;
  }

  /** Closes the judgement when the verdict is given: what is decided later has no evidence, so it is not kept. */
  close(): void {
    this.end();
    this.#closed = true;
  }

  get isClosed(): boolean {
    return this.#closed;
  }

  get hasDenial(): boolean {
    for (const { effect } of this.decisions.values()) if (effect === 'DENY') return true;
    return false;
  }
}
