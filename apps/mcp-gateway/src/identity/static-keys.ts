import { hash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { ConfigError, type NamedKey } from '@iris/config';
import type { Caller } from '@iris/mcp-calls';
import { type Authenticator, bearerOf } from './authenticator.js';

/** Static keys, each of one person. */
export class StaticKeys implements Authenticator {
  private readonly keys: readonly { readonly digest: Buffer; readonly caller: Caller }[];

  /** @throws ConfigError for a key of nobody */
  constructor(keys: readonly NamedKey[], logins: Readonly<Record<string, string>>) {
    this.keys = keys.map(({ name, key }) => {
      const login = Object.hasOwn(logins, name) ? logins[name] : undefined;
      if (login === undefined) {
        throw new ConfigError(`configuration: auth.keys: the key ${name} has no login in auth.logins`);
      }
      return { digest: digestOf(key), caller: { who: { kind: 'user', id: login, loginName: login }, keyName: name } };
    });
  }

  /** All digests are compared, in constant time. */
  async authenticate(request: IncomingMessage): Promise<Caller | undefined> {
    const credential = bearerOf(request);
    if (credential === undefined) return undefined;
    const digest = digestOf(credential);
    let caller: Caller | undefined;
    for (const known of this.keys) if (timingSafeEqual(digest, known.digest)) caller ??= known.caller;
    return caller;
  }
}

function digestOf(key: string): Buffer {
  return hash('sha256', key, 'buffer');
}
