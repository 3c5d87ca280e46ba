import { createHmac, timingSafeEqual } from 'node:crypto';
import { CSRF_HEADER } from '@iris/console-api';
import type { FastifyRequest } from 'fastify';
import { ApiProblem } from '../http/api-problem.js';
import type { Viewer } from './viewer.js';

const SAFE = new Set(['GET', 'HEAD']);
/** What a browser states of a request that the page itself, or the person in the address bar, made. */
const OWN_SITES = new Set(['same-origin', 'none']);

/**
 * Refuses what another site makes a browser send. Browsers state the site of the origin (Fetch Metadata) or the origin;
 * a change needs the token of `/api/me` too, which no other site can read.
 */
export class CrossSiteGuard {
  constructor(
    private readonly key: Buffer,
    private readonly publicOrigin: string | undefined,
  ) {}

  tokenOf({ method, login }: Viewer): string {
    return createHmac('sha256', this.key).update(`csrf\0${method}\0${login}`).digest('base64url');
  }

  /** @throws ApiProblem */
  checkSite({ headers, method }: FastifyRequest): void {
    const site = headers['sec-fetch-site'];
    if (site !== undefined && !OWN_SITES.has(String(site))) throw crossSite();
    const { origin, host } = headers;
    if (origin === undefined) return;
    const expected = this.publicOrigin;
    const same = expected === undefined ? hostOf(origin) === host : origin === expected;
    if (!same || (site === undefined && origin === 'null' && !SAFE.has(method))) throw crossSite();
  }

  /** @throws ApiProblem */
  checkToken({ headers, method }: FastifyRequest, viewer: Viewer): void {
    if (SAFE.has(method)) return;
    const given = headers[CSRF_HEADER];
    const expected = Buffer.from(this.tokenOf(viewer));
    const actual = Buffer.from(typeof given === 'string' ? given : '');
    if (actual.length !== expected.length || !timingSafeEqual(actual, expected)) {
      throw new ApiProblem('csrf_token', `Send the csrfToken of /api/me in the header ${CSRF_HEADER}.`);
    }
  }
}

function hostOf(origin: string): string | undefined {
  return URL.canParse(origin) ? new URL(origin).host : undefined;
}

function crossSite(): ApiProblem {
  return new ApiProblem('cross_site', 'Requests of other sites are refused.');
}
