import { ApiProblem } from '../http/api-problem.js';

/** The window of a query; one that ends now when it names none. @throws ApiProblem when it is empty */
export function windowOf(query: { from?: string; to?: string }, defaultMs: number): { from: Date; to: Date } {
  const to = query.to === undefined ? new Date() : new Date(query.to);
  const from = query.from === undefined ? new Date(to.getTime() - defaultMs) : new Date(query.from);
  if (from >= to) throw new ApiProblem('invalid_request', 'from: must be before to.', 'from');
  return { from, to };
}
