import { hash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { ConfigError } from '@iris/config';
import { createLocalJWKSet, createRemoteJWKSet, decodeJwt, type JWTVerifyGetKey, jwtVerify } from 'jose';
import { LRUCache } from 'lru-cache';
import type { JwtIssuer } from './callers-file.js';

/** A signature with a shared secret or without any is none: only the issuer may be able to sign. */
const ALGORITHMS = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
];

/** For how long a verified token is not verified again, in ms; never past its expiry. */
const REMEMBERED_MS = 60_000;
const REMEMBERED_TOKENS = 10_000;

export type VerifiedJwt =
  | { readonly ok: true; readonly issuer: string; readonly subject: string }
  | { readonly ok: false; readonly problem: string };

/** Verifies JWTs of the configured issuers. Verified tokens are remembered for a short time. Never rejects. */
export class JwtVerifier {
  private readonly issuers = new Map<string, { readonly audience: string; readonly keys: JWTVerifyGetKey }>();
  private readonly verified = new LRUCache<string, VerifiedJwt>({ max: REMEMBERED_TOKENS });

  /** @throws ConfigError when a file of keys cannot be used */
  constructor(issuers: readonly JwtIssuer[]) {
    for (const { issuer, audience, jwksUrl, jwksFile } of issuers) {
      const keys =
        jwksUrl !== undefined
          ? createRemoteJWKSet(new URL(jwksUrl), { timeoutDuration: 5000, cooldownDuration: 30_000 })
          : localKeys(jwksFile ?? '');
      this.issuers.set(issuer, { audience, keys });
    }
  }

  async verify(token: string): Promise<VerifiedJwt> {
    const remembered = hash('sha256', token, 'base64url');
    const known = this.verified.get(remembered);
    if (known !== undefined) return known;
    try {
      const issuer = decodeJwt(token).iss ?? '';
      const configured = this.issuers.get(issuer);
      if (configured === undefined) return { ok: false, problem: 'the issuer of the JWT is not configured' };
      const { payload } = await jwtVerify(token, configured.keys, {
        issuer,
        audience: configured.audience,
        algorithms: ALGORITHMS,
        requiredClaims: ['exp', 'sub'],
      });
      const result: VerifiedJwt = { ok: true, issuer, subject: payload.sub ?? '' };
      const ttl = Math.min(REMEMBERED_MS, (payload.exp ?? 0) * 1000 - Date.now());
      if (ttl > 0) this.verified.set(remembered, result, { ttl });
      return result;
    } catch (error) {
      const { code } = error as { code?: string };
      return { ok: false, problem: `the JWT is not valid${code === undefined ? '' : ` (${code})`}` };
    }
  }
}

function localKeys(file: string): JWTVerifyGetKey {
  try {
    return createLocalJWKSet(JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    throw new ConfigError(`configuration: callers.file: the key set ${file} cannot be used; it must be a JWKS in JSON`);
  }
}
