import { readFileSync } from 'node:fs';
import { loadSettings, type SettingsSchema, type SettingsValues } from '@iris/config';
import type { ReasonId } from '@iris/contracts';
import { z } from 'zod';
import { kitSettings } from './app/kit.settings.js';
import type { EnricherDefinition } from './enricher-definition.js';
import { IdentityMap, identitySettings } from './identity-map.js';
import { loginKey } from './login-key.js';

/** The option of an enricher that lists what logins map to, and ends. Its value is a file, or `-` for standard input. */
export const DRY_RUN_OPTION = '--identity-dry-run';

const STANDARD_INPUT = 0;

/** What a login maps to, as a lookup would ask the vendor. */
interface Listed {
  readonly found: string | ReasonId;
  readonly known: boolean;
  readonly rule?: number;
}

/**
 * What some logins map to for a source: one line for each login, its columns separated by tabs (login, key or reason
 * id, number of the rule or `-`), and a last line with the sum. No vendor is asked, so no credential is needed, and a
 * key that is listed need not exist.
 *
 * @param environment where the settings of the enricher stand, normally `process.env`
 * @param file one login a line; `-` for standard input
 * @throws ConfigError, and the file system's errors
 */
export function identityDryRun(
  { id, settings }: Pick<EnricherDefinition<SettingsSchema>, 'id' | 'settings'>,
  environment: Readonly<Record<string, string | undefined>>,
  file: string,
): string[] {
  const others = Object.entries({ ...kitSettings, ...settings }).map(([key, one]) => [
    key,
    { ...one, schema: z.unknown() },
  ]);
  const schema = { ...Object.fromEntries(others), ...identitySettings };
  const identity = new IdentityMap(id, loadSettings(schema, environment) as SettingsValues<typeof identitySettings>);
  const logins = readFileSync(file === '-' ? STANDARD_INPUT : file, 'utf8')
    .split(/\r?\n/)
    .filter((line) => line !== '');
  const listed = logins.map((login) => list(identity, login));
  const lines = listed.map(({ found, rule }, index) => [logins[index], found, rule ?? '-'].join('\t'));
  return [...lines, `${logins.length} logins, ${listed.filter(({ known }) => !known).length} of nobody`];
}

function list(identity: IdentityMap, login: string): Listed {
  const mapped = identity.map(login);
  const { rule } = mapped;
  if ('reason' in mapped) return { found: mapped.reason, known: false, rule };
  const asked = loginKey({ principal: login, loginName: mapped.key });
  return 'refused' in asked
    ? { found: asked.refused.reason, known: false, rule }
    : { found: asked.key, known: true, rule };
}
