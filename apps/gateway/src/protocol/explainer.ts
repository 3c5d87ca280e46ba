import type { ReasonId } from '@iris/contracts';
import type { Budget } from '@iris/decision';
import type { IncomingHook } from './incoming-hook.js';

/** The hook cannot be explained. */
export class NotExplainable extends Error {
  override readonly name = 'NotExplainable';
  constructor(
    readonly reason: ReasonId,
    message: string,
  ) {
    super(message);
  }
}

/** The port by which HTTP gets explanations. */
export abstract class Explainer {
  /** @throws NotExplainable when the hook cannot be read, or the PDP gives no decision */
  abstract explain(incoming: IncomingHook, budget: Budget, signal: AbortSignal): Promise<object>;
}
