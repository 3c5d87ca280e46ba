import { createPrivateKey } from 'node:crypto';
import { ConfigError, type SettingsValues, setting } from '@iris/config';

/** Settings of the Okta enricher. */
export const oktaSettings = {
  'okta.url': setting.url('URL of the Okta organization, for example https://acme.okta.com.'),
  'okta.authorization': setting.choice('How Iris signs in at Okta.', ['ssws', 'private_key'], { fallback: 'ssws' }),
  'okta.token': setting.optionalText('API token; for `ssws`.', { secret: true }),
  'okta.clientId': setting.optionalText('Client id of the service app; for `private_key`.'),
  'okta.privateKey': setting.optionalText('RSA private key of the service app, PEM or JWK; for `private_key`.', {
    secret: true,
  }),
  'okta.keyId': setting.optionalText('Id of the key, where the JWK has none; for `private_key`.'),
  'okta.scopes': setting.list('Scopes asked for; for `private_key`.', {
    fallback: ['okta.users.read', 'okta.groups.read'],
  }),
  'okta.liveStatuses': setting.list('Statuses of users who may work.', { fallback: ['ACTIVE'] }),
  'okta.groupTypes': setting.list('Types of group whose names become attributes.', {
    fallback: ['OKTA_GROUP', 'APP_GROUP'],
  }),
  'okta.managerField': setting.choice('Profile field that holds the manager.', ['manager', 'managerId'], {
    fallback: 'manager',
  }),
  'okta.hookAuthorization': setting.optionalText(
    'Value of the Authorization header of event hooks; without it event hooks are refused.',
    { secret: true },
  ),
  'okta.reservePercent': setting.integer(
    'Share of each Okta rate limit reserved for other clients, in percent.',
    { min: 0, max: 90 },
    { fallback: 10 },
  ),
  'okta.bulkReservePercent': setting.integer(
    'Share of each Okta rate limit that bulk reads leave to lookups and other clients, in percent.',
    { min: 0, max: 90 },
    { fallback: 50 },
  ),
  'okta.requestTimeoutMs': setting.integer(
    'How long one request to Okta may take, in ms.',
    { min: 1, max: 60_000 },
    { fallback: 2500 },
  ),
};

export type OktaSettings = SettingsValues<typeof oktaSettings>;

/** How the SDK signs in. */
export type OktaSignIn =
  | { readonly mode: 'SSWS'; readonly token: string }
  | {
      readonly mode: 'PrivateKey';
      readonly clientId: string;
      readonly privateKey: string;
      readonly keyId: string;
      readonly scopes: readonly string[];
    };

/**
 * The sign-in that the settings describe.
 *
 * @throws ConfigError for a setting that the way of signing in needs and that is missing, or a key that is not RSA:
 *   the SDK takes other keys and fails at the first request
 */
export function oktaSignIn(settings: OktaSettings): OktaSignIn {
  if (settings['okta.authorization'] === 'ssws') {
    return { mode: 'SSWS', token: needed('okta.token', settings['okta.token']) };
  }
  const privateKey = needed('okta.privateKey', settings['okta.privateKey']).replaceAll('\\n', '\n');
  if (!isRsaKey(privateKey)) {
    throw new ConfigError(
      'configuration: okta.privateKey has a value that cannot be used; accepted: an RSA key, PEM or JWK',
    );
  }
  return {
    mode: 'PrivateKey',
    clientId: needed('okta.clientId', settings['okta.clientId']),
    privateKey,
    keyId: settings['okta.keyId'] ?? '',
    scopes: settings['okta.scopes'],
  };
}

function needed(key: string, value: string | undefined): string {
  if (value === undefined) throw new ConfigError(`configuration: ${key} is missing, and okta.authorization needs it`);
  return value;
}

function isRsaKey(text: string): boolean {
  try {
    const key = text.trimStart().startsWith('{')
      ? createPrivateKey({ key: JSON.parse(text), format: 'jwk' })
      : createPrivateKey(text);
    return key.asymmetricKeyType === 'rsa';
  } catch {
    return false;
  }
}
