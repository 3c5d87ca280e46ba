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
import type { Logger } from '@iris/telemetry';
import type { DynamicModule, Type } from '@nestjs/common';
import { BreakGlassModule } from './break-glass/index.js';
import type { DecisionSettings } from './decision.settings.js';
import { type FailureModes, HealthModule } from './health/index.js';
import { type MeshCertificates, openMeshCertificates } from './mesh-certificates.js';
import { openChain } from './open-chain.js';
import { ResourcesModule } from './resources.module.js';

export interface EntryPointOptions {
  /** Name of the app, for connections and logs, such as `gateway`. */
  readonly name: string;
  readonly failureModes: FailureModes;
  readonly logger: Logger;
}

/**
 * What every entry point imports: the resources, the stages of `libs/decision`, break-glass and health.
 *
 * @throws Error in one line when the registry, the golden checks, a key or a certificate cannot be used
 */
export function entryPointModules(
  settings: DecisionSettings,
  { name, failureModes, logger }: EntryPointOptions,
): (DynamicModule | Type)[] {
  const certificates = openMeshCertificates(settings, logger);
  return [
    ResourcesModule.register(settings, name, certificates, logger),
    EffectsModule,
    ...decisionStages(settings, name, certificates, logger),
    BreakGlassModule.register({
      keys: settings['breakGlass.keys'],
      maxMinutes: settings['breakGlass.maxMinutes'],
      directory: settings['evidence.directory'],
    }),
    HealthModule.register({
      checks: parseGoldenChecks(readYamlFile(settings['pdp.goldenFile'])),
      requireStrict: settings['pdp.requireStrict'],
      policyVersion: settings['pdp.policyVersion'],
      failureModes,
    }),
  ];
}

/** The stages of `libs/decision`. */
function decisionStages(
  settings: DecisionSettings,
  name: string,
  certificates: MeshCertificates,
  logger: Logger,
): DynamicModule[] {
  const address = redisAddress(settings);
  const candidateVersion = settings['shadow.policyVersion'];
  return [
    ContextModule.register({
      sources: loadSourceRegistry(settings['sources.file']).sources,
      addresses: settings['sources.addresses'],
      certificates: certificates.sources,
      subscriber: () => address && connectRedis(address, { name: `iris-${name}-invalidation` }),
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
      connectionName: `iris-${name}-evidence`,
      attempts: settings['evidence.attempts'],
    }),
    ShadowModule.register(candidateVersion),
    JudgeModule.register({ maxNewCalls: settings['limits.maxNewCalls'] }),
  ];
}
