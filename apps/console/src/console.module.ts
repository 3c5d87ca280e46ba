import type { DecisionLog } from '@iris/decision-log';
import type { Logger } from '@iris/telemetry';
import { type DynamicModule, Module } from '@nestjs/common';
import { APP_FILTER, APP_GUARD } from '@nestjs/core';
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
import { Arrivals } from './decisions/arrivals.js';
import { DecisionStreams } from './decisions/decision-stream.js';
import { DecisionsController } from './decisions/decisions.controller.js';
import { HealthController } from './health/health.controller.js';
import { LogWatch } from './health/log-watch.js';
import { SecurityReports } from './http/browser-security.js';
import { ProblemFilter } from './http/problem.filter.js';
import { DECISION_LOG } from './tokens.js';

/** What the console is built from, beside its settings. */
export interface ConsoleParts {
  readonly log: DecisionLog;
  readonly accessLog: AccessLog;
  readonly identifications: Identifications;
  readonly reports: SecurityReports;
  readonly hasPage: boolean;
  readonly logger: Logger;
}

@Module({})
class ConsoleModule {}

/** Builds the console. */
export function createConsoleModule(settings: ConsoleSettings, parts: ConsoleParts): DynamicModule {
  const { log, accessLog, identifications, reports, hasPage, logger } = parts;
  const publicOrigin = settings['http.publicUrl'];
  const sites = new CrossSiteGuard(keyOf(settings, 'csrf'), publicOrigin);
  const hosts = new ExpectedHost(publicOrigin, settings['access.methods'].includes('local'));
  const access = new AccessRecorder(accessLog, logger);
  const streams = new DecisionStreams(log, new Arrivals(log));
  const { oidc } = identifications;
  return {
    module: ConsoleModule,
    controllers: [
      ...[HealthController, MeController, DecisionsController],
      ...(oidc === undefined ? [] : [LoginController]),
    ],
    providers: [
      { provide: APP_GUARD, useValue: new AccessGuard(identifications.all, sites, hosts) },
      { provide: APP_FILTER, useValue: new ProblemFilter(logger, hasPage) },
      { provide: CrossSiteGuard, useValue: sites },
      { provide: ExpectedHost, useValue: hosts },
      { provide: OidcProvider, useValue: oidc?.provider },
      { provide: OidcSessions, useValue: oidc?.sessions },
      { provide: AccessRecorder, useValue: access },
      { provide: SecurityReports, useValue: reports },
      { provide: DECISION_LOG, useValue: log },
      { provide: DecisionStreams, useValue: streams },
      { provide: LogWatch, useValue: new LogWatch(log) },
    ],
  };
}
