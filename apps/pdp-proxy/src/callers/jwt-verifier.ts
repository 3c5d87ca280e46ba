import { keySetOfFile, keySetOfUrl, TokenVerifier } from '@iris/access-tokens';
import { ConfigError } from '@iris/config';
import { decodeJwt } from 'jose';
import type { JwtIssuer } from './callers-file.js';

export type VerifiedJwt =
  | { readonly ok: true; readonly issuer: string; readonly subject: string }
  | { readonly ok: false; readonly problem: string };

/** Verifies the JWTs of the configured issuers. Never rejects. */
export class JwtVerifier {
  private readonly issuers = new Map<string, TokenVerifier>();

  /** @throws ConfigError when a file of keys cannot be used */
  constructor(issuers: readonly JwtIssuer[]) {
    for (const { issuer, audience, jwksUrl, jwksFile } of issuers) {
      const keys = jwksUrl === undefined ? localKeys(jwksFile ?? '') : keySetOfUrl(jwksUrl);
      this.issuers.set(issuer, new TokenVerifier({ issuer, audience: [audience], keys }));
    }
  }

  async verify(token: string): Promise<VerifiedJwt> {
    const issuer = statedIssuer(token);
    const verifier = issuer === undefined ? undefined : this.issuers.get(issuer);
    if (issuer === undefined || verifier === undefined) {
      return { ok: false, problem: 'the issuer of the JWT is not configured' };
    }
    const verified = await verifier.verify(token);
    return verified.ok ? { ok: true, issuer, subject: verified.claims.sub } : verified;
  }
}

/** Only chooses the verifier, which then checks it. */
function statedIssuer(token: string): string | undefined {
  try {
    return decodeJwt(token).iss;
  } catch {
    return undefined;
  }
}

function localKeys(file: string) {
  try {
    return keySetOfFile(file);
  } catch {
    throw new ConfigError(`configuration: callers.file: the key set ${file} cannot be used; it must be a JWKS in JSON`);
  }
}
