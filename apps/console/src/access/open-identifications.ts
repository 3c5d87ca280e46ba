import { ConfigError } from '@iris/config';
import type { ConsoleSettings } from '../console.settings.js';
import type { Identification } from './identify.js';
import { LocalIdentification } from './local-identification.js';
import { OidcProvider } from './oidc/oidc-provider.js';
import { OidcSessions } from './oidc/oidc-sessions.js';
import { keyOf } from './session-key.js';
import { TailscaleIdentification } from './tailscale-identification.js';

/** The kinds of identity of a console, in the order in which they are looked for. */
export interface Identifications {
  readonly all: readonly Identification[];
  /** Only with OIDC. */
  readonly oidc?: { readonly provider: OidcProvider; readonly sessions: OidcSessions };
}

/** @throws ConfigError naming the setting that is missing or does not fit */
export function openIdentifications(settings: ConsoleSettings): Identifications {
  const methods = settings['access.methods'];
  if (methods.includes('local')) {
    return { all: [new LocalIdentification(settings['http.host'], settings['access.localRole'])] };
  }
  const tailscale = methods.includes('tailscale')
    ? [new TailscaleIdentification(settings['access.trustedProxies'], settings['access.capability'])]
    : [];
  if (!methods.includes('oidc')) return { all: tailscale };
  const oidc = openOidc(settings);
  return { all: [...tailscale, oidc.sessions], oidc };
}

const MIN_KEY = 32;

function openOidc(settings: ConsoleSettings): NonNullable<Identifications['oidc']> {
  const publicUrl = required(settings, 'http.publicUrl', 'IRIS_HTTP_PUBLIC_URL');
  const key = required(settings, 'session.key', 'IRIS_SESSION_KEY');
  if (key.length < MIN_KEY) {
    throw new ConfigError(
      `configuration: session.key (IRIS_SESSION_KEY) is too short; accepted: at least ${MIN_KEY} characters`,
    );
  }
  const provider = new OidcProvider({
    issuer: required(settings, 'oidc.issuer', 'IRIS_OIDC_ISSUER'),
    clientId: required(settings, 'oidc.clientId', 'IRIS_OIDC_CLIENT_ID'),
    clientSecret: settings['oidc.clientSecret'],
    scopes: settings['oidc.scopes'],
    loginClaim: settings['oidc.loginClaim'],
    rolesClaim: settings['oidc.rolesClaim'],
    roles: settings['oidc.roles'],
    redirectUri: `${publicUrl}/auth/callback`,
  });
  const tls = publicUrl.startsWith('https:');
  return { provider, sessions: new OidcSessions(keyOf(settings, 'sessions'), settings['session.maxSeconds'], tls) };
}

function required(
  settings: ConsoleSettings,
  key: 'http.publicUrl' | 'session.key' | 'oidc.issuer' | 'oidc.clientId',
  variable: string,
): string {
  const value = settings[key];
  if (value === undefined) {
    throw new ConfigError(`configuration: ${key} (${variable}) is missing, and access.methods has oidc`);
  }
  return value;
}
