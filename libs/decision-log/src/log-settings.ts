import { type SettingsValues, setting } from '@iris/config';
import { z } from 'zod';
import { DATABASE_URL_FORM, type DecisionLogOptions, parseDatabaseUrl } from './connection.js';

const url = z
  .string()
  .trim()
  .refine((text) => {
    try {
      parseDatabaseUrl(text);
      return true;
    } catch {
      return false;
    }
  });

/** The settings of an app that may use a decision log. */
export const decisionLogSettings = {
  'decisionLog.url': setting.structure(
    'URL of the PostgreSQL with the decision log; without it there is none.',
    url.optional(),
    DATABASE_URL_FORM,
    { fallback: undefined, secret: true },
  ),
  'decisionLog.passwordFile': setting.optionalText(
    'File with the password of the database, instead of one in decisionLog.url; read for each connection.',
  ),
  'decisionLog.tls': setting.choice(
    'TLS to the database: verify checks its certificate and name; auto is off for a loopback address, else verify.',
    ['auto', 'off', 'verify'],
    { fallback: 'auto' },
  ),
  'decisionLog.tlsCaFile': setting.optionalText(
    'PEM file of the authorities of the database; without it those of Node are trusted.',
  ),
  'decisionLog.timeoutMs': setting.integer(
    'Timeout of a query of the decision log, in ms.',
    { min: 100, max: 600_000 },
    { fallback: 15_000 },
  ),
} as const;

/** The options of a log that is set; `undefined` without a URL. */
export function decisionLogOptions(
  settings: SettingsValues<typeof decisionLogSettings>,
): DecisionLogOptions | undefined {
  const where = settings['decisionLog.url'];
  if (where === undefined) return undefined;
  const tls = settings['decisionLog.tls'];
  return {
    url: where,
    passwordFile: settings['decisionLog.passwordFile'],
    tls: tls === 'auto' ? undefined : tls,
    tlsCaFile: settings['decisionLog.tlsCaFile'],
    timeoutMs: settings['decisionLog.timeoutMs'],
  };
}
