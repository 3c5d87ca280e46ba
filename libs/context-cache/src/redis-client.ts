import type { RedisServer } from '@iris/config';
import { Cluster, type ClusterOptions, Redis, type RedisOptions } from 'ioredis';

const MIN_RECONNECT_MS = 50;
const MAX_RECONNECT_MS = 2000;
/** Longest wait for a sentinel or for the slots of a cluster, in ms. */
const TOPOLOGY_TIMEOUT_MS = 1000;
/** How often the slots of a cluster are read again, in ms; a command that is redirected reads them at once. */
const SLOTS_REFRESH_MS = 2000;
/** Pause before a command that failed because of a failover is tried again, in ms. */
const FAILOVER_RETRY_MS = 50;

/** A client of ioredis for one Redis, the primary that sentinels name, or a Redis Cluster. */
export function redisClient(server: RedisServer, common: RedisOptions): Redis | Cluster {
  return server.kind === 'cluster' ? openCluster(server, common) : openRedis(server, common);
}

function openRedis(server: RedisServer, common: RedisOptions): Redis {
  const place: RedisOptions =
    server.kind === 'sentinel'
      ? {
          sentinels: [...server.nodes],
          name: server.primaryName,
          role: 'master',
          sentinelUsername: server.sentinelUsername,
          sentinelPassword: server.sentinelPassword,
          sentinelCommandTimeout: TOPOLOGY_TIMEOUT_MS,
          sentinelRetryStrategy: reconnectDelayMs,
          failoverDetector: true,
          ...(server.tls ? { sentinelTLS: {}, enableTLSForSentinelMode: true } : {}),
        }
      : { ...server.nodes[0] };
  return new Redis({ ...common, ...place, db: server.db, retryStrategy: reconnectDelayMs });
}

function openCluster(server: RedisServer, { lazyConnect, enableOfflineQueue, ...redisOptions }: RedisOptions): Cluster {
  const options: ClusterOptions = {
    redisOptions,
    lazyConnect,
    enableOfflineQueue,
    clusterRetryStrategy: reconnectDelayMs,
    slotsRefreshTimeout: TOPOLOGY_TIMEOUT_MS,
    slotsRefreshInterval: SLOTS_REFRESH_MS,
    retryDelayOnFailover: FAILOVER_RETRY_MS,
    retryDelayOnClusterDown: FAILOVER_RETRY_MS,
    // A certificate is for the name and not for the address that it resolves to.
    ...(server.tls ? { dnsLookup: (name, callback) => callback(null, name) } : {}),
  };
  return new Cluster([...server.nodes], options);
}

/** Grows from 50 ms to 2 s, with jitter so that replicas do not come back in step. */
function reconnectDelayMs(attempt: number): number {
  const ceiling = Math.min(MIN_RECONNECT_MS * 2 ** Math.min(attempt - 1, 10), MAX_RECONNECT_MS);
  return Math.round(ceiling * (0.5 + Math.random() / 2));
}
