import { hash } from 'node:crypto';
import { errors, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from 'jose';
import { LRUCache } from 'lru-cache';

/** Signatures by a key that the verifier cannot make itself: no shared secret, and never none. */
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

const MAX_TOKEN_LENGTH = 16_384;
/** For how long a verified token is not verified again, in ms; never past its expiry. */
const MEMORY_MS = 30_000;
const MEMORY_TOKENS = 10_000;
const CLOCK_TOLERANCE_SECONDS = 5;

export type TokenClaims = JWTPayload & { readonly sub: string };

export type VerifiedToken =
  | { readonly ok: true; readonly claims: TokenClaims }
  /** The text names no credential. */
  | { readonly ok: false; readonly problem: string };

export interface TokenRules {
  readonly issuer: string;
  /** Values of `aud` of which a token must have one. */
  readonly audience: readonly string[];
  readonly keys: JWTVerifyGetKey;
  /** Called when the key set is unavailable. */
  readonly onUnavailable?: (error: Error) => void;
}

/**
 * Verifies the JWTs of one issuer: signature, issuer, audience and expiry.
 * Source: RFC 7519, RFC 8725.
 */
export class TokenVerifier {
  private readonly verified = new LRUCache<string, TokenClaims>({ max: MEMORY_TOKENS });

  constructor(private readonly rules: TokenRules) {}

  /** Never rejects. */
  async verify(token: string): Promise<VerifiedToken> {
    if (token.length > MAX_TOKEN_LENGTH) return { ok: false, problem: 'the JWT is too long' };
    const digest = hash('sha256', token, 'base64url');
    const known = this.verified.get(digest);
    if (known !== undefined) return { ok: true, claims: known };
    try {
      const { payload } = await jwtVerify(token, this.rules.keys, {
        issuer: this.rules.issuer,
        audience: [...this.rules.audience],
        algorithms: ALGORITHMS,
        clockTolerance: CLOCK_TOLERANCE_SECONDS,
        requiredClaims: ['exp', 'sub'],
      });
      const claims = payload as TokenClaims;
      const ttl = Math.min(MEMORY_MS, (payload.exp ?? 0) * 1000 - Date.now());
      if (ttl > 0) this.verified.set(digest, claims, { ttl });
      return { ok: true, claims };
    } catch (error) {
      if (!(error instanceof errors.JOSEError) || error instanceof errors.JWKSTimeout) {
        this.rules.onUnavailable?.(error as Error);
      }
      const { code } = error as { code?: string };
      return { ok: false, problem: `the JWT is not valid${code === undefined ? '' : ` (${code})`}` };
    }
  }
}
