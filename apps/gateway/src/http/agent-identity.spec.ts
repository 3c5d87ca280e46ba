import { NetworkList } from '@iris/config';
import { describe, expect, it } from '@jest/globals';
import type { FastifyRequest } from 'fastify';
import { agentIdentity } from './agent-identity.js';

const rules = { trustedProxies: new NetworkList(['127.0.0.1']) };

const KEYS = {
  'ana-laptop': { name: 'ana-laptop', routes: new Set(['agent' as const]), login: 'ana@example.com' },
  shared: { name: 'shared', routes: new Set(['agent' as const]) },
};

function from(remoteAddress: string, headers: Readonly<Record<string, string>> = {}) {
  return { headers: { 'user-agent': 'claude-cli/2', ...headers }, socket: { remoteAddress } } as FastifyRequest;
}

describe('agentIdentity', () => {
  it.each([
    ['the owner of the key', '10.0.0.9', {}, 'ana-laptop', 'ana@example.com'],
    ['nobody for another key', '10.0.0.9', {}, 'shared', undefined],
    [
      'whom a trusted proxy names',
      '127.0.0.1',
      { 'tailscale-user-login': ' eve@example.com ' },
      'ana-laptop',
      'eve@example.com',
    ],
    [
      'whom a trusted proxy names, over a socket that listens on all IPv6 addresses',
      '::ffff:127.0.0.1',
      { 'tailscale-user-login': 'eve@example.com' },
      'ana-laptop',
      'eve@example.com',
    ],
    [
      'the owner of the key when the proxy names nobody',
      '127.0.0.1',
      { 'tailscale-user-login': ' ' },
      'ana-laptop',
      'ana@example.com',
    ],
    [
      'not whom anybody else names',
      '10.0.0.9',
      { 'tailscale-user-login': 'eve@example.com' },
      'ana-laptop',
      'ana@example.com',
    ],
    [
      'not whom anybody claims to forward',
      '10.0.0.9',
      { 'x-forwarded-for': '127.0.0.1', 'tailscale-user-login': 'eve@example.com' },
      'shared',
      undefined,
    ],
    [
      'not an address that starts like a trusted one',
      '127.0.0.10',
      { 'tailscale-user-login': 'eve@example.com' },
      'shared',
      undefined,
    ],
  ] as const)('is %s', (_title, address, headers, key, loginName) => {
    expect(agentIdentity('codex', from(address, headers), KEYS[key], rules)).toEqual({
      agent: 'codex',
      loginName,
      userAgent: 'claude-cli/2',
    });
  });
});
