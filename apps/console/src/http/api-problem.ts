import type { Problem } from '@iris/console-api';

/** Stable ids of problems, with their status. */
const PROBLEMS = {
  unauthenticated: 401,
  no_role: 403,
  role_too_low: 403,
  cross_site: 403,
  csrf_token: 403,
  host_not_expected: 421,
  invalid_request: 400,
  not_found: 404,
  too_many: 429,
  log_unavailable: 503,
  pdp_unavailable: 503,
  access_not_recorded: 503,
  login_failed: 401,
  login_unavailable: 503,
  cannot_ask_again: 409,
  internal_error: 500,
} as const;
export type ProblemReason = keyof typeof PROBLEMS;

/** An answer that is a problem document (RFC 9457). The title is shown to the person, so it names the fix. */
export class ApiProblem extends Error {
  override readonly name = 'ApiProblem';
  constructor(
    readonly reason: ProblemReason,
    readonly title: string,
    readonly field?: string,
    options?: ErrorOptions,
  ) {
    super(title, options);
  }

  get status(): number {
    return PROBLEMS[this.reason];
  }

  get document(): Problem {
    const { reason, title, status, field } = this;
    return { type: 'about:blank', title, status, reason, ...(field === undefined ? {} : { field }) };
  }
}
