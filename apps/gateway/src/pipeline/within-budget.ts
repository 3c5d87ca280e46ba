import { type Budget, REPLY_RESERVE_MS } from '@iris/decision';

/** The result of a step that is running, or of `onOvertime` when the step takes longer than the budget. */
export async function withinBudget<T>(budget: Budget, step: Promise<T>, onOvertime: () => Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  // Chained, so that an error of `onOvertime` rejects the result. Thrown in a timer it would end the process.
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, Math.max(1, budget.remainingMs() - REPLY_RESERVE_MS));
  }).then(onOvertime);
  return Promise.race([step, late]).finally(() => clearTimeout(timer));
}
