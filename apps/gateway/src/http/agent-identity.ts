import type { NetworkList } from '@iris/config';
import type { FastifyRequest } from 'fastify';
import type { AgentId } from '../agents/agent-protocol.js';
import type { AgentIdentity } from '../protocol/incoming-hook.js';
import type { KeyGrant } from './hook-keys.js';

/** How the person behind an agent's own hook is known, beside the hook key. */
export interface AgentIdentityRules {
  /** Addresses of Tailscale proxies whose identity headers are believed. */
  readonly trustedProxies: NetworkList;
}

/**
 * Who an agent's hook is from. The identity headers that Tailscale's proxy sets are believed only from the proxy itself;
 * from anywhere else anybody could have set them.
 * Source: Tailscale Serve's identity headers.
 */
export function agentIdentity(
  agent: AgentId,
  request: FastifyRequest,
  key: KeyGrant,
  rules: AgentIdentityRules,
): AgentIdentity {
  const userAgent = request.headers['user-agent'];
  const header = request.headers['tailscale-user-login'];
  const fromProxy = rules.trustedProxies.has(request.socket.remoteAddress);
  if (fromProxy && typeof header === 'string' && header.trim() !== '')
    return { agent, loginName: header.trim(), userAgent };
  return { agent, loginName: key.login, userAgent };
}
