import type { Hook, ReasonId } from '@iris/contracts';
import type { Budget } from '@iris/decision';
import type { HookVerdict } from './hook-verdict.js';
import type { IncomingHook } from './incoming-hook.js';

/** A verdict, and what is known of the hook that it answers. */
export interface AnsweredHook {
  readonly verdict: HookVerdict;
  readonly hook: Hook;
}

/** The port by which HTTP gets verdicts. */
export abstract class HookAnswers {
  /**
   * The verdict on a hook. Always resolves, inside the budget.
   *
   * @param gone aborted when the caller has hung up
   */
  abstract answer(incoming: IncomingHook, budget: Budget, gone: AbortSignal): Promise<AnsweredHook>;

  /** The verdict on a hook that is refused before its body is read. */
  abstract refuse(incoming: IncomingHook, reason: ReasonId, detail: string, budget: Budget): Promise<AnsweredHook>;
}
