import { readFileSync } from 'node:fs';
import { createLocalJWKSet, createRemoteJWKSet, customFetch, type JWTVerifyGetKey } from 'jose';

const FETCH_TIMEOUT_MS = 3000;
const MAX_KEY_SET_BYTES = 1_048_576;

/** The key set of an issuer (RFC 7517), fetched when a token needs it and again when a key is not in it. */
export function keySetOfUrl(url: string): JWTVerifyGetKey {
  return createRemoteJWKSet(new URL(url), { timeoutDuration: FETCH_TIMEOUT_MS, [customFetch]: boundedFetch });
}

/** @throws Error when the file cannot be read or is no key set in JSON */
export function keySetOfFile(path: string): JWTVerifyGetKey {
  return createLocalJWKSet(JSON.parse(readFileSync(path, 'utf8')));
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
