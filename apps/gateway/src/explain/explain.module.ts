import type { Hook } from '@iris/contracts';
import {
  CATALOG,
  ContextService,
  type DecisionRequest,
  DecisionService,
  Modes,
  PolicyRevision,
  ToolPlans,
} from '@iris/decision';
import type { Catalog } from '@iris/tool-catalog';
import { type DynamicModule, Module } from '@nestjs/common';
import { Explainer } from '../protocol/explainer.js';
import { HookReader } from '../protocol/hook-reader.js';
import { ExplainService } from './explain.service.js';

@Module({})
export class ExplainModule {
  /** @param requestOf the request for decisions of a hook */
  static register(requestOf: (hook: Hook) => DecisionRequest): DynamicModule {
    return {
      module: ExplainModule,
      global: true,
      providers: [
        {
          provide: Explainer,
          inject: [HookReader, ContextService, DecisionService, ToolPlans, PolicyRevision, Modes, CATALOG],
          useFactory: (
            reader: HookReader,
            context: ContextService,
            decision: DecisionService,
            plans: ToolPlans,
            policies: PolicyRevision,
            modes: Modes,
            catalog: Catalog,
          ) => new ExplainService(reader, requestOf, context, decision, plans, policies, { modes, catalog }),
        },
      ],
      exports: [Explainer],
    };
  }
}
