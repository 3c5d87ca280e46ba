import { createPublicKey, type KeyObject, verify } from 'node:crypto';
import { type AccessTokens, baseUrlOf, bearerToken, formOf } from '@iris/simulation';
import type { FastifyRequest } from 'fastify';

/** The service app and API token that the org knows. */
export interface OktaCredentials {
  readonly token: string;
  readonly clientId: string;
  readonly keyId: string;
  /** PEM (PKCS 8) of the key whose public half is registered with the service app. */
  readonly privateKey: string;
  readonly scopes: readonly string[];
}

const TOKEN_LIFETIME_SECONDS = 3600;

/** A token refused, in the form of RFC 6749 section 5.2. */
export interface TokenRefusal {
  readonly status: number;
  readonly error: string;
  readonly error_description: string;
}

/** Authentication at Okta: SSWS tokens, and access tokens for a client that signs with a private key. */
export class OktaAccess {
  readonly #publicKey: KeyObject;

  constructor(
    readonly credentials: OktaCredentials,
    readonly tokens: AccessTokens,
  ) {
    this.#publicKey = createPublicKey(credentials.privateKey);
  }

  /** What the caller may do; an SSWS token of an administrator may read all. */
  scopesOf(request: FastifyRequest): readonly string[] | undefined {
    const ssws = /^SSWS (\S+)$/.exec(request.headers.authorization ?? '')?.[1];
    if (ssws !== undefined) return ssws === this.credentials.token ? this.credentials.scopes : undefined;
    const token = bearerToken(request);
    return token === undefined ? undefined : this.tokens.scopes(token);
  }

  /** Answers `POST /oauth2/v1/token` for the client credentials grant. A DPoP header is let pass: the app does not demand it. */
  grant(request: FastifyRequest): Record<string, unknown> | TokenRefusal {
    const form = formOf(request);
    if (form.get('grant_type') !== 'client_credentials') {
      return refusal(400, 'unsupported_grant_type', 'The grant type is not supported.');
    }
    if (form.get('client_assertion_type') !== 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer') {
      return refusal(401, 'invalid_client', 'A client_assertion must be provided.');
    }
    const fault = this.#assertionFault(form.get('client_assertion') ?? '', `${baseUrlOf(request)}/oauth2/v1/token`);
    if (fault !== undefined) return refusal(401, 'invalid_client', fault);
    const scopes = (form.get('scope') ?? '').split(' ').filter((scope) => scope !== '');
    if (scopes.length === 0) return refusal(400, 'invalid_scope', "The 'scope' parameter is missing.");
    if (scopes.some((scope) => !this.credentials.scopes.includes(scope))) {
      return refusal(400, 'invalid_scope', 'One or more scopes are not configured for the client.');
    }
    return {
      token_type: 'Bearer',
      expires_in: TOKEN_LIFETIME_SECONDS,
      access_token: this.tokens.give(scopes, TOKEN_LIFETIME_SECONDS),
      scope: scopes.join(' '),
    };
  }

  #assertionFault(assertion: string, audience: string): string | undefined {
    const [header, payload, signature] = assertion.split('.');
    const fields = decode(header);
    const claims = decode(payload);
    if (fields === undefined || claims === undefined || signature === undefined)
      return 'The client_assertion is not a JWT.';
    if (fields.alg !== 'RS256') return 'The algorithm of the client_assertion is not supported.';
    if (fields.kid !== this.credentials.keyId) return 'The key of the client_assertion is not known.';
    if (
      !verify('RSA-SHA256', Buffer.from(`${header}.${payload}`), this.#publicKey, Buffer.from(signature, 'base64url'))
    ) {
      return 'The client_assertion signature is invalid.';
    }
    if (claims.iss !== this.credentials.clientId || claims.sub !== this.credentials.clientId) {
      return 'The client_assertion is of another client.';
    }
    if (claims.aud !== audience) return 'The audience claim for client_assertion must be the endpoint invoked.';
    const now = Date.now() / 1000;
    if (typeof claims.exp !== 'number' || claims.exp <= now) return 'The client_assertion token is expired.';
    return claims.exp > now + 3600 ? 'The client_assertion lives too long.' : undefined;
  }
}

export function isRefusal(answer: Record<string, unknown> | TokenRefusal): answer is TokenRefusal {
  return 'error' in answer;
}

function refusal(status: number, error: string, error_description: string): TokenRefusal {
  return { status, error, error_description };
}

function decode(part: string | undefined): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(part ?? '', 'base64url').toString('utf8'));
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
