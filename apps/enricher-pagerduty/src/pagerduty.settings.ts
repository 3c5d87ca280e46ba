import { ConfigError, type SettingsValues, setting } from '@iris/config';
import { type Credentials, oauth2 } from '@iris/enricher-kit';

/** Settings of the PagerDuty enricher. */
export const pagerdutySettings = {
  'pagerduty.url': setting.url('URL of the REST API; https://api.eu.pagerduty.com in the EU region.', {
    fallback: 'https://api.pagerduty.com',
  }),
  'pagerduty.authorization': setting.choice('How Iris signs in at PagerDuty.', ['token', 'oauth'], {
    fallback: 'token',
  }),
  'pagerduty.token': setting.optionalText('REST API key, read-only; for `token`.', { secret: true }),
  'pagerduty.tokenUrl': setting.url('Token URL of an app; for `oauth`.', {
    fallback: 'https://identity.pagerduty.com/oauth/token',
  }),
  'pagerduty.clientId': setting.optionalText('Client id of the app; for `oauth`.'),
  'pagerduty.clientSecret': setting.optionalText('Client secret of the app; for `oauth`.', { secret: true }),
  'pagerduty.scope': setting.optionalText(
    'Scopes of the app with the account, for example "as_account-us.acme users.read oncalls.read"; for `oauth`.',
  ),
  'pagerduty.incidents': setting.boolean('Whether the open incidents of a person are read too.', { fallback: true }),
  'pagerduty.webhookSecrets': setting.list(
    'Secrets of webhook subscriptions, two while one is rotated; without one webhooks are refused.',
    { fallback: [], secret: true },
  ),
  'pagerduty.requestTimeoutMs': setting.integer(
    'How long one request to PagerDuty may take, in ms.',
    { min: 1, max: 60_000 },
    { fallback: 2500 },
  ),
};

export type PagerDutySettings = SettingsValues<typeof pagerdutySettings>;

/**
 * The credentials that the settings describe.
 *
 * @throws ConfigError for a setting that the way of signing in needs and that is missing
 */
export function pagerdutyCredentials(settings: PagerDutySettings): Credentials {
  if (settings['pagerduty.authorization'] === 'token') {
    const value = `Token token=${needed(settings, 'pagerduty.token')}`;
    return { authorization: async () => value, refused: () => false };
  }
  return oauth2({
    tokenUrl: settings['pagerduty.tokenUrl'],
    clientId: needed(settings, 'pagerduty.clientId'),
    clientSecret: needed(settings, 'pagerduty.clientSecret'),
    grant: { type: 'client_credentials', scope: needed(settings, 'pagerduty.scope') },
    clientAuthentication: 'body',
    timeoutMs: settings['pagerduty.requestTimeoutMs'],
  });
}

function needed(
  settings: PagerDutySettings,
  key: 'pagerduty.token' | 'pagerduty.clientId' | 'pagerduty.clientSecret' | 'pagerduty.scope',
): string {
  const value = settings[key];
  if (value === undefined) {
    throw new ConfigError(`configuration: ${key} is missing, and pagerduty.authorization needs it`);
  }
  return value;
}
