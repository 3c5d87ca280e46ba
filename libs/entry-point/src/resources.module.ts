import { connectRedis, type RedisConnection, redisAddress, reportRedis } from '@iris/context-cache';
import { CATALOG, closedOnShutdown, LOGGER, PDP, POLICIES, REDIS } from '@iris/decision';
import { CerbosPdp } from '@iris/pdp';
import type { Logger } from '@iris/telemetry';
import { type DynamicModule, Module } from '@nestjs/common';
import type { DecisionSettings } from './decision.settings.js';
import type { MeshCertificates } from './mesh-certificates.js';
import { type OpenCatalog, openCatalog } from './open-catalog.js';

const CERTIFICATES = Symbol('certificates of the mesh');
const OPEN_CATALOG = Symbol('open catalog');

/** What the stages share: the catalog, the connections to the PDP and Redis, and the log. */
@Module({})
export class ResourcesModule {
  static register(
    settings: DecisionSettings,
    name: string,
    certificates: MeshCertificates,
    logger: Logger,
  ): DynamicModule {
    const address = redisAddress(settings);
    return {
      module: ResourcesModule,
      global: true,
      providers: [
        { provide: LOGGER, useValue: logger },
        {
          provide: POLICIES,
          useValue: {
            resourceKind: settings['pdp.resourceKind'],
            policyVersion: settings['pdp.policyVersion'],
            scope: settings['pdp.scope'] ?? '',
          },
        },
        { provide: CERTIFICATES, useValue: certificates },
        { provide: OPEN_CATALOG, useFactory: () => openCatalog(settings['catalog.file'], logger) },
        { provide: CATALOG, inject: [OPEN_CATALOG], useFactory: ({ catalog }: OpenCatalog) => catalog },
        {
          provide: PDP,
          useFactory: () => new CerbosPdp({ target: settings['pdp.target'], tls: certificates.pdp }),
        },
        {
          provide: REDIS,
          useFactory: () =>
            address && connectRedis(address, { name: `iris-${name}`, onCondition: reportRedis('cache', logger) }),
        },
        closedOnShutdown<MeshCertificates>(CERTIFICATES, (opened) => opened.close()),
        closedOnShutdown<OpenCatalog>(OPEN_CATALOG, (opened) => opened.close()),
        closedOnShutdown<CerbosPdp>(PDP, (pdp) => pdp.close()),
        closedOnShutdown<RedisConnection | undefined>(REDIS, (redis) => redis?.disconnect()),
      ],
      exports: [LOGGER, POLICIES, CATALOG, PDP, REDIS],
    };
  }
}
