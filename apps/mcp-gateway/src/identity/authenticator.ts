import type { IncomingMessage } from 'node:http';
import type { Caller } from '@iris/mcp-calls';

/** One way to tell from whom a request is. */
export interface Authenticator {
  /**
   * @returns the caller, `refused` for a credential of this kind that is not valid, or undefined when the request has no
   *   credential of this kind. Never rejects.
   */
  authenticate(request: IncomingMessage): Promise<Caller | 'refused' | undefined>;
}

/** Tries the configured ways in order. A credential that is not valid ends the search. */
export async function authenticate(
  authenticators: readonly Authenticator[],
  request: IncomingMessage,
): Promise<Caller | undefined> {
  for (const each of authenticators) {
    const found = await each.authenticate(request);
    if (found === 'refused') return undefined;
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The credential of the scheme Bearer (RFC 6750, section 2.1). */
export function bearerOf({ headers }: IncomingMessage): string | undefined {
  return /^Bearer +([A-Za-z0-9._~+/-]+=*) *$/i.exec(headers.authorization ?? '')?.[1];
}
