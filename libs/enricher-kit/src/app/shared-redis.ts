import {
  ContextWriter,
  connectRedis,
  connectRedisForWorker,
  DistributedFlights,
  KnownSubjects,
  PushMemory,
  RecordIndex,
  type RedisAddress,
  type RedisConnection,
  reportRedis,
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
export function connectSharedRedis(
  address: RedisAddress | undefined,
  name: string,
  logger: Logger,
): SharedRedis | undefined {
  if (address === undefined) return undefined;
  const connection = connectRedis(address, {
    name,
    commandTimeoutMs: COMMAND_TIMEOUT_MS,
    onCondition: reportRedis('cache', logger),
  });
  const workerConnection = connectRedisForWorker(address, { name: `${name}-jobs` });
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
      connection.disconnect();
      workerConnection.disconnect();
    },
  };
}
