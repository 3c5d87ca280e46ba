import { ConfigError, type SettingsValues, setting } from '@iris/config';
import { basic, type Credentials, oauth2 } from '@iris/enricher-kit';
import { IANAZone } from 'luxon';
import { z } from 'zod';
import { COLUMN_NAMES, type Columns, DEFAULT_COLUMNS } from './workday.mapper.js';

const pathSegment = z.string().regex(/^[\w.~@-]+$/);

/** Settings of the Workday enricher. */
export const workdaySettings = {
  'workday.url': setting.url('URL of the tenant’s services, for example https://wd2-impl-services1.workday.com.'),
  'workday.tenant': setting.structure('Tenant.', pathSegment, 'letters, digits, _ . ~ @ and -'),
  'workday.mode': setting.choice('Whether a report (RaaS) or the staffing REST API is read.', ['raas', 'rest'], {
    fallback: 'raas',
  }),
  'workday.authorization': setting.choice('How Iris signs in at Workday.', ['basic', 'oauth'], { fallback: 'basic' }),
  'workday.user': setting.optionalText('Integration system user; for `basic`.'),
  'workday.password': setting.optionalText('Password of the integration system user; for `basic`.', { secret: true }),
  'workday.clientId': setting.optionalText('Id of the API client for integrations; for `oauth`.'),
  'workday.clientSecret': setting.optionalText('Secret of the API client; for `oauth`.', { secret: true }),
  'workday.refreshToken': setting.optionalText('Refresh token that does not expire; for `oauth`.', { secret: true }),
  'workday.reportOwner': setting.optionalText('Owner of the reports; for `raas`.'),
  'workday.report': setting.optionalText('Report of one person, which has a prompt for the work e-mail; for `raas`.'),
  'workday.emailPrompt': setting.text('Alias of the prompt of the report.', { fallback: 'Work_Email' }),
  'workday.snapshotReport': setting.optionalText('Report of all workers, for the bulk read; for `raas`.'),
  'workday.columns': setting.structure(
    'XML aliases of the report’s columns, where they are not the default ones.',
    z.partialRecord(z.enum(COLUMN_NAMES), z.string().min(1)),
    `a JSON object with any of ${COLUMN_NAMES.join(', ')}`,
    { fallback: {} },
  ),
  'workday.timeZone': setting.structure(
    'Time zone of the tenant, in which the last day of an employment ends.',
    z.string().refine((zone) => IANAZone.isValidZone(zone)),
    'an IANA time zone, for example America/New_York',
    { fallback: 'UTC' },
  ),
  'workday.staffingVersion': setting.choice('Version of the staffing REST API; for `rest`.', ['v6', 'v7'], {
    fallback: 'v7',
  }),
  'workday.listedStatus': setting.choice(
    'Employment status of a worker whom the staffing REST API lists, which does not report leave; `unknown` leaves it out, and the shipped policies then deny everyone; for `rest`.',
    ['active', 'unknown'],
    { fallback: 'active' },
  ),
  'workday.directorySeconds': setting.integer(
    'TTL of the list of workers by e-mail, in s; for `rest`.',
    { min: 1, max: 86_400 },
    { fallback: 3600 },
  ),
  'workday.requestTimeoutMs': setting.integer(
    'How long one request to Workday may take, in ms.',
    { min: 1, max: 1_800_000 },
    { fallback: 4500 },
  ),
};

export type WorkdaySettings = SettingsValues<typeof workdaySettings>;

/** The value of a setting that another setting makes necessary. @throws ConfigError when it is missing */
export function needed(
  settings: WorkdaySettings,
  key: Extract<
    keyof WorkdaySettings,
    `workday.${'user' | 'password' | 'clientId' | 'clientSecret' | 'refreshToken' | 'reportOwner' | 'report'}`
  >,
  by: 'workday.mode' | 'workday.authorization',
): string {
  const value = settings[key];
  if (value === undefined) throw new ConfigError(`configuration: ${key} is missing, and ${by} needs it`);
  return value;
}

/**
 * The credentials that the settings describe.
 *
 * @throws ConfigError for a setting that the way of signing in needs and that is missing
 */
export function workdayCredentials(settings: WorkdaySettings): Credentials {
  const by = 'workday.authorization';
  if (settings[by] === 'basic') {
    return basic(needed(settings, 'workday.user', by), needed(settings, 'workday.password', by));
  }
  return oauth2({
    tokenUrl: `${settings['workday.url']}/ccx/oauth2/${settings['workday.tenant']}/token`,
    clientId: needed(settings, 'workday.clientId', by),
    clientSecret: needed(settings, 'workday.clientSecret', by),
    grant: { type: 'refresh_token', refreshToken: needed(settings, 'workday.refreshToken', by) },
    clientAuthentication: 'basic',
    timeoutMs: settings['workday.requestTimeoutMs'],
  });
}

/** The aliases of all columns. */
export function reportColumns(settings: WorkdaySettings): Columns {
  return { ...DEFAULT_COLUMNS, ...settings['workday.columns'] };
}
