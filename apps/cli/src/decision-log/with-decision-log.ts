import { loadSettings } from '@iris/config';
import {
  DecisionLogError,
  decisionLogOptions,
  decisionLogSettings,
  openDecisionLog,
  type PostgresDecisionLog,
} from '@iris/decision-log';
import { Option } from 'commander';
import { CliFault } from '../exit-codes.js';

/** Long work such as a migration of a large table takes longer than a query of the console, in ms. */
const TIMEOUT_MS = '600000';

export function decisionLogOption(): Option {
  return new Option(
    '--decision-log <url>',
    'PostgreSQL with the decision log; other users of this machine see arguments, so a password is better in the variable or in IRIS_DECISION_LOG_PASSWORD_FILE',
  ).env('IRIS_DECISION_LOG_URL');
}

/**
 * Does something with the decision log, and closes it. TLS and the file of the password are variables, as in the apps.
 *
 * @throws CliFault when there is no URL or the database cannot be asked; ConfigError for a value of another form
 */
export async function withDecisionLog<T>(
  url: string | undefined,
  use: (log: PostgresDecisionLog) => Promise<T>,
): Promise<T> {
  const settings = loadSettings(decisionLogSettings, {
    IRIS_DECISION_LOG_TIMEOUT_MS: TIMEOUT_MS,
    ...process.env,
    ...(url === undefined ? {} : { IRIS_DECISION_LOG_URL: url }),
  });
  const options = decisionLogOptions(settings);
  if (options === undefined) throw new CliFault('name the decision log by --decision-log or IRIS_DECISION_LOG_URL');
  const log = openDecisionLog({ ...options, name: 'iris-cli' });
  try {
    return await use(log);
  } catch (error) {
    if (error instanceof DecisionLogError) throw new CliFault(error.message);
    throw error;
  } finally {
    await log.close();
  }
}
