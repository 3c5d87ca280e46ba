import { Controller, Get, HttpCode, Inject, Post, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { ApiProblem } from '../../http/api-problem.js';
import { OpenToEveryone } from '../../http/endpoint.decorator.js';
import { CrossSiteGuard } from '../csrf.js';
import { ExpectedHost } from '../expected-host.js';
import { OidcProvider } from './oidc-provider.js';
import { OidcSessions } from './oidc-sessions.js';

/** Login by the OpenID provider, and its end. */
@OpenToEveryone()
@Controller('auth')
export class LoginController {
  constructor(
    @Inject(OidcProvider) private readonly provider: OidcProvider,
    @Inject(OidcSessions) private readonly sessions: OidcSessions,
    @Inject(CrossSiteGuard) private readonly sites: CrossSiteGuard,
    @Inject(ExpectedHost) private readonly hosts: ExpectedHost,
  ) {}

  @Get('login')
  async login(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    this.hosts.check(request);
    const { url, login } = await this.provider.beginLogin(ownPath((request.query as { to?: unknown }).to));
    await this.sessions.beginLogin(reply, login);
    reply.redirect(url.href, 302);
  }

  @Get('callback')
  async callback(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    this.hosts.check(request);
    const login = await this.sessions.takeLogin(request, reply);
    if (login === undefined)
      throw new ApiProblem('login_failed', 'The login took too long or began elsewhere. Try again.');
    const query = request.url.slice(request.url.indexOf('?'));
    await this.sessions.begin(reply, await this.provider.finishLogin(query, login));
    reply.redirect(login.to, 302);
  }

  @Post('logout')
  @HttpCode(204)
  async logout(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    this.hosts.check(request);
    this.sites.checkSite(request);
    const viewer = await this.sessions.identify(request);
    if (viewer !== undefined) this.sites.checkToken(request, viewer);
    this.sessions.end(reply);
    reply.code(204).send();
  }
}

/** A path of the console itself; the start page for anything else, such as another site. */
function ownPath(to: unknown): string {
  return typeof to === 'string' && /^\/(?![/\\])[\x21-\x7e]{0,1000}$/.test(to) && !to.includes('\\') ? to : '/';
}
