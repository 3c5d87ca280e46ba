import { createHmac, randomBytes } from 'node:crypto';
import type { ConsoleSettings } from '../console.settings.js';

const processKey = randomBytes(32);

/** A key for one use. Without session.key it is of this process: after a restart the page takes a new token. */
export function keyOf(settings: Pick<ConsoleSettings, 'session.key'>, use: string): Buffer {
  return createHmac('sha256', settings['session.key'] ?? processKey)
    .update(`iris console ${use}`)
    .digest();
}
