import { type RedisTopology, startRedisPair } from '@iris/context-cache/testing';
import { FaultProxy } from '../chaos/matrix/fault-proxy.js';

/** A primary and a replica behind one address, which moves while open connections stay where they are. */
export async function startMovingPair(): Promise<RedisTopology> {
  const pair = await startRedisPair();
  let { port } = pair.first;
  const proxy = await FaultProxy.start({ target: () => port });
  return {
    url: `redis://127.0.0.1:${proxy.port}`,
    failOver: async () => {
      await pair.swap();
      port = pair.second.port;
    },
    stop: async () => {
      await proxy.close();
      await pair.stop();
    },
  };
}
