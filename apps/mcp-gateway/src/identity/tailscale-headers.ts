import type { IncomingMessage } from 'node:http';
import type { Caller } from '@iris/mcp-calls';
import type { Authenticator } from './authenticator.js';

/**
 * The login that Tailscale's proxy states, believed only from the proxy itself: from anywhere else anybody can state it.
 * Source: https://tailscale.com/kb/1312/serve#identity-headers
 */
export class TailscaleHeaders implements Authenticator {
  private readonly proxies: ReadonlySet<string>;

  /** @param proxies addresses of the proxies */
  constructor(proxies: readonly string[]) {
    this.proxies = new Set(proxies);
  }

  async authenticate({ socket, headers }: IncomingMessage): Promise<Caller | undefined> {
    // A socket that listens on all IPv6 addresses reports IPv4 ones in their mapped form (RFC 4291, 2.5.5.2).
    const address = (socket.remoteAddress ?? '').replace(/^::ffff:(?=\d+\.)/, '');
    const header = headers['tailscale-user-login'];
    const login = typeof header === 'string' ? header.trim() : '';
    // Repeated headers are joined by a comma, which no login has.
    if (!this.proxies.has(address) || !/^[^\s,]{1,320}$/.test(login)) return undefined;
    return { who: { kind: 'user', id: login, loginName: login }, keyName: 'tailscale' };
  }
}
