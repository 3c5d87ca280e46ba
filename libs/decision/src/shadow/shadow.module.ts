import type { Logger } from '@iris/telemetry';
import { type DynamicModule, Module } from '@nestjs/common';
import { CANDIDATE, DifferenceRecorder, type SecondOpinion } from '../shared/second-opinion.js';
import { LOGGER } from '../shared/tokens.js';
import { ShadowPolicy } from './shadow-policy.js';

@Module({})
export class ShadowModule {
  /** @param candidateVersion version of the candidate policies; without one nothing is compared */
  static register(candidateVersion: string | undefined): DynamicModule {
    return {
      module: ShadowModule,
      global: true,
      providers: [
        {
          provide: ShadowPolicy,
          inject: [CANDIDATE, DifferenceRecorder, LOGGER],
          useFactory: (candidate: SecondOpinion | undefined, evidence: DifferenceRecorder, logger: Logger) =>
            candidate === undefined || candidateVersion === undefined
              ? undefined
              : new ShadowPolicy(candidate, evidence, candidateVersion, logger),
        },
      ],
      exports: [ShadowPolicy],
    };
  }
}
