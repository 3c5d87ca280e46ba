import { ConfigError, type SettingsValues, setting } from '@iris/config';
import { basic, type Credentials, oauth2 } from '@iris/enricher-kit';
import { z } from 'zod';

/** Names of tables and columns, dot-walks included. They are used in queries, so nothing else is accepted. */
const name = z.string().regex(/^[a-z_][a-z0-9_]*(\.[a-z_][a-z0-9_]*)*$/);

const projectSource = z.strictObject({ table: name, userColumn: name, numberColumn: name });

/** Settings of the ServiceNow enricher. */
export const servicenowSettings = {
  'servicenow.url': setting.url('URL of the instance, for example https://acme.service-now.com.'),
  'servicenow.authorization': setting.choice(
    'How Iris signs in at ServiceNow.',
    ['basic', 'oauth_client_credentials', 'oauth_password'],
    { fallback: 'basic' },
  ),
  'servicenow.user': setting.optionalText('Integration user; for `basic` and `oauth_password`.'),
  'servicenow.password': setting.optionalText('Password of the integration user; for `basic` and `oauth_password`.', {
    secret: true,
  }),
  'servicenow.clientId': setting.optionalText('Client id; for `oauth_client_credentials` and `oauth_password`.'),
  'servicenow.clientSecret': setting.optionalText(
    'Client secret; for `oauth_client_credentials` and `oauth_password`.',
    { secret: true },
  ),
  'servicenow.projectSources': setting.structure(
    'Tables of project members; an empty list reads no projects.',
    z.array(projectSource).readonly(),
    'a JSON list of {"table","userColumn","numberColumn"}',
    {
      fallback: [
        { table: 'pm_project_task', userColumn: 'assigned_to', numberColumn: 'top_task.number' },
        { table: 'pm_project', userColumn: 'project_manager', numberColumn: 'number' },
      ],
    },
  ),
  'servicenow.changeStates': setting.list('Values of `state` of a change in progress.', {
    fallback: ['-1'],
  }),
  'servicenow.ciTable': setting.structure('Table that holds the configuration items.', name, 'a name of a table', {
    fallback: 'cmdb_ci',
  }),
  'servicenow.ciClasses': setting.structure(
    'Classes of configuration items, by the kind of resource in the tool catalog; each by a prefix of its name.',
    z.record(z.string(), z.array(name).readonly()).readonly(),
    'a JSON object of lists, for example {"database":["cmdb_ci_database"]}',
    { fallback: { database: ['cmdb_ci_database', 'cmdb_ci_db_'] } },
  ),
  'servicenow.ciNameColumns': setting.structure(
    'Columns of a configuration item with its names.',
    z.array(name).min(1).readonly(),
    'a JSON list of columns',
    { fallback: ['name', 'fqdn'] },
  ),
  'servicenow.ciColumns': setting.structure(
    'Columns of a configuration item with environment, owning group and criticality.',
    z.strictObject({ environment: name, owner: name, criticality: name }).readonly(),
    'a JSON object with environment, owner and criticality',
    // The base system spells this column so.
    { fallback: { environment: 'environment', owner: 'support_group.name', criticality: 'busines_criticality' } },
  ),
  'servicenow.requestTimeoutMs': setting.integer(
    'How long one request to ServiceNow may take, in ms.',
    { min: 1, max: 60_000 },
    { fallback: 2500 },
  ),
};

export type ServiceNowSettings = SettingsValues<typeof servicenowSettings>;

/**
 * The credentials that the settings describe.
 *
 * @throws ConfigError for a setting that the way of signing in needs and that is missing
 */
export function servicenowCredentials(settings: ServiceNowSettings): Credentials {
  const needed = (key: 'user' | 'password' | 'clientId' | 'clientSecret'): string => {
    const value = settings[`servicenow.${key}`];
    if (value !== undefined) return value;
    throw new ConfigError(`configuration: servicenow.${key} is missing, and servicenow.authorization needs it`);
  };
  const mode = settings['servicenow.authorization'];
  if (mode === 'basic') return basic(needed('user'), needed('password'));
  return oauth2({
    tokenUrl: `${settings['servicenow.url']}/oauth_token.do`,
    clientId: needed('clientId'),
    clientSecret: needed('clientSecret'),
    grant:
      mode === 'oauth_password'
        ? { type: 'password', username: needed('user'), password: needed('password') }
        : { type: 'client_credentials' },
    clientAuthentication: 'body',
    timeoutMs: settings['servicenow.requestTimeoutMs'],
  });
}
