import { NetworkList } from '@iris/config';
import { entryPointModules } from '@iris/entry-point';
import { createLogger } from '@iris/telemetry';
import { type DynamicModule, Module } from '@nestjs/common';
import { ExplainModule } from './explain/index.js';
import { type GatewaySettings, hookLimitsOf, workerHeapMb } from './gateway.settings.js';
import { HookHttpModule } from './http/index.js';
import { decisionRequest, PipelineModule, ReadingModule } from './pipeline/index.js';
import { VerdictModule } from './verdict/index.js';

@Module({})
class GatewayModule {}

/**
 * Composes the stages from the settings.
 *
 * @throws Error in one line when the registry, the golden checks or a certificate cannot be used
 */
export function createGatewayModule(settings: GatewaySettings): DynamicModule {
  const logger = createLogger('gateway', settings['log.level']);
  const failureModes = { pre_request: settings['failure.preRequest'], pre_tool_use: settings['failure.preToolUse'] };
  return {
    module: GatewayModule,
    imports: [
      ...entryPointModules(settings, { name: 'gateway', failureModes, logger }),
      ReadingModule.register(hookLimitsOf(settings), {
        offloadAboveBytes: settings['limits.offloadAboveBytes'],
        threads: settings['workers.threads'],
        maxQueue: settings['workers.maxQueue'],
        maxHeapMb: workerHeapMb(settings),
      }),
      VerdictModule.register({
        onFailure: failureModes,
        onDeniedResult: settings['hook.onDeniedResult'],
      }),
      PipelineModule,
      ExplainModule.register(decisionRequest),
      HookHttpModule.register({
        keys: { keys: settings['hook.keys'], logins: settings['agents.logins'], file: settings['hook.keysFile'] },
        identity: { trustedProxies: new NetworkList(settings['agents.trustedProxies']) },
        maxBodyBytes: settings['hook.maxBodyBytes'],
        maxBufferedBytes: settings['limits.maxBufferedBytes'],
        explain: { allowed: settings['explain.keyNames'], budgetMs: settings['hook.budgetMs'] },
      }),
    ],
  };
}
