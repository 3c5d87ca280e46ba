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
/** How often a connection is checked for a silent server, in ms. */
const CHECK_MS = 1000;
/** After so many checks in a row without a reply the connection is given up and made again. */
const SILENT_CHECKS = 3;
/** A connection for blocking commands is given up after so long without a reply, in ms: longer than a command blocks. */
const UNHEARD_MS = 15_000;
/** How long a closed connection may take to end, in ms. */
const DISCONNECT_MS = 500;
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
    disconnectTimeout: DISCONNECT_MS,
    commandTimeout,
    connectTimeout: options.connectTimeoutMs ?? DEFAULT_CONNECT_TIMEOUT_MS,
    retryStrategy: reconnectDelayMs,
  });
  renewWhenSilent(redis);
  reportErrors(redis, options)
    .connect()
    .catch(() => {});
  return redis;
}

/**
 * A connection for a BullMQ worker, which waits in blocking commands: no command timeout, commands wait for the
 * connection. It connects by itself: BullMQ makes a second one with the same options and gives it up for ever when a
 * connection that it has to begin is refused.
 */
export function connectRedisForWorker(url: string, options: RedisConnectionOptions = {}): RedisConnection {
  const redis = new Redis(url, {
    connectionName: options.name,
    maxRetriesPerRequest: null,
    disconnectTimeout: DISCONNECT_MS,
    connectTimeout: options.connectTimeoutMs ?? DEFAULT_CONNECT_TIMEOUT_MS,
    retryStrategy: reconnectDelayMs,
  });
  return watched(reportErrors(redis, options));
}

/** Watches a connection, and the second one that BullMQ makes of it for its blocking commands. */
function watched(redis: Redis): Redis {
  renewWhenUnheard(redis);
  const duplicate = redis.duplicate.bind(redis);
  redis.duplicate = (override) => watched(duplicate(override));
  return redis;
}

/**
 * The same for a connection that waits in blocking commands: a ping is answered once the command before it has ended,
 * which BullMQ has happen every few seconds.
 */
function renewWhenUnheard(redis: Redis): void {
  let askedAt: number | undefined;
  const ask = async () => {
    askedAt = performance.now();
    await redis.ping().catch(() => undefined);
    askedAt = undefined;
  };
  const timer = setInterval(() => {
    if (redis.status !== 'ready') return;
    if (askedAt === undefined) void ask();
    else if (performance.now() - askedAt > UNHEARD_MS) {
      askedAt = undefined;
      redis.disconnect(true);
    }
  }, CHECK_MS).unref();
  redis.once('end', () => clearInterval(timer));
}

/**
 * A peer that vanished without closing leaves a connection that looks well and never answers. (ioredis' own
 * `socketTimeout` is not used: its timer outlives the connection and can end the next one.)
 */
function renewWhenSilent(redis: Redis): void {
  let unanswered = 0;
  const timer = setInterval(async () => {
    if (redis.status !== 'ready') return;
    try {
      await redis.ping();
      unanswered = 0;
    } catch {
      unanswered += 1;
      if (unanswered >= SILENT_CHECKS && redis.status === 'ready') {
        unanswered = 0;
        redis.disconnect(true);
      }
    }
  }, CHECK_MS).unref();
  redis.once('end', () => clearInterval(timer));
}

function reportErrors(redis: Redis, options: RedisConnectionOptions): Redis {
  // Without a listener ioredis prints every fault of the connection to the console.
  redis.on('error', (error: Error) => options.onError?.(error));
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
