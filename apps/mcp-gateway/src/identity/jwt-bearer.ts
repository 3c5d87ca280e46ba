import type { IncomingMessage } from 'node:http';
import { keySetOfUrl, type TokenClaims, TokenVerifier } from '@iris/access-tokens';
import type { Caller } from '@iris/mcp-calls';
import { type Authenticator, bearerOf } from './authenticator.js';

export interface JwtOptions {
  readonly issuer: string;
  /** Values of `aud` of which a token must have one. */
  readonly audience: readonly string[];
  readonly jwksUrl: string;
  /** Claim that holds the login. */
  readonly loginClaim: string;
}

/**
 * Access tokens of an authorization server, for this resource only.
 * Source: MCP authorization; RFC 9068; RFC 8707.
 */
export class JwtBearer implements Authenticator {
  private readonly verifier: TokenVerifier;

  constructor(
    private readonly options: JwtOptions,
    onUnavailable: (error: Error) => void,
  ) {
    const { issuer, audience, jwksUrl } = options;
    this.verifier = new TokenVerifier({ issuer, audience, keys: keySetOfUrl(jwksUrl), onUnavailable });
  }

  async authenticate(request: IncomingMessage): Promise<Caller | 'refused' | undefined> {
    const token = bearerOf(request);
    if (token === undefined) return undefined;
    const verified = await this.verifier.verify(token);
    const login = verified.ok ? this.loginOf(verified.claims) : undefined;
    if (login === undefined) return 'refused';
    return { who: { kind: 'user', id: login, loginName: login }, keyName: 'oauth' };
  }

  private loginOf(claims: TokenClaims): string | undefined {
    const { loginClaim } = this.options;
    // An address that its owner has not proven names nobody.
    if (loginClaim === 'email' && claims.email_verified === false) return undefined;
    const login = claims[loginClaim];
    return typeof login === 'string' && /^[^\s,]{1,320}$/.test(login) ? login : undefined;
  }
}
