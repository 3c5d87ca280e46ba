import { ApiProblem } from '../http/api-problem.js';

/** Names the cursor when the log refuses it. @throws ApiProblem, or the error itself */
export function refuseCursor(error: unknown): never {
  if (!(error instanceof RangeError)) throw error;
  throw new ApiProblem('invalid_request', 'cursor: give the value of next of the page before.', 'cursor');
}
