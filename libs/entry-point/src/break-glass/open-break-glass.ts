import { join } from 'node:path';
import { type AdminKeys, adminKeys, BreakGlass } from '@iris/break-glass';
import { ConfigError } from '@iris/config';
import type { RedisConnection } from '@iris/context-cache';
import type { EvidenceService } from '@iris/decision';
import { SigningKeyError } from '@iris/evidence';
import { count, type Logger, setGauge } from '@iris/telemetry';

const MINUTE_MS = 60_000;
/** In the folder of the spool: the highest sequence that was seen. */
const SEQUENCE_FILE = 'break-glass-sequence';

export interface BreakGlassOptions {
  /** `breakGlass.keys`: public keys by name. */
  readonly keys: Readonly<Record<string, string>>;
  readonly maxMinutes: number;
  /** Folder of the file that keeps the highest sequence. */
  readonly directory: string;
}

/**
 * The break-glass switch as this process has it. It is recorded, logged and measured while it is on.
 *
 * @returns undefined where no key may turn it
 * @throws ConfigError when a key cannot be used, or there is no Redis for the switch
 */
export function openBreakGlass(
  options: BreakGlassOptions,
  redis: RedisConnection | undefined,
  evidence: Pick<EvidenceService, 'recordSwitch'>,
  logger: Logger,
): BreakGlass | undefined {
  if (Object.keys(options.keys).length === 0) return undefined;
  const keys = keysOf(options.keys);
  if (redis === undefined) throw new ConfigError('configuration: breakGlass.keys needs redis.url');
  setGauge('iris.break_glass.active', 0, {});
  return new BreakGlass({
    redis,
    keys,
    maxMs: options.maxMinutes * MINUTE_MS,
    sequenceFile: join(options.directory, SEQUENCE_FILE),
    onStart: (active) => {
      setGauge('iris.break_glass.active', 1, {});
      const { id, key, category, reason, until } = active;
      logger.error(
        { switch: id, key, category, why: reason, until: new Date(until).toISOString(), reason: 'break_glass_started' },
        'a break-glass switch is on: denials are recorded and not enforced',
      );
      evidence.recordSwitch(active);
    },
    onEnd: (active, end) => {
      setGauge('iris.break_glass.active', 0, {});
      logger.warn(
        { switch: active.id, key: active.key, end, reason: 'break_glass_ended' },
        'a break-glass switch ended',
      );
      evidence.recordSwitch(active, end);
    },
    onRefused: (problem) => {
      count('iris.break_glass.refused', {});
      logger.error({ problem }, 'a break-glass record in Redis is not believed');
    },
    onError: (error) => logger.error({ err: error }, 'the sequence of the break-glass switch cannot be kept'),
  });
}

function keysOf(keys: Readonly<Record<string, string>>): AdminKeys {
  try {
    return adminKeys(keys);
  } catch (error) {
    if (error instanceof SigningKeyError) throw new ConfigError(`configuration: breakGlass.keys: ${error.message}`);
    throw error;
  }
}
