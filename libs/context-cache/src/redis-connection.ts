import { Redis } from 'ioredis';

export type RedisConnection = Redis;

export interface RedisConnectionOptions {
  /** Shown in Redis' CLIENT LIST. */
  readonly name?: string;
  /** Longest wait for the reply to one command, in ms. */
  readonly commandTimeoutMs?: number;
  /** Longest wait for a connection, in ms. */
  readonly connectTimeoutMs?: number;
  /** Called for faults of the connection, which heals by itself. Never called with a command's error. */
  readonly onError?: (error: Error) => void;
}

const DEFAULT_COMMAND_TIMEOUT_MS = 200;
const DEFAULT_CONNECT_TIMEOUT_MS = 2000;
/** A connection without any reply for so many command timeouts is given up and made again. */
const SILENT_AFTER_COMMAND_TIMEOUTS = 5;
const MIN_RECONNECT_MS = 50;
const MAX_RECONNECT_MS = 2000;

/** Grows from 50 ms to 2 s, with jitter so that replicas do not come back in step. */
function reconnectDelayMs(attempt: number): number {
  const ceiling = Math.min(MIN_RECONNECT_MS * 2 ** Math.min(attempt - 1, 10), MAX_RECONNECT_MS);
  return Math.round(ceiling * (0.5 + Math.random() / 2));
}

/**
 * A connection for a decision path: connects in the background, reconnects for ever, and a command fails at once
 * while there is no connection (ioredis would queue it), or after the command timeout when the server is silent
 * (ioredis would wait for ever).
 *
 * @param url redis:// or rediss://
 */
export function connectRedis(url: string, options: RedisConnectionOptions = {}): RedisConnection {
  const commandTimeout = options.commandTimeoutMs ?? DEFAULT_COMMAND_TIMEOUT_MS;
  const redis = new Redis(url, {
    connectionName: options.name,
    lazyConnect: true,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    autoResubscribe: false,
    commandTimeout,
    socketTimeout: commandTimeout * SILENT_AFTER_COMMAND_TIMEOUTS,
    connectTimeout: options.connectTimeoutMs ?? DEFAULT_CONNECT_TIMEOUT_MS,
    retryStrategy: reconnectDelayMs,
  });
  return start(redis, options);
}

/**
 * A connection for a BullMQ worker, which waits in blocking commands: no command timeout, commands wait for the
 * connection.
 */
export function connectRedisForWorker(url: string, options: RedisConnectionOptions = {}): RedisConnection {
  const redis = new Redis(url, {
    connectionName: options.name,
    lazyConnect: true,
    maxRetriesPerRequest: null,
    connectTimeout: options.connectTimeoutMs ?? DEFAULT_CONNECT_TIMEOUT_MS,
    retryStrategy: reconnectDelayMs,
  });
  return start(redis, options);
}

function start(redis: Redis, options: RedisConnectionOptions): Redis {
  // Without a listener ioredis prints every fault of the connection to the console.
  redis.on('error', (error: Error) => options.onError?.(error));
  redis.connect().catch(() => {});
  return redis;
}

/**
 * Waits for the first connection.
 *
 * @returns whether there is one after `timeoutMs`
 */
export async function waitForRedis(redis: RedisConnection, timeoutMs: number): Promise<boolean> {
  if (redis.status === 'ready') return true;
  return new Promise((resolve) => {
    const finish = (ready: boolean) => {
      clearTimeout(timer);
      redis.off('ready', onReady);
      resolve(ready);
    };
    const onReady = () => finish(true);
    const timer = setTimeout(() => finish(false), timeoutMs);
    redis.once('ready', onReady);
  });
}
