import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import type { NamedKey } from '@iris/config';

/**
 * Authenticates hooks by a static key, in every header that Aperture can send: `Authorization: Bearer`, `X-Api-Key`,
 * `X-Goog-Api-Key`, `Authorization: Splunk` (its `hec` mode) and `cf-aig-authorization: Bearer`.
 * Source: Aperture's configuration reference, hook key `authorization`.
 */
export class HookKeys {
  private readonly digests: readonly { readonly name: string; readonly digest: Buffer }[];

  constructor(keys: readonly NamedKey[]) {
    this.digests = keys.map(({ name, key }) => ({ name, digest: digestOf(key) }));
  }

  /**
   * The name of the key that the request carries, or undefined. Digests of equal length are compared, all of them, in
   * constant time, so that neither the length nor the place of a key can be measured.
   */
  authenticate(headers: IncomingHttpHeaders): string | undefined {
    let name: string | undefined;
    for (const credential of credentials(headers)) {
      const digest = digestOf(credential);
      for (const known of this.digests) {
        if (timingSafeEqual(digest, known.digest)) name ??= known.name;
      }
    }
    return name;
  }
}

function digestOf(key: string): Buffer {
  return createHash('sha256').update(key).digest();
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
