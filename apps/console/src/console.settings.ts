import { type SettingsValues, setting } from '@iris/config';
import { ROLES } from '@iris/console-api';
import { decisionLogSettings } from '@iris/decision-log';
import { decisionSettings } from '@iris/entry-point';
import { LOG_LEVELS } from '@iris/telemetry';
import { z } from 'zod';

const ACCESS_METHODS = ['local', 'tailscale', 'oidc'] as const;
export type AccessMethod = (typeof ACCESS_METHODS)[number];

/** Every setting of the console. */
export const consoleSettings = {
  'http.host': setting.text('Address of the server; local access needs a loopback address.', { fallback: '127.0.0.1' }),
  'http.port': setting.integer('Port; 0 takes a free one.', { min: 0, max: 65535 }, { fallback: 8086 }),
  'http.publicUrl': setting.structure(
    'URL under which browsers reach the console. With https cookies are Secure and browsers keep to TLS; other host names are refused.',
    z
      .url({ protocol: /^https?$/ })
      .transform((url) => new URL(url).origin)
      .optional(),
    'a URL such as https://iris.example.ts.net',
    { fallback: undefined },
  ),
  'log.level': setting.choice('Minimum log level.', LOG_LEVELS, { fallback: 'info' }),
  'page.directory': setting.optionalText('Folder of the built page; that of the release when absent.'),

  ...decisionLogSettings,
  'redis.url': decisionSettings['redis.url'],
  'redis.passwordFile': decisionSettings['redis.passwordFile'],

  'pdp.target': decisionSettings['pdp.target'],
  'pdp.tls': decisionSettings['pdp.tls'],
  'pdp.tlsCaFile': decisionSettings['pdp.tlsCaFile'],
  'pdp.tlsCertFile': decisionSettings['pdp.tlsCertFile'],
  'pdp.tlsKeyFile': decisionSettings['pdp.tlsKeyFile'],
  'pdp.resourceKind': decisionSettings['pdp.resourceKind'],
  'pdp.policyVersion': decisionSettings['pdp.policyVersion'],
  'pdp.scope': decisionSettings['pdp.scope'],
  'pdp.goldenFile': decisionSettings['pdp.goldenFile'],
  'businessHours.zones': decisionSettings['businessHours.zones'],
  'businessHours.days': decisionSettings['businessHours.days'],
  'businessHours.hours': decisionSettings['businessHours.hours'],
  'catalog.file': decisionSettings['catalog.file'],
  'policies.directory': setting.text('Folder of the policies, for the text of rules and their revision.', {
    fallback: 'policies/pack',
  }),
  'sources.file': decisionSettings['sources.file'],
  'sources.addresses': decisionSettings['sources.addresses'],
  'health.enrichers': setting.boolean('Whether the page of health asks the enrichers too.', { fallback: false }),
  'health.gatewayUrl': setting.structure(
    'URL of a gateway whose readiness the page of health shows.',
    z.url({ protocol: /^https?$/ }).optional(),
    'an http:// or https:// URL',
    { fallback: undefined },
  ),
  'trace.urlTemplate': setting.structure(
    'Link to a trace; {traceId} is replaced.',
    z
      .url({ protocol: /^https?$/ })
      .refine((url) => url.includes('{traceId}') || url.includes('%7BtraceId%7D'))
      .optional(),
    'a URL such as https://grafana.example/explore?trace={traceId}',
    { fallback: undefined },
  ),

  'access.methods': setting.structure(
    'How people are recognised: local (loopback only, everyone has access.localRole), tailscale (identity headers of a trusted proxy), oidc.',
    z
      .preprocess(
        (value) => (typeof value === 'string' ? value.split(',').map((one) => one.trim()) : value),
        z.array(z.enum(ACCESS_METHODS)).min(1),
      )
      .refine((methods) => !methods.includes('local') || methods.length === 1),
    'local, or tailscale and oidc separated by a comma',
    { fallback: ['local'] as AccessMethod[] },
  ),
  'access.localRole': setting.choice('Role of everyone in local mode.', ROLES, { fallback: 'admin' }),
  'access.trustedProxies': setting.networks(
    'Addresses or networks whose Tailscale identity headers are believed, for example 127.0.0.1,10.1.0.0/16.',
    { fallback: [] },
  ),
  'access.capability': setting.text('App capability of the tailnet policy whose `role` is the role.', {
    fallback: 'iris.dev/cap/console',
  }),

  'session.key': setting.optionalText(
    'Secret that encrypts sessions and signs tokens, at least 32 characters; the same for all replicas.',
    { secret: true },
  ),
  'session.maxSeconds': setting.integer(
    'Time after which people log in again by OIDC, in s.',
    { min: 60, max: 604_800 },
    { fallback: 28_800 },
  ),
  'oidc.issuer': setting.structure(
    'Issuer of the OpenID provider.',
    z.url({ protocol: /^https?$/ }).optional(),
    'a URL such as https://login.example',
    { fallback: undefined },
  ),
  'oidc.clientId': setting.optionalText('Client id at the provider.'),
  'oidc.clientSecret': setting.optionalText('Client secret at the provider; without one the client is public.', {
    secret: true,
  }),
  'oidc.scopes': setting.text('Scopes that are asked for.', { fallback: 'openid profile email' }),
  'oidc.loginClaim': setting.text('Claim of the ID token with the login name.', { fallback: 'email' }),
  'oidc.rolesClaim': setting.text('Claim of the ID token with the groups or roles of the person.', {
    fallback: 'groups',
  }),
  'oidc.roles': setting.structure(
    'Role by value of oidc.rolesClaim; the highest counts, and without one there is no access.',
    z.record(z.string(), z.enum(ROLES)),
    'JSON such as {"iris-admins":"admin"}',
    { fallback: {} },
  ),
} as const;

export type ConsoleSettings = SettingsValues<typeof consoleSettings>;
