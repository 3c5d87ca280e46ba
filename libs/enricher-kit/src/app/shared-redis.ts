import {
  ContextWriter,
  connectRedis,
  connectRedisForWorker,
  DistributedFlights,
  KnownSubjects,
  PushMemory,
  RecordIndex,
  type RedisConnection,
} from '@iris/context-cache';
import type { SharedCache } from '../answer-chain.js';
import type { Logger } from '../logger.js';

/**
 * Longest wait for a reply of Redis, in ms: longer than a gateway's, because a command that is given up while a burst
 * keeps this process busy costs a second call to the vendor.
 */
const COMMAND_TIMEOUT_MS = 500;

/** An enricher's connections to Redis. */
export interface SharedRedis {
  readonly cache: SharedCache;
  readonly pushes: PushMemory;
  readonly connection: RedisConnection;
  /** For BullMQ's workers. */
  readonly workerConnection: RedisConnection;
  close(): void;
}

/** @returns undefined when no Redis is configured */
export function connectSharedRedis(url: string | undefined, name: string, logger: Logger): SharedRedis | undefined {
  if (url === undefined) return undefined;
  const connection = connectRedis(url, { name, commandTimeoutMs: COMMAND_TIMEOUT_MS });
  const workerConnection = connectRedisForWorker(url, { name: `${name}-jobs` });
  // ioredis reports every failed attempt; one line when it goes and one when it comes back are enough.
  connection.on(
    'close',
    onceUntil(connection, 'ready', () => {
      logger.warn({ reason: 'cache_unavailable' }, 'Redis is away; the vendor is asked directly');
    }),
  );
  connection.on('ready', () => logger.info({}, 'Redis is connected'));
  return {
    cache: {
      writer: new ContextWriter(connection),
      flights: new DistributedFlights(connection),
      records: new RecordIndex(connection),
      known: new KnownSubjects(connection),
    },
    pushes: new PushMemory(connection),
    connection,
    workerConnection,
    close: () => {
      connection.removeAllListeners('close');
      connection.disconnect();
      workerConnection.disconnect();
    },
  };
}

function onceUntil(connection: RedisConnection, event: string, action: () => void): () => void {
  let done = false;
  connection.on(event, () => {
    done = false;
  });
  return () => {
    if (!done) action();
    done = true;
  };
}
