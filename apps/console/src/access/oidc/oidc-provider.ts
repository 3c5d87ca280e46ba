import type { Role } from '@iris/console-api';
import * as oidc from 'openid-client';
import { ApiProblem } from '../../http/api-problem.js';
import { isLoopback } from '../local-identification.js';
import { highestRole, type Viewer } from '../viewer.js';
import type { LoginInProgress } from './oidc-sessions.js';

export interface OidcOptions {
  readonly issuer: string;
  readonly clientId: string;
  /** Without one the client is public. */
  readonly clientSecret?: string;
  readonly scopes: string;
  readonly loginClaim: string;
  readonly rolesClaim: string;
  readonly roles: Readonly<Record<string, Role>>;
  /** Where the provider sends the browser back to. */
  readonly redirectUri: string;
}

const TIMEOUT_S = 10;
const MAX_LOGIN = 320;

/** An OpenID provider: authorization code with PKCE, state and nonce. Its metadata are read at the first login. */
export class OidcProvider {
  private configuration: Promise<oidc.Configuration> | undefined;

  constructor(private readonly options: OidcOptions) {}

  /** @throws ApiProblem when the provider gives no answer */
  async beginLogin(to: string): Promise<{ readonly url: URL; readonly login: LoginInProgress }> {
    const configuration = await this.configured();
    const login = {
      ...{ state: oidc.randomState(), nonce: oidc.randomNonce(), verifier: oidc.randomPKCECodeVerifier() },
      to,
    };
    const url = oidc.buildAuthorizationUrl(configuration, {
      redirect_uri: this.options.redirectUri,
      scope: this.options.scopes,
      state: login.state,
      nonce: login.nonce,
      code_challenge: await oidc.calculatePKCECodeChallenge(login.verifier),
      code_challenge_method: 'S256',
    });
    return { url, login };
  }

  /**
   * Exchanges the code of a callback. The library checks state, nonce, signature, issuer, audience and expiry.
   *
   * @param query with its question mark, as the provider made it
   * @throws ApiProblem
   */
  async finishLogin(query: string, login: LoginInProgress): Promise<Omit<Viewer, 'method'>> {
    const configuration = await this.configured();
    let claims: oidc.IDToken | undefined;
    try {
      const tokens = await oidc.authorizationCodeGrant(configuration, new URL(`${this.options.redirectUri}${query}`), {
        pkceCodeVerifier: login.verifier,
        expectedState: login.state,
        expectedNonce: login.nonce,
        idTokenExpected: true,
      });
      claims = tokens.claims();
    } catch (error) {
      throw loginFailed(error instanceof oidc.AuthorizationResponseError ? error.error : 'its answer is not valid');
    }
    if (claims === undefined) throw loginFailed('it gave no ID token');
    return this.viewerOf(claims);
  }

  private viewerOf(claims: oidc.IDToken): Omit<Viewer, 'method'> {
    const { loginClaim, rolesClaim, roles } = this.options;
    const login = claims[loginClaim];
    if (typeof login !== 'string' || login === '' || login.length > MAX_LOGIN) {
      throw loginFailed(`the ID token has no claim ${loginClaim}`);
    }
    if (loginClaim === 'email' && claims.email_verified === false)
      throw loginFailed('the e-mail address is not verified');
    const given = claims[rolesClaim];
    const names = (Array.isArray(given) ? given : [given]).filter((name) => typeof name === 'string');
    const role = highestRole(names.flatMap((name) => (Object.hasOwn(roles, name) ? [roles[name] as Role] : [])));
    if (role === undefined) {
      throw new ApiProblem('no_role', `You have no role: no value of ${rolesClaim} is in oidc.roles.`);
    }
    return { login, name: typeof claims.name === 'string' ? claims.name.slice(0, MAX_LOGIN) : undefined, role };
  }

  /** A failure is not kept: the provider may be back at the next login. */
  private configured(): Promise<oidc.Configuration> {
    this.configuration ??= this.discover().catch((error: unknown) => {
      this.configuration = undefined;
      throw new ApiProblem('login_unavailable', 'The OpenID provider gives no answer; try again.', undefined, {
        cause: error,
      });
    });
    return this.configuration;
  }

  private discover(): Promise<oidc.Configuration> {
    const { issuer, clientId, clientSecret } = this.options;
    const server = new URL(issuer);
    // Without TLS anybody on the way is the provider; on the same machine there is no way.
    const plain = server.protocol === 'http:' && isLoopback(server.hostname);
    return oidc.discovery(server, clientId, clientSecret, clientSecret === undefined ? oidc.None() : undefined, {
      timeout: TIMEOUT_S,
      execute: [
        // The signature too: by itself the library trusts the connection to the token endpoint.
        oidc.enableNonRepudiationChecks,
        ...(plain ? [oidc.allowInsecureRequests] : []),
      ],
    });
  }
}

function loginFailed(why: string): ApiProblem {
  return new ApiProblem('login_failed', `The login failed: ${why}. Try again.`);
}
