import type { FastifyInstance, FastifyRequest } from 'fastify';

/** The query as sent, with repeated keys kept. */
export function queryOf(request: FastifyRequest): URLSearchParams {
  return new URL(request.url, 'http://sandbox.invalid').searchParams;
}

/** A whole number of the query, or the fallback when it is missing; NaN when it is something else. */
export function wholeNumber(query: URLSearchParams, key: string, fallback: number): number {
  const text = query.get(key);
  if (text === null || text === '') return fallback;
  return /^-?\d+$/.test(text) ? Number(text) : Number.NaN;
}

/** User and password of an `Authorization: Basic` header. */
export function basicCredentials(request: FastifyRequest): { user: string; password: string } | undefined {
  const match = /^Basic ([A-Za-z0-9+/=]+)$/i.exec(request.headers.authorization ?? '');
  if (match?.[1] === undefined) return undefined;
  const text = Buffer.from(match[1], 'base64').toString('utf8');
  const colon = text.indexOf(':');
  return colon < 0 ? undefined : { user: text.slice(0, colon), password: text.slice(colon + 1) };
}

/** What follows `Bearer` in the Authorization header. */
export function bearerToken(request: FastifyRequest): string | undefined {
  return /^Bearer (\S+)$/i.exec(request.headers.authorization ?? '')?.[1];
}

/** The base URL by which the client reached the simulated API. */
export function baseUrlOf(request: FastifyRequest): string {
  return `http://${request.headers.host ?? 'sandbox.invalid'}`;
}

/** Makes form bodies readable by `formOf`. */
export function acceptForms(app: FastifyInstance): void {
  app.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'string' }, (_request, body, done) => {
    done(null, new URLSearchParams(body.toString()));
  });
}

export function formOf(request: FastifyRequest): URLSearchParams {
  return request.body instanceof URLSearchParams ? request.body : new URLSearchParams();
}

/** A parameter of the route's path, decoded. */
export function pathParameter(request: FastifyRequest, name: string): string {
  return (request.params as Record<string, string | undefined>)[name] ?? '';
}
