import { irisVersion, loadSourceRegistry, readYamlFile } from '@iris/config';
import { ContextReader, connectRedis, RefreshQueue, redisAddress, reportRedis } from '@iris/context-cache';
import {
  ContextService,
  DecisionService,
  EffectsOfCalls,
  EnricherClient,
  enabledSources,
  Modes,
  OneDecisionPerRequest,
  type PolicySelection,
  ShadowPolicy,
  ToolPlans,
  VerdictMemory,
} from '@iris/decision';
import { CerbosPdp, parseGoldenChecks } from '@iris/pdp';
import { createLogger } from '@iris/telemetry';
import { type DynamicModule, Module, type OnApplicationShutdown } from '@nestjs/common';
import { openBreakGlass } from './break-glass/open-break-glass.js';
import { openEvidence } from './evidence/open-evidence.js';
import { EXPLAIN_ACCESS, type ExplainAccess, ExplainController } from './explain/explain.controller.js';
import { ExplainService } from './explain/explain.service.js';
import { type GatewaySettings, hookLimitsOf, workerHeapMb } from './gateway.settings.js';
import { HEALTH_FACTS, HealthController, type HealthFacts } from './health/health.controller.js';
import { PdpWatch } from './health/pdp-watch.js';
import { WiringWarnings } from './hook/wiring-warnings.js';
import { BufferedBytes } from './http/buffered-bytes.js';
import { AGENT_IDENTITY_RULES, BODY_LIMITS, type BodyLimits, HookController } from './http/hook.controller.js';
import { HookKeys } from './http/hook-keys.js';
import { openHookKeys } from './http/open-hook-keys.js';
import { openMeshCertificates } from './mesh-certificates.js';
import { openCatalog } from './open-catalog.js';
import { HistoryHookReader } from './pipeline/history-hook-reader.js';
import { HookWalk } from './pipeline/hook-pipeline.js';
import { PooledHookReader } from './pipeline/pooled-hook-reader.js';
import { RecognisingHookReader } from './pipeline/recognising-hook-reader.js';

/** For how long Redis is not read again for the same principal, in ms. Entries' own limits hold all the same. */
const L1_MS = 1000;

/** Ends what the module opened, after the last hook was answered. */
class GatewayResources implements OnApplicationShutdown {
  constructor(private readonly closers: readonly (() => unknown)[]) {}

  async onApplicationShutdown(): Promise<void> {
    await Promise.allSettled(this.closers.map(async (close) => close()));
  }
}

@Module({})
class GatewayModule {}

/**
 * Builds the gateway from its settings.
 *
 * @throws Error in one line when the registry, the catalog or the golden checks cannot be used
 */
export function createGatewayModule(settings: GatewaySettings): DynamicModule {
  const logger = createLogger('gateway', settings['log.level']);
  const policies: PolicySelection = {
    resourceKind: settings['pdp.resourceKind'],
    policyVersion: settings['pdp.policyVersion'],
    scope: settings['pdp.scope'] ?? '',
  };
  const registry = loadSourceRegistry(settings['sources.file']);
  const opened = openCatalog(settings['catalog.file'], logger);
  const { catalog } = opened;
  const certificates = openMeshCertificates(settings, logger);
  const pdp = new CerbosPdp({ target: settings['pdp.target'], tls: certificates.pdp });

  const address = redisAddress(settings);
  const redis = address && connectRedis(address, { name: 'iris-gateway', onCondition: reportRedis('cache', logger) });
  const subscriber = address && connectRedis(address, { name: 'iris-gateway-invalidation' });
  const reader = new ContextReader({ redis, subscriber, maxKeys: settings['context.memoryEntries'], l1Ms: L1_MS });
  const refreshes = redis === undefined ? undefined : new RefreshQueue(redis);
  const sources = enabledSources(
    registry.sources,
    (id, source) => new EnricherClient(settings['sources.addresses'][id] ?? source.address, certificates.sources),
  );

  const pdpWatch = new PdpWatch(
    pdp,
    {
      checks: parseGoldenChecks(readYamlFile(settings['pdp.goldenFile'])),
      requireStrict: settings['pdp.requireStrict'],
      policyVersion: policies.policyVersion,
    },
    logger,
  );
  const effects = new EffectsOfCalls(catalog);
  const context = new ContextService(reader, sources, catalog, effects, refreshes, {
    roles: { fromGroups: settings['roles.fromGroups'], capability: settings['roles.capability'] },
    budgetPercent: settings['context.budgetPercent'],
  });
  const version = irisVersion();
  const inForce = () => ({
    iris: version,
    ...(pdpWatch.revision === '' ? {} : { policies: pdpWatch.revision }),
    ...(pdpWatch.version === undefined ? {} : { pdp: pdpWatch.version }),
    catalog: catalog.revision,
  });
  const evidence = openEvidence(settings, policies, inForce, logger);
  const breakGlass = openBreakGlass(settings, redis, evidence.service, logger);
  const decisionOptions = {
    maxParamsBytes: settings['limits.maxParamsBytesPdp'],
    businessHours: {
      zones: settings['businessHours.zones'],
      days: settings['businessHours.days'],
      hours: settings['businessHours.hours'],
    },
  };
  const decision = new DecisionService(pdp, catalog, effects, policies, decisionOptions);
  const plans = new ToolPlans(pdp, catalog, policies, {
    maxEntries: settings['plans.memoryEntries'],
    lifeMs: settings['plans.lifeSeconds'] * 1000,
  });
  const modes = new Modes(
    {
      default: settings['mode.default'],
      byEvent: settings['mode.byEvent'],
      byCategory: settings['mode.byCategory'],
    },
    catalog,
    () => breakGlass?.active,
  );
  const pooledReader = new PooledHookReader(
    hookLimitsOf(settings),
    {
      offloadAboveBytes: settings['limits.offloadAboveBytes'],
      threads: settings['workers.threads'],
      maxQueue: settings['workers.maxQueue'],
      maxHeapMb: workerHeapMb(settings),
    },
    logger,
  );
  const hookReader = new HistoryHookReader(new RecognisingHookReader(pooledReader, catalog, logger), effects);
  const hookKeys = openHookKeys(
    { keys: settings['hook.keys'], logins: settings['agents.logins'], file: settings['hook.keysFile'] },
    logger,
  );
  const bodies: BodyLimits = {
    maxBodyBytes: settings['hook.maxBodyBytes'],
    buffered: new BufferedBytes(Math.max(settings['limits.maxBufferedBytes'], settings['hook.maxBodyBytes'])),
  };
  const explainAccess: ExplainAccess = {
    keys: hookKeys.keys,
    bodies,
    allowed: settings['explain.keyNames'],
    budgetMs: settings['hook.budgetMs'],
  };
  const candidate = settings['shadow.policyVersion'];
  const shadow =
    candidate === undefined
      ? undefined
      : new ShadowPolicy(
          new DecisionService(pdp, catalog, effects, { ...policies, policyVersion: candidate }, decisionOptions),
          evidence.service,
          candidate,
          logger,
        );
  // Both decide what a call is allowed to do, so a change of either is a change of policy.
  const revisions = {
    get revision() {
      return `${pdpWatch.revision}/${catalog.revision}`;
    },
  };
  const walk = new HookWalk(
    hookReader,
    context,
    decision,
    plans,
    new VerdictMemory({
      redis,
      lifeSeconds: settings['verdicts.lifeSeconds'],
      maxEntries: settings['verdicts.memoryEntries'],
      onPolicyChange: settings['verdicts.onPolicyChange'],
    }),
    new OneDecisionPerRequest(redis),
    evidence.service,
    new WiringWarnings(logger),
    revisions,
    shadow,
    {
      modes,
      onFailure: { pre_request: settings['failure.preRequest'], pre_tool_use: settings['failure.preToolUse'] },
      onDeniedResult: settings['hook.onDeniedResult'],
      maxNewCalls: settings['limits.maxNewCalls'],
    },
    logger,
  );

  return {
    module: GatewayModule,
    controllers: [HookController, HealthController, ExplainController],
    providers: [
      { provide: HookWalk, useValue: walk },
      {
        provide: AGENT_IDENTITY_RULES,
        useValue: { trustedProxies: settings['agents.trustedProxies'] },
      },
      { provide: BODY_LIMITS, useValue: bodies },
      { provide: HookKeys, useValue: hookKeys.keys },
      { provide: PdpWatch, useValue: pdpWatch },
      {
        provide: HEALTH_FACTS,
        useValue: {
          failureModes: { pre_request: settings['failure.preRequest'], pre_tool_use: settings['failure.preToolUse'] },
          breakGlass,
        } satisfies HealthFacts,
      },
      { provide: EXPLAIN_ACCESS, useValue: explainAccess },
      {
        provide: ExplainService,
        useValue: new ExplainService(hookReader, context, decision, plans, pdpWatch, { modes, catalog }),
      },
      { provide: ContextReader, useValue: reader },
      {
        provide: GatewayResources,
        useValue: new GatewayResources([
          () => opened.close(),
          () => breakGlass?.close(),
          () => reader.close(),
          () => refreshes?.close(),
          () => redis?.disconnect(),
          () => subscriber?.disconnect(),
          () => pdp.close(),
          () => certificates.close(),
          () => evidence.close(),
          () => hookKeys.close(),
          () => pooledReader.close(),
          ...sources.map(
            ({ client }) =>
              () =>
                client.close(),
          ),
        ]),
      },
    ],
  };
}
