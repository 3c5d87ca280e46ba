import { ConfigError } from '@iris/config';
import { ChainWriter, SigningKeyError, signingKey } from '@iris/evidence';
import type { Logger } from '@iris/telemetry';
import type { DecisionSettings } from './decision.settings.js';

/**
 * The chain of this process's records.
 *
 * @throws ConfigError when the key cannot be used
 */
export function openChain(settings: DecisionSettings, logger: Logger): ChainWriter {
  const pem = settings['evidence.signingKey'];
  if (pem === undefined) {
    logger.warn('the heads of the evidence chain have no signature: evidence.signingKey is not set');
  }
  return new ChainWriter({
    headRecords: settings['evidence.headRecords'],
    headSeconds: settings['evidence.headSeconds'],
    key: pem === undefined ? undefined : keyOf(pem),
  });
}

function keyOf(pem: string) {
  try {
    return signingKey(pem);
  } catch (error) {
    if (error instanceof SigningKeyError) throw new ConfigError(`configuration: evidence.signingKey: ${error.message}`);
    throw error;
  }
}
