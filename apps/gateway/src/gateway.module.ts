import { loadSourceRegistry, readYamlFile } from '@iris/config';
import { connectRedis, redisAddress } from '@iris/context-cache';
import {
  ContextModule,
  DecisionModule,
  EffectsModule,
  EvidenceModule,
  JudgeModule,
  ModesModule,
  ShadowModule,
} from '@iris/decision';
import { parseGoldenChecks } from '@iris/pdp';
import { createLogger, type Logger } from '@iris/telemetry';
import { type DynamicModule, Module } from '@nestjs/common';
import { BreakGlassModule } from './break-glass/index.js';
import { ExplainModule } from './explain/index.js';
import { type GatewaySettings, hookLimitsOf, workerHeapMb } from './gateway.settings.js';
import { HealthModule } from './health/index.js';
import { HookHttpModule } from './http/index.js';
import { type MeshCertificates, openMeshCertificates } from './mesh-certificates.js';
import { openChain } from './open-chain.js';
import { decisionRequest, PipelineModule, ReadingModule } from './pipeline/index.js';
import { ResourcesModule } from './resources.module.js';
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
  const certificates = openMeshCertificates(settings, logger);
  const failureModes = { pre_request: settings['failure.preRequest'], pre_tool_use: settings['failure.preToolUse'] };
  return {
    module: GatewayModule,
    imports: [
      ResourcesModule.register(settings, certificates, logger),
      EffectsModule,
      ...decisionStages(settings, certificates, logger),
      BreakGlassModule.register({
        keys: settings['breakGlass.keys'],
        maxMinutes: settings['breakGlass.maxMinutes'],
        directory: settings['evidence.directory'],
      }),
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
      HealthModule.register({
        checks: parseGoldenChecks(readYamlFile(settings['pdp.goldenFile'])),
        requireStrict: settings['pdp.requireStrict'],
        policyVersion: settings['pdp.policyVersion'],
        failureModes,
      }),
      HookHttpModule.register({
        keys: { keys: settings['hook.keys'], logins: settings['agents.logins'], file: settings['hook.keysFile'] },
        identity: { trustedProxies: settings['agents.trustedProxies'] },
        maxBodyBytes: settings['hook.maxBodyBytes'],
        maxBufferedBytes: settings['limits.maxBufferedBytes'],
        explain: { allowed: settings['explain.keyNames'], budgetMs: settings['hook.budgetMs'] },
      }),
    ],
  };
}

/** The stages of `libs/decision`. */
function decisionStages(settings: GatewaySettings, certificates: MeshCertificates, logger: Logger): DynamicModule[] {
  const address = redisAddress(settings);
  const candidateVersion = settings['shadow.policyVersion'];
  return [
    ContextModule.register({
      sources: loadSourceRegistry(settings['sources.file']).sources,
      addresses: settings['sources.addresses'],
      certificates: certificates.sources,
      subscriber: () => address && connectRedis(address, { name: 'iris-gateway-invalidation' }),
      memoryEntries: settings['context.memoryEntries'],
      roles: { fromGroups: settings['roles.fromGroups'], capability: settings['roles.capability'] },
      budgetPercent: settings['context.budgetPercent'],
    }),
    DecisionModule.register({
      checks: {
        maxParamsBytes: settings['limits.maxParamsBytesPdp'],
        businessHours: {
          zones: settings['businessHours.zones'],
          days: settings['businessHours.days'],
          hours: settings['businessHours.hours'],
        },
      },
      plans: { maxEntries: settings['plans.memoryEntries'], ttlMs: settings['plans.lifeSeconds'] * 1000 },
      memory: {
        ttlSeconds: settings['verdicts.lifeSeconds'],
        maxEntries: settings['verdicts.memoryEntries'],
        onPolicyChange: settings['verdicts.onPolicyChange'],
      },
      candidateVersion,
    }),
    ModesModule.register({
      default: settings['mode.default'],
      byEvent: settings['mode.byEvent'],
      byCategory: settings['mode.byCategory'],
    }),
    EvidenceModule.register({
      masking: {
        hashKey: settings['evidence.hashKey'],
        keys: settings['evidence.maskKeys'],
        patterns: settings['evidence.maskPatterns'],
        maxBytes: settings['evidence.maxParamsBytes'],
      },
      spool: {
        directory: settings['evidence.directory'],
        maxBytes: settings['evidence.maxBytes'],
        onFull: settings['evidence.onFull'],
        segmentBytes: settings['evidence.segmentBytes'],
        segmentMs: settings['evidence.segmentSeconds'] * 1000,
        fsyncMs: settings['evidence.fsyncMs'],
        chain: openChain(settings, logger),
      },
      redis: address,
      connectionName: 'iris-gateway-evidence',
      attempts: settings['evidence.attempts'],
    }),
    ShadowModule.register(candidateVersion),
    JudgeModule.register({ maxNewCalls: settings['limits.maxNewCalls'] }),
  ];
}
