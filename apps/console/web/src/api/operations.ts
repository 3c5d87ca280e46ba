import type { CSRF_HEADER, EndpointId, Endpoints } from '@iris/console-api';
import type { z } from 'zod';
import { address, type Query, segmentOf } from '../app/router.js';
import { RequestFailed, request } from './request.js';

type Route = { readonly [Id in EndpointId]?: readonly [Endpoints[Id]['method'], Endpoints[Id]['path']] };

/** Method and path of what the page asks for; the compiler compares them with the API's own table. */
const ROUTES = {
  me: ['GET', '/api/me'],
  listDecisions: ['GET', '/api/decisions'],
  countDecisions: ['GET', '/api/decisions/counts'],
  listFacets: ['GET', '/api/decisions/facets'],
  readDecision: ['GET', '/api/decisions/{id}'],
  readRecord: ['GET', '/api/decisions/{id}/record'],
  findSmallestChange: ['POST', '/api/decisions/{id}/smallest-change'],
  askWhatIf: ['POST', '/api/decisions/{id}/what-if'],
  readPerson: ['GET', '/api/people/{person}'],
  readPersonTools: ['GET', '/api/people/{person}/tools'],
  readSession: ['GET', '/api/sessions/{id}'],
  listPolicies: ['GET', '/api/policies'],
  readRollout: ['GET', '/api/policies/rollout'],
  listCandidates: ['GET', '/api/policies/candidates'],
  startDifference: ['POST', '/api/policies/differences'],
  readDifference: ['GET', '/api/policies/differences/{id}'],
  cancelDifference: ['DELETE', '/api/policies/differences/{id}'],
  readHealth: ['GET', '/api/health'],
  listAccess: ['GET', '/api/access'],
} as const satisfies Route;

type Asked = keyof typeof ROUTES;
export type Answer<Id extends Asked> = z.output<Endpoints[Id]['response']>;

/** Where the stream of new decisions is. */
export const STREAM_PATH: Endpoints['streamDecisions']['path'] = '/api/decisions/stream';
const TOKEN_HEADER: typeof CSRF_HEADER = 'x-iris-csrf';

interface Parts {
  /** Id in the path. */
  readonly of?: string;
  readonly query?: Query;
  readonly body?: unknown;
  readonly signal?: AbortSignal;
}

let csrfToken: Promise<string> | undefined;

/** Who is reading. The token of every later change comes with it. */
export async function readMe(signal?: AbortSignal): Promise<Answer<'me'>> {
  const me = await ask('me', { signal });
  csrfToken = Promise.resolve(me.csrfToken);
  return me;
}

/** Asks the console's API. Throws RequestFailed. */
export async function ask<Id extends Asked>(id: Id, { of, query, body, signal }: Parts = {}): Promise<Answer<Id>> {
  const [method, template] = ROUTES[id];
  const path = template.replace(/\{\w+\}/, () => segmentOf(of ?? ''));
  const url = address(path, query);
  if (method === 'GET') return request<Answer<Id>>(url, { signal });
  return change<Answer<Id>>(url, method, body, signal);
}

async function change<Result>(url: string, method: string, body: unknown, signal?: AbortSignal): Promise<Result> {
  const send = async () => {
    csrfToken ??= readMe().then((me) => me.csrfToken);
    const headers = { [TOKEN_HEADER]: await csrfToken, 'content-type': 'application/json' };
    return request<Result>(url, { method, headers, body: body === undefined ? '{}' : JSON.stringify(body), signal });
  };
  try {
    return await send();
  } catch (error) {
    // The token may have ended with the session that the page was opened in.
    if (!(error instanceof RequestFailed) || error.reason !== 'csrf_token') throw error;
    csrfToken = undefined;
    return send();
  }
}
