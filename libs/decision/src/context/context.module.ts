import { ContextReader, type RedisConnection, RefreshQueue } from '@iris/context-cache';
import type { SourceId, SourceSettings } from '@iris/contracts';
import type { Certificates } from '@iris/grpc-tls';
import type { Catalog } from '@iris/tool-catalog';
import { type DynamicModule, Module } from '@nestjs/common';
import { EffectsOfCalls } from '../effects/index.js';
import { closedOnShutdown } from '../shared/closed-on-shutdown.js';
import { CATALOG, REDIS } from '../shared/tokens.js';
import { type ConfiguredSource, enabledSources } from './configured-sources.js';
import { type ContextOptions, ContextService } from './context.service.js';
import { EnricherClient } from './enricher-client.js';

export interface ContextModuleOptions extends ContextOptions {
  readonly sources: Readonly<Partial<Record<SourceId, SourceSettings>>>;
  /** Addresses of enrichers that differ from the registry, as host:port. */
  readonly addresses: Readonly<Partial<Record<SourceId, string>>>;
  /** Of the connections to the enrichers; absent for plain text. */
  readonly certificates?: Certificates;
  /** A connection of its own for invalidations; undefined without Redis. */
  readonly subscriber: () => RedisConnection | undefined;
  /** Principals and resources whose facts are kept in memory. */
  readonly memoryEntries: number;
}

/** How long Redis is not read again for the same principal, in ms. Entries' own limits apply all the same. */
const L1_MS = 1000;

const SOURCES = Symbol('configured sources');
const REFRESHES = Symbol('refresh queue');
const SUBSCRIBER = Symbol('Redis subscriber');

@Module({})
export class ContextModule {
  static register(options: ContextModuleOptions): DynamicModule {
    const connect = (id: SourceId, source: SourceSettings) =>
      new EnricherClient(options.addresses[id] ?? source.address, options.certificates);
    return {
      module: ContextModule,
      global: true,
      providers: [
        { provide: SOURCES, useFactory: () => enabledSources(options.sources, connect) },
        { provide: SUBSCRIBER, useFactory: options.subscriber },
        {
          provide: REFRESHES,
          inject: [REDIS],
          useFactory: (redis?: RedisConnection) => (redis === undefined ? undefined : new RefreshQueue(redis)),
        },
        {
          provide: ContextReader,
          inject: [REDIS, SUBSCRIBER],
          useFactory: (redis?: RedisConnection, subscriber?: RedisConnection) =>
            new ContextReader({ redis, subscriber, maxKeys: options.memoryEntries, l1Ms: L1_MS }),
        },
        {
          provide: ContextService,
          inject: [ContextReader, SOURCES, CATALOG, EffectsOfCalls, REFRESHES],
          useFactory: (
            reader: ContextReader,
            sources: readonly ConfiguredSource[],
            catalog: Catalog,
            effects: EffectsOfCalls,
            refreshes?: RefreshQueue,
          ) => new ContextService(reader, sources, catalog, effects, refreshes, options),
        },
        closedOnShutdown(ContextReader, (reader) => reader.close()),
        closedOnShutdown<RefreshQueue | undefined>(REFRESHES, (refreshes) => refreshes?.close()),
        closedOnShutdown<RedisConnection | undefined>(SUBSCRIBER, (subscriber) => subscriber?.disconnect()),
        closedOnShutdown<readonly ConfiguredSource[]>(SOURCES, (sources) => {
          for (const { client } of sources) client.close();
        }),
      ],
      exports: [ContextReader, ContextService],
    };
  }
}
