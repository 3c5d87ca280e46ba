import { randomBytes } from 'node:crypto';
import type { SandboxClock } from '../company/sandbox-clock.js';

/** The access tokens that one vendor has given out. They end by the sandbox clock. */
export class AccessTokens {
  readonly #given = new Map<string, { readonly scopes: readonly string[]; readonly endsAt: number }>();

  constructor(
    readonly clock: SandboxClock,
    readonly prefix: string,
  ) {}

  give(scopes: readonly string[], lifetimeSeconds: number): string {
    const token = this.prefix + randomBytes(24).toString('base64url');
    this.#given.set(token, { scopes, endsAt: this.clock.now() + lifetimeSeconds * 1000 });
    return token;
  }

  /** Scopes of a token that is still good. */
  scopes(token: string): readonly string[] | undefined {
    const given = this.#given.get(token);
    return given !== undefined && given.endsAt > this.clock.now() ? given.scopes : undefined;
  }
}
