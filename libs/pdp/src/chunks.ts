import type { PdpResource } from './pdp.js';

/** `server.requestLimits.maxResourcesPerRequest` of the PDP, by default 50. */
export const MAX_RESOURCES_PER_CALL = 50;

/** Below the PDP's default limit on a gRPC message, 4 MiB, with room for the principal. In bytes. */
export const MAX_RESOURCE_BYTES_PER_CALL = 3 * 1024 * 1024;

/**
 * Splits resources into calls that the PDP accepts, keeping their order. The size is estimated from the JSON text; a
 * resource that is too large by itself gets a call of its own, which the PDP may refuse.
 */
export function chunkResources(resources: readonly PdpResource[]): (readonly PdpResource[])[] {
  if (resources.length === 1) return [resources];
  const chunks: PdpResource[][] = [];
  let chunk: PdpResource[] = [];
  let bytes = 0;
  for (const resource of resources) {
    const size = estimateBytes(resource);
    if (chunk.length > 0 && (chunk.length >= MAX_RESOURCES_PER_CALL || bytes + size > MAX_RESOURCE_BYTES_PER_CALL)) {
      chunks.push(chunk);
      chunk = [];
      bytes = 0;
    }
    chunk.push(resource);
    bytes += size;
  }
  if (chunk.length > 0) chunks.push(chunk);
  return chunks;
}

function estimateBytes(resource: PdpResource): number {
  return Buffer.byteLength(JSON.stringify(resource.attr)) + resource.id.length + resource.action.length;
}
