import type { CheckResourcesRequest } from '@cerbos/core';
import { GRPC } from '@cerbos/grpc';
import { atOnce } from './hook-load.js';

/** What the process is told: the PDP and the check, then how many checks to make. */
export type FloorOrder =
  | { readonly target: string; readonly request: CheckResourcesRequest }
  | { readonly count: number; readonly concurrency: number };

/** Times of the checks in ms. */
export type FloorAnswer = readonly number[];

// A bare client of the PDP, as small as a Node process that asks it can be: no HTTP, no facts, no evidence.
let check: (() => Promise<number>) | undefined;

process.on('message', async (order: FloorOrder) => {
  if ('target' in order) {
    const client = new GRPC(order.target, { tls: false });
    check = async () => {
      const start = performance.now();
      await client.checkResources(order.request);
      return performance.now() - start;
    };
    process.send?.([]);
    return;
  }
  const times = check === undefined ? [] : await atOnce(order.concurrency, order.count, check);
  process.send?.(times satisfies FloorAnswer);
});
process.once('disconnect', () => process.exit(0));
