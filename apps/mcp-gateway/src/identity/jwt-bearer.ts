import { hash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Caller } from '@iris/mcp-calls';
import { createRemoteJWKSet, customFetch, errors, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from 'jose';
import { LRUCache } from 'lru-cache';
import { type Authenticator, bearerOf } from './authenticator.js';

export interface JwtOptions {
  readonly issuer: string;
  /** Values of `aud` of which a token must have one. */
  readonly audience: readonly string[];
  readonly jwksUrl: string;
  /** Claim that holds the login. */
  readonly loginClaim: string;
}

/** Signatures by a key that the verifier cannot make itself. */
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

const FETCH_TIMEOUT_MS = 3000;
const MAX_KEY_SET_BYTES = 1_048_576;
const MAX_TOKEN_LENGTH = 16_384;
/** How long a verified token is not verified again, in ms. */
const MEMORY_MS = 30_000;
const CLOCK_TOLERANCE_SECONDS = 5;

/**
 * Access tokens of an authorization server, for this resource only.
 * Source: MCP authorization; RFC 9068; RFC 8707.
 */
export class JwtBearer implements Authenticator {
  private readonly keys: JWTVerifyGetKey;
  private readonly verified = new LRUCache<string, Caller>({ max: 10_000 });

  constructor(
    private readonly options: JwtOptions,
    private readonly onUnavailable: (error: Error) => void,
    keys?: JWTVerifyGetKey,
  ) {
    this.keys =
      keys ??
      createRemoteJWKSet(new URL(options.jwksUrl), {
        timeoutDuration: FETCH_TIMEOUT_MS,
        [customFetch]: boundedFetch,
      });
  }

  async authenticate(request: IncomingMessage): Promise<Caller | 'refused' | undefined> {
    const token = bearerOf(request);
    if (token === undefined) return undefined;
    if (token.length > MAX_TOKEN_LENGTH) return 'refused';
    const digest = hash('sha256', token, 'base64url');
    const known = this.verified.get(digest);
    if (known !== undefined) return known;
    try {
      const { payload } = await jwtVerify(token, this.keys, {
        issuer: this.options.issuer,
        audience: [...this.options.audience],
        algorithms: ALGORITHMS,
        clockTolerance: CLOCK_TOLERANCE_SECONDS,
        requiredClaims: ['exp', 'sub'],
      });
      const login = this.loginOf(payload);
      if (login === undefined) return 'refused';
      const caller: Caller = { who: { kind: 'user', id: login, loginName: login }, keyName: 'oauth' };
      const ttl = Math.min(MEMORY_MS, (payload.exp ?? 0) * 1000 - Date.now());
      if (ttl > 0) this.verified.set(digest, caller, { ttl });
      return caller;
    } catch (error) {
      if (!(error instanceof errors.JOSEError) || error instanceof errors.JWKSTimeout)
        this.onUnavailable(error as Error);
      return 'refused';
    }
  }

  private loginOf(payload: JWTPayload): string | undefined {
    const { loginClaim } = this.options;
    // An address that its owner has not proven names nobody.
    if (loginClaim === 'email' && payload.email_verified === false) return undefined;
    const login = payload[loginClaim];
    return typeof login === 'string' && /^[^\s,]{1,320}$/.test(login) ? login : undefined;
  }
}

/** Reads a key set of bounded size, and follows no redirect. */
async function boundedFetch(url: string, options: RequestInit): Promise<Response> {
  const response = await fetch(url, { ...options, redirect: 'error' });
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.length;
    if (size > MAX_KEY_SET_BYTES) throw new Error('the key set is too large');
    chunks.push(chunk);
  }
  return new Response(Buffer.concat(chunks), { status: response.status, headers: response.headers });
}
