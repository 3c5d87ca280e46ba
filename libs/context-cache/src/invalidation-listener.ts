import { INVALIDATION_CHANNEL } from './entry.js';
import type { RedisConnection } from './redis-connection.js';

/**
 * Receives the names of dropped hashes.
 *
 * @param subscriber a connection of its own: a subscribed one can do nothing else
 * @param onDropped called with the key of the hash
 * @param onGap called after every (re)connection, because messages may have been missed
 * @returns a function that ends the subscription
 */
export function listenForInvalidations(
  subscriber: RedisConnection,
  onDropped: (key: string) => void,
  onGap: () => void,
): () => void {
  const subscribe = () => {
    subscriber.subscribe(INVALIDATION_CHANNEL).then(onGap, () => {
      // Without the subscription the connection is of no use; a new one tries again.
      if (subscriber.status === 'ready') subscriber.disconnect(true);
    });
  };
  const onMessage = (channel: string, key: string) => {
    if (channel === INVALIDATION_CHANNEL) onDropped(key);
  };
  subscriber.on('ready', subscribe);
  subscriber.on('message', onMessage);
  if (subscriber.status === 'ready') subscribe();
  return () => {
    subscriber.off('ready', subscribe);
    subscriber.off('message', onMessage);
  };
}
