import type { ServerUnaryCall } from '@grpc/grpc-js';
import { Budget } from '@iris/decision';

/** The time and the end of a gRPC call. */
export interface CallScope {
  readonly budget: Budget;
  /** Aborted when the caller is gone. */
  readonly signal: AbortSignal;
  /** Ends the watch for the caller. */
  readonly done: () => void;
}

/** @param budgetMs longest time in ms; the caller's own deadline counts where it is sooner */
export function callScope<I, O>(call: ServerUnaryCall<I, O>, budgetMs: number): CallScope {
  const deadline = call.getDeadline();
  const left = (deadline instanceof Date ? deadline.getTime() : deadline) - Date.now();
  const gone = new AbortController();
  const abort = () => gone.abort();
  call.on('cancelled', abort);
  return {
    budget: new Budget(Math.max(1, Math.min(budgetMs, left))),
    signal: gone.signal,
    done: () => void call.off('cancelled', abort),
  };
}
