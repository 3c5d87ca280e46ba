import { irisVersion } from '@iris/config';
import { ContextReader } from '@iris/context-cache';
import { CATALOG, LOGGER, MODE_OVERRIDE, type ModeOverride, PDP, PolicyRevision } from '@iris/decision';
import type { Pdp } from '@iris/pdp';
import type { Logger } from '@iris/telemetry';
import type { Catalog } from '@iris/tool-catalog';
import { type DynamicModule, Module } from '@nestjs/common';
import { HealthController } from './health.controller.js';
import { type FailureModes, HealthReport } from './health-report.js';
import { PdpWatch, type PdpWatchOptions } from './pdp-watch.js';

export interface HealthModuleOptions extends PdpWatchOptions {
  readonly failureModes: FailureModes;
}

@Module({})
export class HealthModule {
  static register({ failureModes, ...options }: HealthModuleOptions): DynamicModule {
    const version = irisVersion();
    return {
      module: HealthModule,
      global: true,
      controllers: [HealthController],
      providers: [
        {
          provide: PdpWatch,
          inject: [PDP, LOGGER],
          useFactory: (pdp: Pdp, logger: Logger) => new PdpWatch(pdp, options, logger),
        },
        {
          provide: PolicyRevision,
          inject: [PdpWatch, CATALOG],
          // Both decide what a call is allowed to do, so a change of either is a change of policy.
          useFactory: (watch: PdpWatch, catalog: Catalog): PolicyRevision => ({
            get revision() {
              return `${watch.revision}/${catalog.revision}`;
            },
            inForce: () => ({
              iris: version,
              ...(watch.revision === '' ? {} : { policies: watch.revision }),
              ...(watch.version === undefined ? {} : { pdp: watch.version }),
              catalog: catalog.revision,
            }),
          }),
        },
        {
          provide: HealthReport,
          inject: [PdpWatch, ContextReader, MODE_OVERRIDE],
          useFactory: (watch: PdpWatch, cache: ContextReader, override: () => ModeOverride | undefined) =>
            new HealthReport(watch, cache, failureModes, override),
        },
      ],
      exports: [PdpWatch, PolicyRevision, HealthReport],
    };
  }
}
