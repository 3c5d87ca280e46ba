import { HOOK_KEY, type Mesh } from '../mesh/mesh.js';

/** Variables by which each command of the CLI finds this mesh. */
function meshVariables(mesh: Mesh): Record<string, string> {
  const gateway = mesh.gateways[0];
  const addresses = Object.fromEntries(mesh.enrichers.map(({ vendor, address }) => [vendor, address]));
  return {
    IRIS_GATEWAY_URL: gateway?.url ?? '',
    IRIS_HOOK_KEY: HOOK_KEY,
    IRIS_PDP_TARGET: mesh.pdp.target,
    ...(mesh.redis === undefined ? {} : { IRIS_REDIS_URL: mesh.redis.url }),
    IRIS_SOURCES_ADDRESSES: JSON.stringify(addresses),
    IRIS_EVIDENCE: gateway?.evidenceDirectory ?? '',
    ...(mesh.console === undefined ? {} : { IRIS_CONSOLE_URL: mesh.console.url }),
  };
}

/** One line of a shell that exports them. */
export function exportLine(mesh: Mesh): string {
  return `export ${Object.entries(meshVariables(mesh))
    .map(([name, value]) => `${name}='${value}'`)
    .join(' ')}`;
}
