import { type Endpoint, type EndpointId, endpoints } from '@iris/console-api';
import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { FastifyRequest } from 'fastify';
import { ApiProblem } from '../http/api-problem.js';
import { ENDPOINT, OPEN } from '../http/endpoint.decorator.js';
import type { CrossSiteGuard } from './csrf.js';
import type { ExpectedHost } from './expected-host.js';
import type { Identification } from './identify.js';
import { includes, type Viewer } from './viewer.js';

/**
 * Access to every operation of the API: who asks, from which site, with which role. A handler that is no operation answers
 * only where its controller states that it is open.
 */
@Injectable()
export class AccessGuard implements CanActivate {
  private readonly reflector = new Reflector();

  constructor(
    private readonly identifications: readonly Identification[],
    private readonly sites: CrossSiteGuard,
    private readonly hosts: ExpectedHost,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const id = this.reflector.get<EndpointId | undefined>(ENDPOINT, context.getHandler());
    if (id === undefined) return this.reflector.get<true | undefined>(OPEN, context.getClass()) === true;
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    this.hosts.check(request);
    this.sites.checkSite(request);
    const viewer = await this.identify(request);
    const { role }: Endpoint = endpoints[id];
    if (!includes(viewer.role, role)) {
      throw new ApiProblem('role_too_low', `This needs the role ${role}; yours is ${viewer.role}.`);
    }
    this.sites.checkToken(request, viewer);
    request.viewer = viewer;
    request.endpointId = id;
    return true;
  }

  /** The first kind of identity that the request has. */
  private async identify(request: FastifyRequest): Promise<Viewer> {
    for (const identification of this.identifications) {
      const viewer = await identification.identify(request);
      if (viewer !== undefined) return viewer;
    }
    throw new ApiProblem('unauthenticated', 'Log in first.');
  }
}
