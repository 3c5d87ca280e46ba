import { ConfigError, loadSettings, loadSourceRegistry, type SettingsSchema, type SettingsValues } from '@iris/config';
import { type ContextWriter, RefreshWorker } from '@iris/context-cache';
import { ENRICHER_PACKAGE, ENRICHER_SERVICE, EnricherServiceService, type SourceSettings } from '@iris/contracts';
import { NestFactory } from '@nestjs/core';
import { type MicroserviceOptions, Transport } from '@nestjs/microservices';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { HealthImplementation } from 'grpc-health-check';
import { AnswerChain } from '../answer-chain.js';
import type { EnricherDefinition, VendorSource } from '../enricher-definition.js';
import { meteredObserver } from '../enricher-observer.js';
import type { Logger } from '../logger.js';
import { BulkSync } from './bulk-sync.js';
import { EnricherModule } from './enricher.module.js';
import { EnricherHealth } from './enricher-health.js';
import { type KitSettings, kitSettings } from './kit.settings.js';
import { connectSharedRedis, type SharedRedis } from './shared-redis.js';
import { WebhookReceiver } from './webhook-receiver.js';

/** Largest push of a vendor, in bytes. */
const MAX_PUSH_BYTES = 1024 * 1024;
const SERVICE = `${ENRICHER_PACKAGE}.${ENRICHER_SERVICE}`;

/** An enricher that listens. */
export interface RunningEnricher {
  /** Where probes and webhooks are answered. */
  readonly httpUrl: string;
  /** host:port of the gRPC service. */
  readonly grpcAddress: string;
  /** Takes nothing new, waits for what is under way, and frees everything. */
  stop(): Promise<void>;
}

/** Background work that ends with the enricher. */
interface Job {
  close(): Promise<void>;
}

/**
 * Starts an enricher.
 *
 * @param environment normally `process.env`
 * @throws ConfigError for settings that cannot be used, and for a source that the registry does not have
 */
export async function startEnricher<S extends SettingsSchema>(
  definition: EnricherDefinition<S>,
  environment: Readonly<Record<string, string | undefined>>,
  makeLogger: (name: string, level: KitSettings['log.level']) => Logger,
): Promise<RunningEnricher> {
  const name = `enricher-${definition.id}`;
  const all = loadSettings({ ...kitSettings, ...definition.settings }, environment);
  const kit = all as KitSettings;
  const settings = registryEntry(definition.id, kit['sources.file']);
  const source = definition.create(all as SettingsValues<S>);
  const logger = makeLogger(name, kit['log.level']);

  const redis = connectSharedRedis(kit['redis.url'], name, logger);
  const observer = meteredObserver(definition.id);
  observer.circuitMoved('closed');
  const common = { id: definition.id, settings, source, observer, logger };
  const chain = new AnswerChain({ ...common, cache: redis?.cache });
  const writer: ContextWriter | undefined = redis?.cache.writer;
  const parts = {
    chain,
    health: new EnricherHealth(definition.id, chain, writer),
    webhooks: new WebhookReceiver({ ...common, writer, chain }),
  };

  const grpcAddress = `${kit['grpc.host']}:${kit['grpc.port']}`;
  const serving = new HealthImplementation({ '': 'NOT_SERVING', [SERVICE]: 'NOT_SERVING' });
  const app = await createApp(EnricherModule.with(parts), grpcAddress, serving);
  const jobs: Job[] = [];
  const stop = async () => {
    setServing(serving, 'NOT_SERVING');
    await app.close();
    await Promise.allSettled(jobs.map((job) => job.close()));
    await chain.settled();
    redis?.close();
    await source.close?.();
  };
  try {
    await app.startAllMicroservices();
    await app.listen(kit['http.port'], kit['http.host']);
  } catch (error) {
    await stop().catch(() => {});
    throw error;
  }
  if (redis !== undefined) {
    jobs.push(...startJobs({ ...common, chain, redis, intervalSeconds: kit['bulk.intervalSeconds'] }));
  }
  setServing(serving, 'SERVING');
  const httpUrl = await app.getUrl();
  logger.info({ grpcAddress, httpUrl, redis: redis !== undefined }, 'the enricher listens');
  return { httpUrl, grpcAddress, stop };
}

function registryEntry(id: EnricherDefinition<SettingsSchema>['id'], file: string): SourceSettings {
  const settings = loadSourceRegistry(file).sources[id];
  if (settings === undefined) throw new ConfigError(`configuration: ${file} has no source ${id}`);
  return settings;
}

async function createApp(
  module: ReturnType<typeof EnricherModule.with>,
  grpcAddress: string,
  serving: HealthImplementation,
): Promise<NestFastifyApplication> {
  const adapter = new FastifyAdapter({ bodyLimit: MAX_PUSH_BYTES, forceCloseConnections: 'idle' });
  const app = await NestFactory.create<NestFastifyApplication>(module, adapter, {
    logger: ['error', 'warn'],
    bodyParser: false,
    abortOnError: false,
  });
  // A push's signature is made of its bytes, so they are kept whatever their type.
  adapter.getInstance().addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
  adapter.getInstance().removeContentTypeParser(['application/json', 'text/plain']);
  app.connectMicroservice<MicroserviceOptions>({
    transport: Transport.GRPC,
    options: {
      package: ENRICHER_PACKAGE,
      packageDefinition: { [SERVICE]: EnricherServiceService },
      url: grpcAddress,
      gracefulShutdown: true,
      onLoadPackageDefinition: (_definition: unknown, server: Parameters<HealthImplementation['addToServer']>[0]) =>
        serving.addToServer(server),
    },
  });
  return app;
}

function setServing(serving: HealthImplementation, status: 'SERVING' | 'NOT_SERVING'): void {
  for (const service of ['', SERVICE]) serving.setStatus(service, status);
}

interface JobOptions {
  readonly id: EnricherDefinition<SettingsSchema>['id'];
  readonly settings: SourceSettings;
  readonly source: VendorSource;
  readonly observer: ReturnType<typeof meteredObserver>;
  readonly logger: Logger;
  readonly chain: AnswerChain;
  readonly redis: SharedRedis;
  readonly intervalSeconds: number;
}

function startJobs(options: JobOptions): Job[] {
  const { id, settings, source, observer, logger, chain, redis, intervalSeconds } = options;
  const jobs: Job[] = [
    new RefreshWorker({
      redis: redis.workerConnection,
      source: id,
      concurrency: settings.concurrency,
      refresh: (request) => chain.refresh(request),
      // The connection's faults are logged where they are noticed first.
      onError: () => {},
    }),
  ];
  if (source.bulk !== undefined && intervalSeconds > 0) {
    jobs.push(
      new BulkSync({
        id,
        settings,
        bulk: source.bulk.bind(source),
        writer: redis.cache.writer,
        redis: redis.workerConnection,
        intervalMs: intervalSeconds * 1000,
        observer,
        logger,
      }),
    );
  }
  return jobs;
}
