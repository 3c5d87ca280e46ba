import type { DecisionLogOptions } from './connection.js';
import { PostgresDecisionLog } from './postgres-decision-log.js';

/**
 * The decision log of a database. It connects at the first query, so a database that is unavailable is no failure here.
 *
 * @throws Error for a URL of another form or a file that cannot be read
 */
export function openDecisionLog(where: string | DecisionLogOptions): PostgresDecisionLog {
  return new PostgresDecisionLog(typeof where === 'string' ? { url: where } : where);
}
