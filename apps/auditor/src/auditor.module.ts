import { connectRedis, connectRedisForWorker, reportRedis } from '@iris/context-cache';
import type { Logger } from '@iris/telemetry';
import { type DynamicModule, Module } from '@nestjs/common';
import type { AuditorSettings } from './auditor.settings.js';
import { EvidenceWorker } from './delivery/evidence-worker.js';
import { HealthController } from './health/health.controller.js';
import { openNotifier } from './notifications/open-notifier.js';
import { openSinks } from './sinks/open-sinks.js';

/** Longest wait for a command that is not a blocking one, in ms. */
const COMMAND_TIMEOUT_MS = 5000;

@Module({})
class AuditorModule {}

/**
 * Builds the auditor from its settings.
 *
 * @throws ConfigError in one line when no sink is set
 */
export function createAuditorModule(settings: AuditorSettings, logger: Logger): DynamicModule {
  const sinks = openSinks(settings, logger);
  const address = { url: settings['redis.url'], passwordFile: settings['redis.passwordFile'] };
  const redis = connectRedis(address, {
    name: 'iris-auditor',
    commandTimeoutMs: COMMAND_TIMEOUT_MS,
    onCondition: reportRedis('evidence', logger),
  });
  const worker = new EvidenceWorker({
    blocking: connectRedisForWorker(address, { name: 'iris-auditor-queue' }),
    redis,
    sinks,
    notifier: openNotifier(settings, redis, logger),
    concurrency: settings['delivery.concurrency'],
    lockMs: settings['delivery.lockSeconds'] * 1000,
    logger,
  });
  return {
    module: AuditorModule,
    controllers: [HealthController],
    providers: [{ provide: EvidenceWorker, useValue: worker }],
  };
}
