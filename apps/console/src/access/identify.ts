import type { FastifyRequest } from 'fastify';
import type { Viewer } from './viewer.js';

/** One way of recognising who asks. */
export interface Identification {
  /**
   * @returns undefined when the request carries no identity of this kind
   * @throws ApiProblem when it carries one that gives no access
   */
  identify(request: FastifyRequest): Promise<Viewer | undefined>;
}
