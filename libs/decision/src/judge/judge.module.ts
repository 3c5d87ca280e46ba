import { type DynamicModule, Module } from '@nestjs/common';
import { ContextService } from '../context/index.js';
import { DecisionService, OneDecisionPerRequest, ToolPlans, VerdictMemory } from '../decision/index.js';
import { EvidenceService } from '../evidence/index.js';
import { PolicyRevision } from '../shared/policy-revision.js';
import { CallJudge, type JudgeOptions } from './call-judge.js';

@Module({})
export class JudgeModule {
  static register(options: JudgeOptions): DynamicModule {
    return {
      module: JudgeModule,
      global: true,
      providers: [
        {
          provide: CallJudge,
          inject: [
            ContextService,
            DecisionService,
            ToolPlans,
            VerdictMemory,
            OneDecisionPerRequest,
            EvidenceService,
            PolicyRevision,
          ],
          useFactory: (
            context: ContextService,
            decision: DecisionService,
            plans: ToolPlans,
            memory: VerdictMemory,
            requests: OneDecisionPerRequest,
            evidence: EvidenceService,
            policies: PolicyRevision,
          ) => new CallJudge({ context, decision, plans, memory, requests, evidence }, policies, options),
        },
      ],
      exports: [CallJudge],
    };
  }
}
