import { RedisUrlError } from '@iris/config';
import {
  connectRedis,
  type RedisConnection,
  type RedisConnectionOptions,
  redisCondition,
  waitForRedis,
} from '@iris/context-cache';
import { CliFault } from './exit-codes.js';

const CONNECT_MS = 3000;

/**
 * Does something with a connection to Redis, and ends it.
 *
 * @throws CliFault when there is no URL or no connection
 */
export async function withRedis<T>(url: string | undefined, use: (redis: RedisConnection) => Promise<T>): Promise<T> {
  if (url === undefined) throw new CliFault('name the Redis of the mesh by --redis or IRIS_REDIS_URL');
  let lastError: Error | undefined;
  const redis = open(url, {
    name: 'iris-cli',
    commandTimeoutMs: 5000,
    onError: (error) => {
      lastError = error;
    },
  });
  try {
    if (!(await waitForRedis(redis, CONNECT_MS))) {
      const condition = redisCondition(redis);
      const cause = condition === 'unreachable' ? (lastError?.message ?? 'no answer') : condition;
      throw new CliFault(`Redis cannot be reached: ${cause}`);
    }
    return await use(redis);
  } finally {
    redis.disconnect();
  }
}

function open(url: string, options: RedisConnectionOptions): RedisConnection {
  try {
    return connectRedis({ url, passwordFile: process.env.IRIS_REDIS_PASSWORD_FILE }, options);
  } catch (error) {
    if (error instanceof RedisUrlError) throw new CliFault(`--redis has a value that cannot be used; ${error.message}`);
    throw error;
  }
}
