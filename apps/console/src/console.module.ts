import type { RedisConnection } from '@iris/context-cache';
import type { DecisionLog } from '@iris/decision-log';
import type { Certificates } from '@iris/grpc-tls';
import type { Pdp } from '@iris/pdp';
import type { Logger } from '@iris/telemetry';
import type { Catalog } from '@iris/tool-catalog';
import { type DynamicModule, Module, type Provider } from '@nestjs/common';
import { APP_FILTER, APP_GUARD } from '@nestjs/core';
import { AccessController } from './access/access.controller.js';
import { AccessGuard } from './access/access.guard.js';
import { type AccessLog, AccessRecorder } from './access/access-record.js';
import { CrossSiteGuard } from './access/csrf.js';
import { ExpectedHost } from './access/expected-host.js';
import { MeController } from './access/me.controller.js';
import { LoginController } from './access/oidc/login.controller.js';
import { OidcProvider } from './access/oidc/oidc-provider.js';
import { OidcSessions } from './access/oidc/oidc-sessions.js';
import type { Identifications } from './access/open-identifications.js';
import { keyOf } from './access/session-key.js';
import type { ConsoleSettings } from './console.settings.js';
import { AskAgain } from './decision/ask-again.js';
import { DecisionController } from './decision/decision.controller.js';
import { PolicyReader } from './decision/policy-reader.js';
import { Arrivals } from './decisions/arrivals.js';
import { DecisionStreams } from './decisions/decision-stream.js';
import { DecisionsController } from './decisions/decisions.controller.js';
import { HealthController } from './health/health.controller.js';
import { LogWatch } from './health/log-watch.js';
import { MeshHealthController } from './health/mesh-health.controller.js';
import { MeshHealth } from './health/mesh-health.js';
import type { SecurityReports } from './http/browser-security.js';
import { ProblemFilter } from './http/problem.filter.js';
import { ContextNow } from './people/context-now.js';
import { PeopleController } from './people/people.controller.js';
import { ToolsOfPerson } from './people/tools-of-person.js';
import { Differences } from './policies/differences.js';
import { PoliciesController } from './policies/policies.controller.js';
import { ACCESS_LOG, DECISION_LOG, RESOURCE_KIND, TRACE_URL_TEMPLATE } from './tokens.js';

/** What the console asks. */
export interface ConsoleBackends {
  readonly log: DecisionLog;
  readonly accessLog: AccessLog;
  /** Without one there are no facts of people. */
  readonly redis: RedisConnection | undefined;
  readonly pdp: Pdp;
  readonly pdpTls: boolean | Certificates;
  readonly catalog: Catalog;
}

/** What the console is built from, beside its settings. */
export interface ConsoleParts extends ConsoleBackends {
  readonly identifications: Identifications;
  readonly reports: SecurityReports;
  readonly hasPage: boolean;
  readonly logger: Logger;
}

@Module({})
class ConsoleModule {}

/** Builds the console. */
export function createConsoleModule(settings: ConsoleSettings, parts: ConsoleParts): DynamicModule {
  const isLoginPossible = parts.identifications.oidc !== undefined;
  return {
    module: ConsoleModule,
    controllers: [
      ...[HealthController, MeController, AccessController, MeshHealthController],
      ...[DecisionsController, DecisionController, PeopleController, PoliciesController],
      ...(isLoginPossible ? [LoginController] : []),
    ],
    providers: [...accessProviders(settings, parts), ...viewProviders(settings, parts)],
  };
}

function accessProviders(
  settings: ConsoleSettings,
  { accessLog, identifications, hasPage, logger }: ConsoleParts,
): Provider[] {
  const publicOrigin = settings['http.publicUrl'];
  const sites = new CrossSiteGuard(keyOf(settings, 'csrf'), publicOrigin);
  const hosts = new ExpectedHost(publicOrigin, settings['access.methods'].includes('local'));
  return [
    { provide: APP_GUARD, useValue: new AccessGuard(identifications.all, sites, hosts) },
    { provide: APP_FILTER, useValue: new ProblemFilter(logger, hasPage) },
    { provide: CrossSiteGuard, useValue: sites },
    { provide: ExpectedHost, useValue: hosts },
    { provide: OidcProvider, useValue: identifications.oidc?.provider },
    { provide: OidcSessions, useValue: identifications.oidc?.sessions },
    { provide: ACCESS_LOG, useValue: accessLog },
    { provide: AccessRecorder, useValue: new AccessRecorder(accessLog, logger) },
  ];
}

function viewProviders(settings: ConsoleSettings, parts: ConsoleParts): Provider[] {
  const { log, redis, pdp, catalog, logger } = parts;
  const context = new ContextNow(redis);
  const policies = settings['policies.directory'];
  const selection = {
    resourceKind: settings['pdp.resourceKind'],
    policyVersion: settings['pdp.policyVersion'],
    scope: settings['pdp.scope'] ?? '',
  };
  const businessHours = {
    zones: settings['businessHours.zones'],
    days: settings['businessHours.days'],
    hours: settings['businessHours.hours'],
  };
  return [
    { provide: DECISION_LOG, useValue: log },
    { provide: TRACE_URL_TEMPLATE, useValue: settings['trace.urlTemplate'] },
    { provide: RESOURCE_KIND, useValue: selection.resourceKind },
    { provide: DecisionStreams, useValue: new DecisionStreams(log, new Arrivals(log)) },
    { provide: LogWatch, useValue: new LogWatch(log) },
    { provide: PolicyReader, useValue: new PolicyReader(policies, logger) },
    { provide: AskAgain, useValue: new AskAgain(pdp, businessHours) },
    { provide: ContextNow, useValue: context },
    { provide: ToolsOfPerson, useValue: new ToolsOfPerson(log, pdp, catalog, context, selection) },
    { provide: Differences, useValue: new Differences(log, pdp, policies, logger) },
    { provide: MeshHealth, useValue: new MeshHealth(settings, parts) },
  ];
}
