import type { RedisConnection } from '@iris/context-cache';
import type { Pdp } from '@iris/pdp';
import type { Catalog } from '@iris/tool-catalog';
import { type DynamicModule, Module } from '@nestjs/common';
import { EffectsOfCalls } from '../effects/index.js';
import type { PolicySelection } from '../shared/decided-call.js';
import { CANDIDATE } from '../shared/second-opinion.js';
import { CATALOG, PDP, POLICIES, REDIS } from '../shared/tokens.js';
import { type DecisionOptions, DecisionService } from './decision.service.js';
import { OneDecisionPerRequest } from './one-decision-per-request.js';
import { ToolPlans, type ToolPlansOptions } from './tool-plans.js';
import { VerdictMemory, type VerdictMemoryOptions } from './verdict-memory.js';

export interface DecisionModuleOptions {
  readonly checks: DecisionOptions;
  readonly plans: ToolPlansOptions;
  readonly memory: Omit<VerdictMemoryOptions, 'redis'>;
  /** Version of the candidate policies; absent when there are none. */
  readonly candidateVersion?: string;
}

@Module({})
export class DecisionModule {
  static register({ checks, plans, memory, candidateVersion }: DecisionModuleOptions): DynamicModule {
    const inject = [PDP, CATALOG, EffectsOfCalls, POLICIES];
    type Inputs = [Pdp, Catalog, EffectsOfCalls, PolicySelection];
    return {
      module: DecisionModule,
      global: true,
      providers: [
        {
          provide: DecisionService,
          inject,
          useFactory: (...inputs: Inputs) => new DecisionService(...inputs, checks),
        },
        {
          provide: CANDIDATE,
          inject,
          useFactory: (...[pdp, catalog, effects, policies]: Inputs) =>
            candidateVersion === undefined
              ? undefined
              : new DecisionService(pdp, catalog, effects, { ...policies, policyVersion: candidateVersion }, checks),
        },
        {
          provide: ToolPlans,
          inject: [PDP, CATALOG, POLICIES],
          useFactory: (pdp: Pdp, catalog: Catalog, policies: PolicySelection) =>
            new ToolPlans(pdp, catalog, policies, plans),
        },
        {
          provide: VerdictMemory,
          inject: [REDIS],
          useFactory: (redis?: RedisConnection) => new VerdictMemory({ ...memory, redis }),
        },
        {
          provide: OneDecisionPerRequest,
          inject: [REDIS],
          useFactory: (redis?: RedisConnection) => new OneDecisionPerRequest(redis),
        },
      ],
      exports: [DecisionService, CANDIDATE, ToolPlans, VerdictMemory, OneDecisionPerRequest],
    };
  }
}
