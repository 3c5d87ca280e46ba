import { irisVersion } from '@iris/config';
import { Controller, Inject } from '@nestjs/common';
import { type AnswerOf, Endpoint, Who } from '../http/endpoint.decorator.js';
import { CrossSiteGuard } from './csrf.js';
import type { Viewer } from './viewer.js';

/** Who asks. */
@Controller()
export class MeController {
  constructor(@Inject(CrossSiteGuard) private readonly sites: CrossSiteGuard) {}

  @Endpoint('me')
  me(@Who() who: Viewer): AnswerOf<'me'> {
    return {
      ...who,
      csrfToken: this.sites.tokenOf(who),
      irisVersion: irisVersion(),
      logoutUrl: who.method === 'oidc' ? '/auth/logout' : undefined,
    };
  }
}
