import { type SettingsValues, setting } from '@iris/config';
import { decisionSettings } from '@iris/entry-point';
import { z } from 'zod';

const httpUrl = z.url({ protocol: /^https?$/ }).transform((value) => value.replace(/\/+$/, ''));

/** Every setting of the MCP gateway. */
export const mcpGatewaySettings = {
  'http.host': setting.text('Address to listen on.', { fallback: '127.0.0.1' }),
  'http.port': setting.integer('Port to listen on; 0 takes a free one.', { min: 0, max: 65535 }, { fallback: 8082 }),

  'mcp.serversFile': setting.text('YAML file that lists the MCP servers behind the gateway, with their credentials.'),
  'mcp.publicUrl': setting.structure(
    'URL under which clients reach the gateway, without a path; required for OAuth.',
    httpUrl.optional(),
    'an http:// or https:// URL',
    { fallback: undefined },
  ),
  'mcp.allowedHosts': setting.list(
    'Host names that clients may address the gateway by, beside that of mcp.publicUrl; *.domain for those below a domain. Others are refused (DNS rebinding).',
    { fallback: ['localhost', '127.0.0.1', '[::1]'] },
  ),
  'mcp.allowedOrigins': setting.list(
    'Host names of web pages whose scripts may use the gateway; a request without an Origin is none of a page.',
    { fallback: ['localhost', '127.0.0.1', '[::1]'] },
  ),
  'mcp.budgetMs': setting.integer(
    'Maximum time to decide on a call, in ms.',
    { min: 50, max: 60_000 },
    { fallback: 1500 },
  ),
  'mcp.maxBodyBytes': setting.integer(
    'Maximum size of a message of a client, in bytes.',
    { min: 1024, max: 268_435_456 },
    { fallback: 4_194_304 },
  ),
  'mcp.maxBufferedBytes': setting.integer(
    'Maximum bytes of all messages of clients that are in memory at once.',
    { min: 1_048_576, max: 17_179_869_184 },
    { fallback: 268_435_456 },
  ),
  'mcp.maxReadBytes': setting.integer(
    'Maximum size of a message of a server that the gateway must read as a whole, such as a listing, in bytes. Results of calls stream without a limit.',
    { min: 65_536, max: 268_435_456 },
    { fallback: 4_194_304 },
  ),
  'mcp.stateKey': setting.optionalText(
    'Key of the HMAC that binds a confirmation to its call, shared by all replicas. Without one a confirmation is valid on the replica that asked.',
    { secret: true },
  ),
  'mcp.maxSessions': setting.integer(
    'Maximum number of sessions of one replica.',
    { min: 1, max: 1_000_000 },
    { fallback: 5000 },
  ),
  'mcp.maxSessionsPerCaller': setting.integer(
    'Maximum number of sessions of one person or device on one replica.',
    { min: 1, max: 100_000 },
    { fallback: 100 },
  ),
  'mcp.sessionIdleSeconds': setting.integer(
    'Time without a request or an open stream after which a session ends, in s.',
    { min: 10, max: 604_800 },
    { fallback: 3600 },
  ),

  'auth.trustedProxies': setting.networks(
    'Addresses or networks of Tailscale proxies whose identity headers are trusted.',
    {
      fallback: [],
    },
  ),
  'auth.keys': setting.keys('Static keys by name, sent as Authorization: Bearer; each needs a login in auth.logins.', {
    fallback: [],
  }),
  'auth.logins': setting.structure(
    'Login names by the name of a key of auth.keys.',
    z.record(z.string(), z.string().min(1)),
    'JSON such as {"ana-laptop":"ana@example.com"}',
    { fallback: {} },
  ),
  'auth.jwtIssuer': setting.structure(
    'Issuer of OAuth access tokens; without it tokens are not accepted.',
    z.url({ protocol: /^https?$/ }).optional(),
    'an http:// or https:// URL, exactly as tokens state it',
    { fallback: undefined },
  ),
  'auth.jwtKeysUrl': setting.structure(
    'URL of the key set (JWKS) of the issuer.',
    z.url({ protocol: /^https?$/ }).optional(),
    'an http:// or https:// URL',
    { fallback: undefined },
  ),
  'auth.jwtAudience': setting.list(
    'Values of aud of which a token must have one; by default mcp.publicUrl with /mcp.',
    {
      fallback: [],
    },
  ),
  'auth.jwtLoginClaim': setting.text('Claim of a token that holds the login name.', { fallback: 'email' }),
  'auth.jwtScopes': setting.list('Scopes that the metadata document names.', { fallback: [] }),

  'failure.mcpToolsCall': setting.choice(
    'Answer to a call without a decision: closed denies, open allows.',
    ['closed', 'open'],
    { fallback: 'closed' },
  ),

  ...decisionSettings,
} as const;

export type McpGatewaySettings = SettingsValues<typeof mcpGatewaySettings>;
