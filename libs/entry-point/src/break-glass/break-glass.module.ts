import type { BreakGlass } from '@iris/break-glass';
import type { RedisConnection } from '@iris/context-cache';
import { closedOnShutdown, EvidenceService, LOGGER, MODE_OVERRIDE, REDIS } from '@iris/decision';
import type { Logger } from '@iris/telemetry';
import { type DynamicModule, Module } from '@nestjs/common';
import { type BreakGlassOptions, openBreakGlass } from './open-break-glass.js';

const BREAK_GLASS = Symbol('break glass');

@Module({})
export class BreakGlassModule {
  static register(options: BreakGlassOptions): DynamicModule {
    return {
      module: BreakGlassModule,
      global: true,
      providers: [
        {
          provide: BREAK_GLASS,
          inject: [REDIS, EvidenceService, LOGGER],
          useFactory: (redis: RedisConnection | undefined, evidence: EvidenceService, logger: Logger) =>
            openBreakGlass(options, redis, evidence, logger),
        },
        {
          provide: MODE_OVERRIDE,
          inject: [BREAK_GLASS],
          useFactory: (breakGlass: BreakGlass | undefined) => () => breakGlass?.active,
        },
        closedOnShutdown<BreakGlass | undefined>(BREAK_GLASS, (breakGlass) => breakGlass?.close()),
      ],
      exports: [MODE_OVERRIDE],
    };
  }
}
