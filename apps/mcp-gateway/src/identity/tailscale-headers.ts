import type { IncomingMessage } from 'node:http';
import type { NetworkList } from '@iris/config';
import type { Caller } from '@iris/mcp-calls';
import type { Authenticator } from './authenticator.js';

/**
 * The login that Tailscale's proxy states, believed only from the proxy itself: from anywhere else anybody can state it.
 * Source: https://tailscale.com/kb/1312/serve#identity-headers
 */
export class TailscaleHeaders implements Authenticator {
  /** @param proxies where the proxies are */
  constructor(private readonly proxies: NetworkList) {}

  async authenticate({ socket, headers }: IncomingMessage): Promise<Caller | undefined> {
    const header = headers['tailscale-user-login'];
    const login = typeof header === 'string' ? header.trim() : '';
    // Repeated headers are joined by a comma, which no login has.
    if (!this.proxies.has(socket.remoteAddress) || !/^[^\s,]{1,320}$/.test(login)) return undefined;
    return { who: { kind: 'user', id: login, loginName: login }, keyName: 'tailscale' };
  }
}
