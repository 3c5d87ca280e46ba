import { ConfigError, NetworkList } from '@iris/config';
import type { Logger } from '@iris/telemetry';
import type { McpGatewaySettings } from '../mcp-gateway.settings.js';
import type { Authenticator } from './authenticator.js';
import { JwtBearer } from './jwt-bearer.js';
import { StaticKeys } from './static-keys.js';
import { TailscaleHeaders } from './tailscale-headers.js';

/**
 * The ways of authentication that the settings name.
 *
 * @throws ConfigError when there is none, or a setting of one is missing
 */
export function openAuthenticators(settings: McpGatewaySettings, logger: Logger): readonly Authenticator[] {
  const found: Authenticator[] = [];
  const proxies = settings['auth.trustedProxies'];
  if (proxies.length > 0) found.push(new TailscaleHeaders(new NetworkList(proxies)));
  if (settings['auth.keys'].length > 0) found.push(new StaticKeys(settings['auth.keys'], settings['auth.logins']));
  const issuer = settings['auth.jwtIssuer'];
  if (issuer !== undefined) {
    const jwksUrl = settings['auth.jwtKeysUrl'];
    const publicUrl = settings['mcp.publicUrl'];
    if (jwksUrl === undefined || publicUrl === undefined) {
      throw new ConfigError('configuration: auth.jwtIssuer needs auth.jwtKeysUrl and mcp.publicUrl');
    }
    const named = settings['auth.jwtAudience'];
    const audience = named.length > 0 ? named : [`${publicUrl}/mcp`];
    const options = { issuer, jwksUrl, audience, loginClaim: settings['auth.jwtLoginClaim'] };
    found.push(
      new JwtBearer(options, (error) => logger.warn({ err: error }, 'the keys of auth.jwtKeysUrl are unavailable')),
    );
  }
  if (found.length === 0) {
    throw new ConfigError(
      'configuration: no way to authenticate: set auth.trustedProxies, auth.jwtIssuer or auth.keys (IRIS_AUTH_KEYS)',
    );
  }
  return found;
}
