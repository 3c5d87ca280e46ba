import type { FastifyRequest } from 'fastify';
import { ApiProblem } from '../http/api-problem.js';
import { isLoopback } from './local-identification.js';

/**
 * Refuses a host name that is not the console's own: a site whose name an attacker points to this address (DNS
 * rebinding) is same-origin to the browser.
 */
export class ExpectedHost {
  constructor(
    private readonly publicOrigin: string | undefined,
    private readonly loopbackOnly: boolean,
  ) {}

  /** @throws ApiProblem */
  check({ headers }: FastifyRequest): void {
    const host = headers.host ?? '';
    const expected = this.publicOrigin === undefined ? undefined : new URL(this.publicOrigin).host;
    if (host === expected) return;
    const name = URL.canParse(`http://${host}`) ? new URL(`http://${host}`).hostname : '';
    if (this.loopbackOnly ? isLoopback(name) : expected === undefined) return;
    throw new ApiProblem('host_not_expected', 'This host name is not that of the console; see http.publicUrl.');
  }
}
