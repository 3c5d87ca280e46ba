import type { ChannelOptions } from '@grpc/grpc-js';

/**
 * Options of a channel to the PDPs behind one name. Calls go to all of them in turn; by default the first one that connects
 * would take every call. A call is tried once more where the connection ended under it or was not up yet.
 * Source: https://github.com/grpc/grpc/blob/master/doc/service_config.md
 *
 * @param retried status codes that a second attempt may cure
 */
export function pdpChannelOptions(retried: readonly string[]): ChannelOptions {
  return {
    'grpc.enable_http_proxy': 0,
    'grpc.initial_reconnect_backoff_ms': 100,
    'grpc.max_reconnect_backoff_ms': 1000,
    // A PDP that was replaced is looked for again after so long; by default after 30 s.
    'grpc.dns_min_time_between_resolutions_ms': 5000,
    'grpc.service_config': JSON.stringify({
      loadBalancingConfig: [{ round_robin: {} }],
      methodConfig: [
        {
          name: [{}],
          retryPolicy: {
            maxAttempts: 2,
            initialBackoff: '0.025s',
            maxBackoff: '0.025s',
            backoffMultiplier: 1,
            retryableStatusCodes: retried,
          },
        },
      ],
    }),
  };
}
