import { formatsModules } from './formats-modules.js';
import { runSteps, withPart } from './generated-files.js';
import { protobufModules } from './protobuf.js';
import { sourceRegistryFile } from './source-registry-file.js';
import { sourcesModule } from './sources-module.js';
import { readVendors } from './vendor-file.js';
import { chartValues, composeServices, simulatedApisModule } from './vendor-parts.js';
import { nestCli, tsConfig } from './workspace-files.js';

/** The first stage. It loads no code that the second stage derives, so a broken generated file does not stop it. */
await runSteps([
  ['projects and aliases', () => ({ 'nest-cli.json': nestCli(), 'tsconfig.json': tsConfig() })],
  ['protobuf', protobufModules],
  ['LLM formats', formatsModules],
  [
    'vendors',
    () => {
      const vendors = readVendors();
      return {
        'libs/contracts/src/generated/sources.ts': sourcesModule(vendors),
        'apps/sandbox/src/generated/simulated-apis.ts': simulatedApisModule(vendors),
        'deploy/helm/iris/files/sources.yaml': sourceRegistryFile(vendors),
        'deploy/helm/iris/values.yaml': withPart('deploy/helm/iris/values.yaml', 'enrichers', chartValues(vendors)),
        'deploy/docker/compose.yaml': withPart('deploy/docker/compose.yaml', 'enrichers', composeServices(vendors)),
      };
    },
  ],
]);
