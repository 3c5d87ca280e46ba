import type { Check, Health } from '@iris/console-api';
import type { RedisConnection } from '@iris/context-cache';
import type { DecisionLog } from '@iris/decision-log';
import {
  type CheckOutcome,
  checkEnrichers,
  checkGateway,
  checkPdp,
  checkRedis,
  FINDINGS,
  type Finding,
  skipped,
} from '@iris/doctor';
import type { Certificates } from '@iris/grpc-tls';
import type { Logger } from '@iris/telemetry';
import type { ConsoleSettings } from '../console.settings.js';
import type { SecurityReports } from '../http/browser-security.js';

/** How long a result is used, in ms: the checks ask every part of the mesh. */
const KEPT_MS = 10_000;
const HOUR_MS = 3_600_000;

export interface MeshHealthParts {
  readonly log: DecisionLog;
  readonly redis: RedisConnection | undefined;
  readonly pdpTls: boolean | Certificates;
  readonly reports: SecurityReports;
  readonly logger: Logger;
}

/** The checks of `iris doctor` that the console can make, the decision log, and the sources by recent decisions. */
export class MeshHealth {
  private last: Promise<Health> | undefined;
  private checkedAt = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly settings: ConsoleSettings,
    private readonly parts: MeshHealthParts,
  ) {}

  read(now = performance.now()): Promise<Health> {
    if (this.last === undefined || now - this.checkedAt > KEPT_MS) {
      this.checkedAt = now;
      this.last = this.examine();
    }
    return this.last;
  }

  private async examine(): Promise<Health> {
    const [outcomes, log, sources] = await Promise.all([this.outcomes(), this.logState(), this.sources()]);
    return {
      checkedAt: new Date().toISOString(),
      checks: outcomes.map(checkOf),
      sources,
      log,
      securityReports: this.parts.reports.count,
    };
  }

  private async outcomes(): Promise<CheckOutcome[]> {
    const { settings } = this;
    const { redis, pdpTls } = this.parts;
    const [ofRedis, pdp, gateway, enrichers] = await Promise.all([
      this.checked('redis', async () => (await checkRedis(redis && ((use) => use(redis)))).outcome),
      this.checked('pdp', async () => {
        const options = {
          ...{ target: settings['pdp.target'], tls: pdpTls, policies: settings['policies.directory'] },
          ...{ goldenFile: settings['pdp.goldenFile'], kind: settings['pdp.resourceKind'] },
          ...{ policyVersion: settings['pdp.policyVersion'], scope: settings['pdp.scope'] ?? '' },
        };
        return (await checkPdp(options)).outcome;
      }),
      this.checked('gateway', async () => {
        const url = settings['health.gatewayUrl'];
        return url === undefined
          ? skipped('gateway', 'no health.gatewayUrl')
          : (await checkGateway(url, undefined)).outcome;
      }),
      this.enrichers(),
    ]);
    return [ofRedis, pdp, gateway, ...enrichers];
  }

  private async enrichers(): Promise<CheckOutcome[]> {
    const { settings } = this;
    if (!settings['health.enrichers']) return [skipped('enrichers', 'health.enrichers is false')];
    try {
      return await checkEnrichers({ registryFile: settings['sources.file'], addresses: settings['sources.addresses'] });
    } catch (error) {
      return [this.failed('enrichers', error)];
    }
  }

  private async checked(check: string, run: () => Promise<CheckOutcome>): Promise<CheckOutcome> {
    try {
      return await run();
    } catch (error) {
      return this.failed(check, error);
    }
  }

  /** A check that cannot be made is no check that found nothing. */
  private failed(check: string, error: unknown): CheckOutcome {
    this.parts.logger.warn({ err: error, check }, 'a check of the mesh failed');
    return skipped(
      check,
      `the check failed: ${error instanceof Error ? error.message.slice(0, 200) : 'unexpected error'}`,
    );
  }

  private async logState(): Promise<Health['log']> {
    try {
      const { rows, bytes, oldest, newest, lagSeconds } = await this.parts.log.status();
      return {
        state: 'ok',
        rows: Math.round(rows),
        bytes: Math.round(bytes),
        oldest: oldest?.toISOString(),
        newest: newest?.toISOString(),
        lagSeconds: lagSeconds?.p50,
      };
    } catch {
      return { state: 'unavailable' };
    }
  }

  private async sources(): Promise<Health['sources']> {
    const to = new Date();
    const values = await this.parts.log
      .values('source', { from: new Date(to.getTime() - HOUR_MS), to })
      .catch(() => []);
    const bySource = new Map<string, Health['sources'][number]['statuses']>();
    for (const { value, count } of values) {
      const [source = '', status = ''] = value.split(':');
      bySource.set(source, { ...bySource.get(source), [status]: count });
    }
    return [...bySource].map(([source, statuses]) => ({ source, statuses }));
  }
}

function checkOf({ check, notes, findings, warnings = [], skipped: why }: CheckOutcome): Check {
  const state =
    why !== undefined ? 'not_checked' : findings.length > 0 ? 'failing' : warnings.length > 0 ? 'warning' : 'ok';
  return {
    ...{ check, state, notes: [...notes] },
    findings: findings.map(withFix),
    warnings: warnings.map(withFix),
    skipped: why,
  };
}

function withFix({ id, subject, detail }: Finding) {
  return { id, subject, detail, fix: FINDINGS[id] };
}
