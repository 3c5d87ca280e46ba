import { valuesIn } from '@iris/contracts';
import type { PdpResource } from './pdp.js';

/** `server.requestLimits.maxResourcesPerRequest` of the PDP, by default 50. */
const MAX_RESOURCES_PER_CALL = 50;

/** Below the PDP's default limit on a gRPC message, 4 MiB, with room for the principal. In bytes. */
const MAX_RESOURCE_BYTES_PER_CALL = 3 * 1024 * 1024;

/** Values in the attributes of one call: encoding as many takes about 30 ms, in which nothing else runs. */
const MAX_VALUES_PER_CALL = 10_000;

/**
 * Splits resources into calls that the PDP accepts, keeping their order. A part is made when it is asked for. The size
 * is estimated from the JSON text; a resource that is too large by itself gets a call of its own, which the PDP may
 * refuse.
 */
export function* chunkResources(resources: readonly PdpResource[]): Generator<readonly PdpResource[]> {
  if (resources.length === 1) {
    yield resources;
    return;
  }
  let chunk: PdpResource[] = [];
  let bytes = 0;
  let values = 0;
  for (const resource of resources) {
    const size = estimateBytes(resource);
    const count = valuesIn(resource.attr);
    const isFull =
      chunk.length >= MAX_RESOURCES_PER_CALL ||
      bytes + size > MAX_RESOURCE_BYTES_PER_CALL ||
      values + count > MAX_VALUES_PER_CALL;
    if (chunk.length > 0 && isFull) {
      yield chunk;
      chunk = [];
      bytes = 0;
      values = 0;
    }
    chunk.push(resource);
    bytes += size;
    values += count;
  }
  if (chunk.length > 0) yield chunk;
}

function estimateBytes(resource: PdpResource): number {
  return Buffer.byteLength(JSON.stringify(resource.attr)) + resource.id.length + resource.action.length;
}
