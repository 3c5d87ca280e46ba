import { parseRedisUrl } from '@iris/config';
import type { RedisCondition } from '@iris/contracts';
import { Cluster, type Redis, type RedisOptions } from 'ioredis';
import { PasswordFile } from './password-file.js';
import { redisClient } from './redis-client.js';
import { dropSilentNodes, RedisHealth } from './redis-health.js';

/** A connection to one Redis, to the primary that sentinels name, or to a Redis Cluster. */
export type RedisConnection = Redis | Cluster;

/** Which Redis, and how to authenticate. */
export interface RedisAddress {
  /** As `parseRedisUrl` takes it. */
  readonly url: string;
  /** File with the password, in place of the URL's. Read before each connection and when it changes. */
  readonly passwordFile?: string;
}

export interface RedisConnectionOptions {
  /** Shown in Redis' CLIENT LIST. */
  readonly name?: string;
  /** Longest wait for the reply to one command, in ms. */
  readonly commandTimeoutMs?: number;
  /** Longest wait for a connection, in ms. */
  readonly connectTimeoutMs?: number;
  /** Called for errors of the connection, which heals by itself. Never called with a command's error. */
  readonly onError?: (error: Error) => void;
  /** Called when the condition of Redis changes. */
  readonly onCondition?: (condition: RedisCondition) => void;
}

const DEFAULT_COMMAND_TIMEOUT_MS = 200;
const DEFAULT_CONNECT_TIMEOUT_MS = 2000;
/** How long a closed connection may take to end, in ms. */
const DISCONNECT_MS = 500;

const healths = new WeakMap<RedisConnection, RedisHealth>();

/** Why the Redis behind a connection does not serve as it should; `ok` when it does. */
export function redisCondition(redis: RedisConnection): RedisCondition {
  const known = healths.get(redis)?.condition ?? 'ok';
  return known === 'ok' && redis.status !== 'ready' ? 'unreachable' : known;
}

/** How Redis is, for a health document. */
export interface RedisReport {
  /** `degraded`: facts can be read, and something else fails. */
  readonly redis: 'ok' | 'degraded' | 'unavailable';
  /** Why; absent when it is ok. */
  readonly redisCondition?: RedisCondition;
}

export function redisReport(redis: RedisConnection): RedisReport {
  const condition = redisCondition(redis);
  if (condition === 'ok') return { redis: 'ok' };
  return { redis: isReadableRedis(redis) ? 'degraded' : 'unavailable', redisCondition: condition };
}

/** Whether a connection leads to a primary whose facts can be read. */
export function isReadableRedis(redis: RedisConnection): boolean {
  return redis.status === 'ready' && (healths.get(redis)?.readable ?? true);
}

/** The address that an app's settings name; undefined when they name none. */
export function redisAddress(settings: {
  readonly 'redis.url': string | undefined;
  readonly 'redis.passwordFile': string | undefined;
}): RedisAddress | undefined {
  const { 'redis.url': url, 'redis.passwordFile': passwordFile } = settings;
  return url === undefined ? undefined : { url, passwordFile };
}

/**
 * A connection for a decision path: connects in the background, reconnects for ever, and a command fails at once
 * while there is no connection (ioredis would queue it), or after the command timeout when the server is silent
 * (ioredis would wait for ever).
 *
 * @throws RedisUrlError for a URL that is none; Error for a password file that cannot be read
 */
export function connectRedis(address: RedisAddress | string, options: RedisConnectionOptions = {}): RedisConnection {
  const redis = open(address, options, false, {
    lazyConnect: true,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    autoResubscribe: false,
    commandTimeout: options.commandTimeoutMs ?? DEFAULT_COMMAND_TIMEOUT_MS,
  });
  redis.connect().catch(() => {});
  return redis;
}

/**
 * A connection for a BullMQ worker, which waits in blocking commands: no command timeout, commands wait for the
 * connection. It connects by itself: BullMQ makes a second one with the same options and gives it up for ever when a
 * connection that it has to begin is refused.
 *
 * @throws as `connectRedis`
 */
export function connectRedisForWorker(
  address: RedisAddress | string,
  options: RedisConnectionOptions = {},
): RedisConnection {
  return open(address, options, true, { maxRetriesPerRequest: null });
}

function open(
  address: RedisAddress | string,
  options: RedisConnectionOptions,
  blocking: boolean,
  mode: RedisOptions,
): RedisConnection {
  const { url, passwordFile } = typeof address === 'string' ? { url: address, passwordFile: undefined } : address;
  const server = parseRedisUrl(url);
  const file = passwordFile === undefined ? undefined : new PasswordFile(passwordFile);
  const common: RedisOptions = {
    ...mode,
    connectionName: options.name,
    disconnectTimeout: DISCONNECT_MS,
    connectTimeout: options.connectTimeoutMs ?? DEFAULT_CONNECT_TIMEOUT_MS,
    username: server.username,
    password: file?.read() ?? server.password,
    // Names that have addresses of either family.
    family: 0,
    ...(server.tls ? { tls: {} } : {}),
  };
  const redis = redisClient(server, common);
  return attend(redis, options, blocking, file);
}

/** Watches a connection, and the second one that BullMQ makes of it for its blocking commands. */
function attend<T extends RedisConnection>(
  redis: T,
  options: RedisConnectionOptions,
  blocking: boolean,
  file: PasswordFile | undefined,
): T {
  // Without a listener ioredis prints every error of the connection to the console.
  redis.on('error', (error: Error) => options.onError?.(error));
  const health = new RedisHealth(redis, { blocking, onCondition: options.onCondition });
  healths.set(redis, health);
  if (redis instanceof Cluster) dropSilentNodes(redis, blocking);
  const authenticated = redis instanceof Cluster ? (redis.options.redisOptions ?? {}) : redis.options;
  authenticated.reconnectOnError = (error) => health.note(error);
  if (file !== undefined) renewPassword(redis, authenticated, file);
  if (blocking) {
    const second = { ...options, onCondition: undefined };
    const duplicate = redis.duplicate.bind(redis) as (...override: never[]) => T;
    redis.duplicate = ((...override: never[]) => attend(duplicate(...override), second, true, file)) as never;
  }
  return redis;
}

/** Has new connections authenticate by the new password, and open ones too, whose old one may end. */
function renewPassword(redis: RedisConnection, options: Partial<RedisOptions>, file: PasswordFile): void {
  const stop = file.watch((password) => {
    options.password = password;
    const open = redis instanceof Cluster ? redis.nodes() : [redis];
    for (const one of open) {
      one.options.password = password;
      if (one.status !== 'ready') continue;
      const proof = options.username === undefined ? one.auth(password) : one.auth(options.username, password);
      proof.catch(() => undefined);
    }
  });
  redis.on('reconnecting', () => {
    options.password = file.read();
  });
  redis.once('end', stop);
}

/**
 * Waits for the first connection to a primary that answers.
 *
 * @returns whether there is one after `timeoutMs`
 */
export async function waitForRedis(redis: RedisConnection, timeoutMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(false), timeoutMs);
    healths.get(redis)?.onceReadable(() => {
      clearTimeout(timer);
      resolve(true);
    });
  });
}
