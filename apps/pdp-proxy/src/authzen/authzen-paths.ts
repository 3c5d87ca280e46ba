/** The paths of the AuthZEN Authorization API 1.0. */
export const AUTHZEN_PATHS: ReadonlySet<string> = new Set([
  '/access/v1/evaluation',
  '/access/v1/evaluations',
  '/access/v1/search/subject',
  '/access/v1/search/resource',
  '/access/v1/search/action',
]);
