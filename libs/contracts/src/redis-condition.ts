/**
 * Why a Redis does not serve as it should; `ok` when it does. Named in health, log, metric and alert.
 *
 * - `unreachable`: no connection, or none that answers
 * - `unauthenticated`: it refuses the password or the user (NOAUTH, WRONGPASS)
 * - `not_permitted`: its user may not run a command that Iris needs (NOPERM); what it may is done
 * - `replica`: it is a replica of another one, so what it holds may be old and it takes no writes (READONLY)
 * - `loading`: it reads its data from disk (LOADING)
 * - `out_of_memory`: it takes no writes because its memory is full (OOM)
 * - `not_persisting`: it takes no writes because it cannot save to disk or has too few replicas (MISCONF, NOREPLICAS)
 * - `moved`: it is a node of a cluster and redis.url does not say so, or its slots move for ever (MOVED, ASK)
 * - `cluster_down`: the cluster does not serve all slots (CLUSTERDOWN, MASTERDOWN)
 */
export const REDIS_CONDITIONS = [
  'ok',
  'unreachable',
  'unauthenticated',
  'not_permitted',
  'replica',
  'loading',
  'out_of_memory',
  'not_persisting',
  'moved',
  'cluster_down',
] as const;
export type RedisCondition = (typeof REDIS_CONDITIONS)[number];
