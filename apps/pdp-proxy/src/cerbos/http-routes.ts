import { CERBOS_METHODS } from '../decide/index.js';

export const SERVER_INFO_URL = '/api/server_info';
export const HEALTH_URL = '/_cerbos/health';

/** The paths of the Cerbos API, with the HTTP method of each. */
export const CERBOS_PATHS: ReadonlyMap<string, 'GET' | 'POST'> = new Map([
  ...CERBOS_METHODS.map(({ url }) => [url, 'POST'] as const),
  [SERVER_INFO_URL, 'GET'],
  [HEALTH_URL, 'GET'],
]);

/** HTTP status by the code of gRPC. Source: google/rpc/code.proto. */
const HTTP_STATUS: Readonly<Record<number, number>> = {
  1: 499,
  3: 400,
  4: 504,
  5: 404,
  7: 403,
  8: 429,
  12: 501,
  14: 503,
  16: 401,
};

export function httpStatus(code: number): number {
  return HTTP_STATUS[code] ?? 500;
}

/** An error in the form of the Cerbos API. */
export function errorText(code: number, message: string): string {
  return JSON.stringify({ code, message, details: [] });
}
