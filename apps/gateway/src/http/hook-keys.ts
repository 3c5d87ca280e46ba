import { hash, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';

/** `aperture`: `/ext/aperture` and below, where a hook may name anybody; `agent`: the paths of agents, such as `/ext/claude`, for one person. */
export type HookRoute = 'aperture' | 'agent';

/** What a hook key permits. */
export interface KeyGrant {
  readonly name: string;
  readonly routes: ReadonlySet<HookRoute>;
  /** Login name of the one person that an agent's key speaks for. */
  readonly login?: string;
}

/** A key with what it permits. */
export interface HookKey extends KeyGrant {
  readonly key: string;
}

/**
 * Authenticates hooks by a static key, in every header that Aperture can send: `Authorization: Bearer`, `X-Api-Key`,
 * `X-Goog-Api-Key`, `Authorization: Splunk` (its `hec` mode) and `cf-aig-authorization: Bearer`.
 * Source: Aperture's configuration reference, hook key `authorization`.
 */
export class HookKeys {
  private digests: readonly { readonly grant: KeyGrant; readonly digest: Buffer }[] = [];

  constructor(keys: readonly HookKey[]) {
    this.replace(keys);
  }

  /** Puts other keys in the place of all. Hooks that are authenticated already are answered. */
  replace(keys: readonly HookKey[]): void {
    this.digests = keys.map(({ key, ...grant }) => ({ grant, digest: digestOf(key) }));
  }

  /**
   * What the key of the request permits, or undefined without a known key. Digests of equal length are compared, all of
   * them, in constant time, so that neither the length nor the place of a key can be measured.
   */
  authenticate(headers: IncomingHttpHeaders): KeyGrant | undefined {
    let grant: KeyGrant | undefined;
    for (const credential of credentials(headers)) {
      const digest = digestOf(credential);
      for (const known of this.digests) {
        if (timingSafeEqual(digest, known.digest)) grant ??= known.grant;
      }
    }
    return grant;
  }
}

function digestOf(key: string): Buffer {
  return hash('sha256', key, 'buffer');
}

function credentials(headers: IncomingHttpHeaders): string[] {
  const found = [
    afterScheme(headers.authorization, /^(?:Bearer|Splunk) +/i),
    first(headers['x-api-key']),
    first(headers['x-goog-api-key']),
    afterScheme(first(headers['cf-aig-authorization']), /^Bearer +/i),
  ];
  return found.filter((credential) => credential !== undefined && credential !== '') as string[];
}

function afterScheme(value: string | undefined, scheme: RegExp): string | undefined {
  return value !== undefined && scheme.test(value) ? value.replace(scheme, '').trim() : undefined;
}

function first(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value?.trim();
}
