import { type Hook, hookCallDataSchema } from '@iris/contracts';
import { type Budget, type DecisionRequest, Judgement, type Modes } from '@iris/decision';
import type { ReadCalls } from '../protocol/hook-calls.js';
import type { HookVerdict } from '../protocol/hook-verdict.js';
import type { IncomingHook } from '../protocol/incoming-hook.js';
import { decisionRequest } from './decision-request.js';

/** One hook on its way through the stages. */
export class HookContext {
  /** Absent until the calls are read. */
  calls?: ReadCalls;
  readonly judgement = new Judgement();
  /** Whether the body is being read: its size and shape alone decide how long that takes. */
  isReading = false;
  /** Set once the verdict is given: resolves when it is recorded. */
  closing?: Promise<HookVerdict>;
  #hook: Hook;
  #request?: DecisionRequest;
  readonly #abandoned = new AbortController();

  constructor(
    readonly incoming: IncomingHook,
    readonly budget: Budget,
    /** The modes of this hook. */
    readonly modes: Modes,
  ) {
    this.#hook = unreadHook(incoming);
  }

  /** Nothing but the route and the key until the hook is read. */
  get hook(): Hook {
    return this.#hook;
  }

  set hook(hook: Hook) {
    this.#hook = hook;
    this.#request = undefined;
  }

  /** The hook as the stages of decisions take it. */
  get request(): DecisionRequest {
    this.#request ??= decisionRequest(this.#hook);
    return this.#request;
  }

  /** Aborted when nobody waits for the verdict any more. */
  get signal(): AbortSignal {
    return this.#abandoned.signal;
  }

  abandon(): void {
    this.#abandoned.abort();
  }
}

function unreadHook({ routeEvent, keyName, arrivedAt }: IncomingHook): Hook {
  const data = hookCallDataSchema.parse({});
  return { event: routeEvent ?? 'pre_request', keyName, arrivedAt, metadata: data.metadata, data };
}
