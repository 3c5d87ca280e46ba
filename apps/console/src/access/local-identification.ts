import { isIP } from 'node:net';
import { ConfigError } from '@iris/config';
import type { Role } from '@iris/console-api';
import type { FastifyRequest } from 'fastify';
import { ApiProblem } from '../http/api-problem.js';
import type { Identification } from './identify.js';
import type { Viewer } from './viewer.js';

/** Everyone on this machine is one person. For a trial and for development. */
export class LocalIdentification implements Identification {
  /** @throws ConfigError unless the console is bound to loopback alone */
  constructor(
    host: string,
    private readonly role: Role,
  ) {
    if (!isLoopback(host)) {
      throw new ConfigError(
        `configuration: access.methods (IRIS_ACCESS_METHODS) is local, and http.host (IRIS_HTTP_HOST) is ${JSON.stringify(host)}; accepted: 127.0.0.1, ::1 or localhost, or another method`,
      );
    }
  }

  async identify({ socket }: FastifyRequest): Promise<Viewer> {
    if (!isLoopback(socket.remoteAddress ?? '')) {
      throw new ApiProblem('unauthenticated', 'This console is for its own machine only.');
    }
    return { login: 'local', role: this.role, method: 'local' };
  }
}

/** Whether an address, or the name localhost, is this machine's own. */
export function isLoopback(host: string): boolean {
  const address = host.replace(/^\[|\]$/g, '').replace(/^::ffff:/, '');
  if (address === 'localhost' || address === '::1') return true;
  return isIP(address) === 4 && address.startsWith('127.');
}
