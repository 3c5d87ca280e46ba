import { ConfigError, type SettingsValues, setting } from '@iris/config';
import { bearer, type Credentials, oauth2 } from '@iris/enricher-kit';
import type { ManagedRule } from './tailscale.mapper.js';

/** Settings of the Tailscale enricher. */
export const tailscaleSettings = {
  'tailscale.url': setting.url('URL of the API, with its version.', { fallback: 'https://api.tailscale.com/api/v2' }),
  'tailscale.authorization': setting.choice('How Iris signs in at Tailscale.', ['oauth', 'api_key'], {
    fallback: 'oauth',
  }),
  'tailscale.clientId': setting.optionalText('Id of the OAuth client; for `oauth`.'),
  'tailscale.clientSecret': setting.optionalText('Secret of the OAuth client; for `oauth`.', { secret: true }),
  'tailscale.apiKey': setting.optionalText('API key, which expires after at most 90 days; for `api_key`.', {
    secret: true,
  }),
  'tailscale.managedWhen': setting.list('Posture attributes of a managed device; one match is enough.', {
    fallback: [
      'intune:complianceState=compliant',
      'kandji:mdmEnabled=true',
      'jamfPro:remoteManaged=true',
      'custom:managed=true',
    ],
  }),
  'tailscale.unmanagedWhenAbsent': setting.boolean(
    'Whether a device without any of these attributes is unmanaged; otherwise unknown.',
    { fallback: false },
  ),
  'tailscale.webhookSecret': setting.optionalText('Secret of the webhook endpoint; without it webhooks are refused.', {
    secret: true,
  }),
  'tailscale.requestTimeoutMs': setting.integer(
    'How long one request to Tailscale may take, in ms.',
    { min: 1, max: 60_000 },
    { fallback: 2500 },
  ),
};

export type TailscaleSettings = SettingsValues<typeof tailscaleSettings>;

/**
 * The credentials that the settings describe.
 *
 * @throws ConfigError for a setting that the way of signing in needs and that is missing
 */
export function tailscaleCredentials(settings: TailscaleSettings): Credentials {
  const needed = (key: 'apiKey' | 'clientId' | 'clientSecret'): string => {
    const value = settings[`tailscale.${key}`];
    if (value !== undefined) return value;
    throw new ConfigError(`configuration: tailscale.${key} is missing, and tailscale.authorization needs it`);
  };
  if (settings['tailscale.authorization'] === 'api_key') return bearer(needed('apiKey'));
  return oauth2({
    tokenUrl: `${settings['tailscale.url']}/oauth/token`,
    clientId: needed('clientId'),
    clientSecret: needed('clientSecret'),
    grant: { type: 'client_credentials' },
    clientAuthentication: 'body',
    timeoutMs: settings['tailscale.requestTimeoutMs'],
  });
}

/**
 * The rule that the settings describe.
 *
 * @throws ConfigError for a condition that is no `key=value`
 */
export function managedRule(settings: TailscaleSettings): ManagedRule {
  const conditions = settings['tailscale.managedWhen'].map((text) => {
    const [, key, value] = /^([^=\s]+:[^=\s]+)=(.+)$/.exec(text) ?? [];
    if (key === undefined || value === undefined) {
      throw new ConfigError(
        `configuration: tailscale.managedWhen has ${JSON.stringify(text)}; accepted: <namespace>:<name>=<value>`,
      );
    }
    return { key, value };
  });
  return { conditions, unmanagedWhenAbsent: settings['tailscale.unmanagedWhenAbsent'] };
}
