import { type ConnectionResult, words } from './reading.js';
import { readUri } from './uri-grammar.js';

/** redis-py, ioredis, Lettuce, go-redis: options that change nothing about where the connection leads. */
const URI = {
  scheme: /^(rediss?|valkeys?|rediss?[+-](sentinel|cluster|socket)|sentinel)$/,
  options: {
    harmless: words(`
      db family keyPrefix name protocol timeout connectTimeout commandTimeout client_name clientName
      decode_responses ssl_cert_reqs sentinelMasterId read_timeout write_timeout dial_timeout pool_size max_retries
      health_check_interval socket_timeout socket_connect_timeout
    `),
    hosts: words('host addr'),
    ports: words('port'),
  },
};

/** `redis://…`, `rediss://…`, and the forms for Sentinel and Cluster with several hosts. */
export function readRedisUri(text: string): ConnectionResult | undefined {
  const read = readUri(text, URI);
  if (typeof read !== 'object') return read;
  // One host after another, without a scheme of their own, is the form of Sentinel and Cluster alone.
  const isSeveral = /^(rediss?[+-](sentinel|cluster)|sentinel)$/.test(text.slice(0, text.indexOf(':')).toLowerCase());
  return read.hosts.length === 1 || isSeveral ? read : 'unrecognised';
}
