import { closedOnShutdown, LOGGER } from '@iris/decision';
import type { Logger } from '@iris/telemetry';
import { type DynamicModule, Module } from '@nestjs/common';
import type { AgentIdentityRules } from './agent-identity.js';
import { ApertureHealthController } from './aperture-health.controller.js';
import { BufferedBytes } from './buffered-bytes.js';
import { EXPLAIN_ACCESS, type ExplainAccess, ExplainController } from './explain.controller.js';
import { AGENT_IDENTITY_RULES, BODY_LIMITS, type BodyLimits, HookController } from './hook.controller.js';
import { HookKeys } from './hook-keys.js';
import { type HookKeySettings, type OpenHookKeys, openHookKeys } from './open-hook-keys.js';

export interface HookHttpOptions {
  readonly keys: HookKeySettings;
  readonly identity: AgentIdentityRules;
  readonly maxBodyBytes: number;
  /** Bytes of all hook bodies in memory. */
  readonly maxBufferedBytes: number;
  readonly explain: Pick<ExplainAccess, 'allowed' | 'budgetMs'>;
}

const OPEN_HOOK_KEYS = Symbol('open hook keys');

/** The routes of hooks and of explanations. */
@Module({})
export class HookHttpModule {
  static register(options: HookHttpOptions): DynamicModule {
    const { maxBodyBytes } = options;
    return {
      module: HookHttpModule,
      controllers: [HookController, ExplainController, ApertureHealthController],
      providers: [
        {
          provide: OPEN_HOOK_KEYS,
          inject: [LOGGER],
          useFactory: (logger: Logger) => openHookKeys(options.keys, logger),
        },
        { provide: HookKeys, inject: [OPEN_HOOK_KEYS], useFactory: ({ keys }: OpenHookKeys) => keys },
        { provide: AGENT_IDENTITY_RULES, useValue: options.identity },
        {
          provide: BODY_LIMITS,
          useFactory: (): BodyLimits => ({
            maxBodyBytes,
            buffered: new BufferedBytes(Math.max(options.maxBufferedBytes, maxBodyBytes)),
          }),
        },
        {
          provide: EXPLAIN_ACCESS,
          inject: [HookKeys, BODY_LIMITS],
          useFactory: (keys: HookKeys, bodies: BodyLimits): ExplainAccess => ({ keys, bodies, ...options.explain }),
        },
        closedOnShutdown<OpenHookKeys>(OPEN_HOOK_KEYS, (keys) => keys.close()),
      ],
    };
  }
}
