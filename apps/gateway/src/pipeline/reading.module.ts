import { CATALOG, closedOnShutdown, EffectsOfCalls, LOGGER } from '@iris/decision';
import type { Logger } from '@iris/telemetry';
import type { Catalog } from '@iris/tool-catalog';
import { type DynamicModule, Module } from '@nestjs/common';
import type { HookLimits } from '../hook/index.js';
import { HookReader } from '../protocol/hook-reader.js';
import { HistoryHookReader } from './history-hook-reader.js';
import { PooledHookReader, type PoolOptions } from './pooled-hook-reader.js';
import { RecognisingHookReader } from './recognising-hook-reader.js';

/** The stages hook and tool-calls, which read a hook on the event loop or in a worker thread. */
@Module({})
export class ReadingModule {
  static register(limits: HookLimits, pool: PoolOptions): DynamicModule {
    return {
      module: ReadingModule,
      global: true,
      providers: [
        {
          provide: PooledHookReader,
          inject: [LOGGER],
          useFactory: (logger: Logger) => new PooledHookReader(limits, pool, logger),
        },
        {
          provide: HookReader,
          inject: [PooledHookReader, CATALOG, EffectsOfCalls, LOGGER],
          useFactory: (pooled: PooledHookReader, catalog: Catalog, effects: EffectsOfCalls, logger: Logger) =>
            new HistoryHookReader(new RecognisingHookReader(pooled, catalog, logger), effects),
        },
        closedOnShutdown(PooledHookReader, (reader) => reader.close()),
      ],
      exports: [HookReader],
    };
  }
}
