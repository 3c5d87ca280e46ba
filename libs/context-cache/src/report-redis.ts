import { REDIS_CONDITIONS, type RedisCondition } from '@iris/contracts';
import { type RedisUse, setGauge } from '@iris/telemetry';

/** What a report needs of a logger; pino's is one. */
interface ReportLogger {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

/**
 * Reports the condition of Redis by log and metric. Give it to one connection of each use.
 *
 * @param use what the connection is for
 */
export function reportRedis(use: RedisUse, logger: ReportLogger): (condition: RedisCondition) => void {
  const set = (current: RedisCondition) => {
    for (const condition of REDIS_CONDITIONS) {
      setGauge('iris.redis.condition', condition === current ? 1 : 0, { use, condition });
    }
  };
  set('unreachable');
  return (condition) => {
    set(condition);
    if (condition === 'ok') logger.info({ redis: use }, 'Redis serves');
    else logger.warn({ redis: use, condition }, `Redis does not serve: ${condition}`);
  };
}
