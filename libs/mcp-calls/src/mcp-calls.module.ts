import { ContextReader } from '@iris/context-cache';
import { CallJudge, EvidenceService, LOGGER, Modes, ShadowPolicy } from '@iris/decision';
import type { Logger } from '@iris/telemetry';
import { type DynamicModule, Module } from '@nestjs/common';
import { CallDecider } from './call-decider.js';
import { JudgedDecider, type JudgedDeciderOptions } from './judged-decider.js';

/** Longest name of a tool, in UTF-16 units. */
const MAX_NAME_LENGTH = 512;

/** Makes the `CallDecider` of an entry point, with the stages that it wires. */
@Module({})
export class McpCallsModule {
  static register(options: Omit<JudgedDeciderOptions, 'maxNameLength'>): DynamicModule {
    return {
      module: McpCallsModule,
      global: true,
      providers: [
        {
          provide: CallDecider,
          inject: [CallJudge, Modes, EvidenceService, ShadowPolicy, ContextReader, LOGGER],
          useFactory: (
            judge: CallJudge,
            modes: Modes,
            evidence: EvidenceService,
            shadow: ShadowPolicy | undefined,
            cache: ContextReader,
            logger: Logger,
          ) =>
            new JudgedDecider(
              { judge, modes, evidence, shadow, cache, logger },
              { ...options, maxNameLength: MAX_NAME_LENGTH },
            ),
        },
      ],
      exports: [CallDecider],
    };
  }
}
