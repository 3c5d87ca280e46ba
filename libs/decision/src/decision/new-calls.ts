import { type ToolCall, valuesIn } from '@iris/contracts';
import { TimeSlice } from '../shared/time-slice.js';

/** Values in the parameters of the calls that one hook gets judged; encoding as many takes about 300 ms. */
const MAX_NEW_VALUES = 100_000;

/**
 * The first calls, as many as one hook gets judged: up to the given number, and as long as their parameters hold no more
 * than 100,000 values together. At least one.
 */
export async function firstCalls(calls: readonly ToolCall[], maxCalls: number): Promise<readonly ToolCall[]> {
  const slice = new TimeSlice();
  let values = 0;
  for (const [index, { params }] of calls.slice(0, maxCalls).entries()) {
    if (slice.isOver) await slice.pause();
    values += params === undefined ? 0 : valuesIn(params);
    if (values > MAX_NEW_VALUES) return calls.slice(0, Math.max(1, index));
  }
  return calls.slice(0, maxCalls);
}
