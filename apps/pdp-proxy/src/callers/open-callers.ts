import { readFileSync } from 'node:fs';
import { ConfigError, watchFile } from '@iris/config';
import type { Logger } from '@iris/telemetry';
import type { Authentication, Credentials } from './caller.js';
import { Callers } from './callers.js';
import { parseCallersFile } from './callers-file.js';

/** The callers in force. */
export interface OpenCallers {
  authenticate(credentials: Credentials): Authentication | Promise<Authentication>;
  close(): void;
}

/**
 * The callers of a file, which is reloaded on change. A new file that cannot be used leaves the callers as they are.
 *
 * @throws ConfigError when the file cannot be used at the start
 */
export function openCallers(file: string, logger: Logger): OpenCallers {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'error';
    throw new ConfigError(`configuration: callers.file (IRIS_CALLERS_FILE) ${file} cannot be read (${code})`);
  }
  let callers = new Callers(parseCallersFile(file, text));
  const refuse = (problem: string) =>
    logger.error({ problem }, 'the callers stay as they are: the new callers file cannot be used');
  const watched = watchFile(
    file,
    text,
    (changed) => {
      try {
        callers = new Callers(parseCallersFile(file, changed));
        logger.info({ callers: callers.names }, 'callers replaced');
      } catch (error) {
        refuse(error instanceof ConfigError ? error.message : 'unexpected error');
      }
    },
    (error) => refuse(`cannot be read (${(error as NodeJS.ErrnoException).code ?? error.name})`),
  );
  return { authenticate: (credentials) => callers.authenticate(credentials), close: () => watched.close() };
}
