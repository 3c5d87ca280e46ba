import type { Logger } from '@iris/telemetry';
import { type DynamicModule, Module } from '@nestjs/common';
import { closedOnShutdown } from '../shared/closed-on-shutdown.js';
import type { PolicySelection } from '../shared/decided-call.js';
import { PolicyRevision } from '../shared/policy-revision.js';
import { DifferenceRecorder } from '../shared/second-opinion.js';
import { LOGGER, POLICIES } from '../shared/tokens.js';
import { EvidenceService } from './evidence.service.js';
import { type Evidence, type EvidenceOptions, openEvidence } from './open-evidence.js';

const EVIDENCE = Symbol('evidence');

@Module({})
export class EvidenceModule {
  static register(options: EvidenceOptions): DynamicModule {
    return {
      module: EvidenceModule,
      global: true,
      providers: [
        {
          provide: EVIDENCE,
          inject: [POLICIES, PolicyRevision, LOGGER],
          useFactory: (policies: PolicySelection, revision: PolicyRevision, logger: Logger) =>
            openEvidence(options, policies, revision, logger),
        },
        { provide: EvidenceService, inject: [EVIDENCE], useFactory: ({ service }: Evidence) => service },
        { provide: DifferenceRecorder, useExisting: EvidenceService },
        closedOnShutdown<Evidence>(EVIDENCE, (evidence) => evidence.close()),
      ],
      exports: [EvidenceService, DifferenceRecorder],
    };
  }
}
