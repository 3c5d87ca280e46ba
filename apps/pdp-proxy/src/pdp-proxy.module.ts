import type { RedisConnection } from '@iris/context-cache';
import { ContextService, closedOnShutdown, DecisionService, EvidenceService, LOGGER, REDIS } from '@iris/decision';
import { entryPointModules } from '@iris/entry-point';
import { type Certificates } from '@iris/grpc-tls';
import { CallDecider, McpCallsModule } from '@iris/mcp-calls';
import type { Logger } from '@iris/telemetry';
import { type DynamicModule, Module } from '@nestjs/common';
import { AuthZenController } from './authzen/authzen.controller.js';
import { AUTHZEN_METADATA, authzenMetadata } from './authzen/authzen-metadata.js';
import { Evaluations } from './authzen/evaluations.js';
import { People } from './authzen/people.js';
import { Search } from './authzen/search.js';
import { type OpenCallers, openCallers } from './callers/index.js';
import { CerbosController, REQUEST_BUDGET_MS } from './cerbos/cerbos.controller.js';
import { CerbosGrpc } from './cerbos/grpc-server.js';
import { DecideService } from './decide/index.js';
import { Enricher, readMapping } from './enrich/index.js';
import { ExtAuthzController } from './ext-authz/ext-authz.controller.js';
import { ExtAuthz } from './ext-authz/ext-authz.js';
import { ExtMcp } from './ext-authz/ext-mcp.js';
import { GatewayServices } from './ext-authz/gateway-services.js';
import { HttpChecks } from './ext-authz/http-checks.js';
import { McpChecks } from './ext-authz/mcp-checks.js';
import type { PdpProxySettings } from './pdp-proxy.settings.js';
import { PdpGrpc } from './upstream/pdp-grpc.js';
import { PdpHttp } from './upstream/pdp-http.js';

export const CALLERS = Symbol('callers');

@Module({})
class PdpProxyModule {}

/**
 * Composes the enriching PDP from its settings.
 *
 * @throws Error in one line when the callers, the mapping or a certificate cannot be used
 */
export function createPdpProxyModule(
  settings: PdpProxySettings,
  pdpTls: boolean | Certificates,
  logger: Logger,
): DynamicModule {
  const upstream = { tls: pdpTls, maxAnswerBytes: settings['request.maxAnswerBytes'] };
  const mapping = readMapping(settings['mapping.file']);
  return {
    module: PdpProxyModule,
    imports: [
      ...entryPointModules(settings, {
        name: 'pdp-proxy',
        failureModes: { pdp_check: 'closed', mcp_tools_call: 'closed' },
        logger,
      }),
      McpCallsModule.register({ budgetMs: settings['request.budgetMs'], onFailure: 'closed' }),
    ],
    controllers: [CerbosController, AuthZenController, ExtAuthzController],
    providers: [
      { provide: REQUEST_BUDGET_MS, useValue: settings['request.budgetMs'] },
      { provide: CALLERS, useFactory: () => openCallers(settings['callers.file'], logger) },
      { provide: PdpGrpc, useFactory: () => new PdpGrpc({ target: settings['pdp.target'], ...upstream }) },
      { provide: PdpHttp, useFactory: () => new PdpHttp({ url: settings['pdp.httpUrl'], ...upstream }) },
      {
        provide: Enricher,
        inject: [ContextService, DecisionService],
        useFactory: (context: ContextService, decisions: DecisionService) => new Enricher(context, decisions, mapping),
      },
      {
        provide: DecideService,
        inject: [Enricher, EvidenceService],
        useFactory: (enricher: Enricher, evidence: EvidenceService) => new DecideService(enricher, evidence),
      },
      {
        provide: CerbosGrpc,
        inject: [PdpGrpc, DecideService, CALLERS, LOGGER],
        useFactory: (pdp: PdpGrpc, decisions: DecideService, callers: OpenCallers, log: Logger) =>
          new CerbosGrpc(pdp, decisions, callers, log, {
            budgetMs: settings['request.budgetMs'],
            maxBytes: settings['request.maxBytes'],
          }),
      },
      { provide: AUTHZEN_METADATA, useValue: authzenMetadata(settings['authzen.publicUrl']) },
      {
        provide: Evaluations,
        inject: [DecideService, PdpGrpc],
        useFactory: (decisions: DecideService, pdp: PdpGrpc) => new Evaluations(decisions, pdp, mapping),
      },
      {
        provide: Search,
        inject: [Evaluations, REDIS],
        useFactory: (evaluations: Evaluations, redis?: RedisConnection) =>
          new Search(evaluations, new People(redis), mapping, { maxCandidates: settings['authzen.maxCandidates'] }),
      },
      {
        provide: McpChecks,
        inject: [CallDecider],
        useFactory: (decider: CallDecider) => new McpChecks(decider, settings['pdp.resourceKind']),
      },
      {
        provide: ExtAuthz,
        inject: [McpChecks, DecideService, PdpGrpc],
        useFactory: (mcp: McpChecks, decisions: DecideService, pdp: PdpGrpc) =>
          new ExtAuthz(mcp, new HttpChecks(decisions, pdp, mapping.gateways), mapping.gateways),
      },
      {
        provide: GatewayServices,
        inject: [ExtAuthz, McpChecks, LOGGER],
        useFactory: (extAuthz: ExtAuthz, mcp: McpChecks, log: Logger) =>
          new GatewayServices(extAuthz, new ExtMcp(mcp, mapping.gateways), settings['request.budgetMs'], log),
      },
      closedOnShutdown<OpenCallers>(CALLERS, (callers) => callers.close()),
      closedOnShutdown<PdpGrpc>(PdpGrpc, (pdp) => pdp.close()),
      closedOnShutdown<PdpHttp>(PdpHttp, (pdp) => pdp.close()),
    ],
  };
}
