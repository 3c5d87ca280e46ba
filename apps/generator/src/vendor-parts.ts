import type { Vendor } from './vendor-file.js';

const MADE = 'Made by `npm run generate` from apps/enricher-*/vendor.yaml; do not edit.';

/** `apps/sandbox/src/generated/simulated-apis.ts`. */
export function simulatedApisModule(vendors: readonly Vendor[]): string {
  const imports = vendors.map(
    ({ id }) => `import { simulatedApi as ${id} } from '../../../enricher-${id}/simulated-api/index.js';`,
  );
  return `// ${MADE}
${imports.join('\n')}

/** The simulated API of every vendor, by its id. */
export const SIMULATED_APIS = { ${vendors.map(({ id }) => id).join(', ')} };
`;
}

/** The services of the enrichers in `compose.yaml`. */
export function composeServices(vendors: readonly Vendor[]): string {
  return vendors
    .map(
      ({ id }) => `  enricher-${id}:
    <<: *app
    profiles: [${id}]
    build: { context: ../.., dockerfile: deploy/docker/Dockerfile, args: { APP: enricher-${id} } }
    environment: *enricher-environment
    env_file: [${id}.env]
`,
    )
    .join('\n');
}

/** The keys of `enrichers` in the chart's `values.yaml`. */
export function chartValues(vendors: readonly Vendor[]): string {
  const values = vendors.map(
    ({ id, title, provides, egress }) => `  # ${title}: ${provides}.
  # @schema {"$ref": "#/properties/enricherDefaults"}
  ${id}:
    settings: {}
    egress:
      hosts: [${egress.map((host) => JSON.stringify(host)).join(', ')}]`,
  );
  return ['', ...values, ''].join('\n');
}
