import { ConfigError, loadSettings, loadSourceRegistry, type SettingsSchema, type SettingsValues } from '@iris/config';
import { CallBudget, RefreshWorker, redisAddress } from '@iris/context-cache';
import { ENRICHER_PACKAGE, ENRICHER_SERVICE, EnricherServiceService, type SourceSettings } from '@iris/contracts';
import { Certificates, certificateFiles, serverCredentials } from '@iris/grpc-tls';
import { NestFactory } from '@nestjs/core';
import { type MicroserviceOptions, Transport } from '@nestjs/microservices';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { HealthImplementation } from 'grpc-health-check';
import { AnswerChain } from '../answer-chain.js';
import type { EnricherDefinition, VendorSource } from '../enricher-definition.js';
import { meteredObserver } from '../enricher-observer.js';
import { IdentityMap } from '../identity-map.js';
import type { Logger } from '../logger.js';
import { BulkSync } from './bulk-sync.js';
import { EnricherModule } from './enricher.module.js';
import { EnricherHealth } from './enricher-health.js';
import { type KitSettings, kitSettings } from './kit.settings.js';
import { ProblemFilter } from './problem.filter.js';
import { connectSharedRedis, type SharedRedis } from './shared-redis.js';
import { WebhookReceiver } from './webhook-receiver.js';

/** Largest webhook request of a vendor, in bytes. */
const MAX_WEBHOOK_BYTES = 1024 * 1024;
const SERVICE = `${ENRICHER_PACKAGE}.${ENRICHER_SERVICE}`;

/** An enricher that listens. */
export interface RunningEnricher {
  /** Where probes and webhooks are answered. */
  readonly httpUrl: string;
  /** host:port of the gRPC service. */
  readonly grpcAddress: string;
  /** Takes nothing new, waits for what is in flight, and frees everything. */
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
  const logger = makeLogger(name, kit['log.level']);
  const files = certificateFiles(kit, 'grpc.tls', 'server');
  const certificates = files && new Certificates(files, (message) => logger.error({}, message));
  const budget = new CallBudget();
  const source = definition.create(all as SettingsValues<S>, { budget });

  const redis = connectSharedRedis(redisAddress(kit), name, logger);
  if (redis !== undefined) budget.shareBy(redis.connection);
  const observer = meteredObserver(definition.id);
  observer.circuitMoved('closed');
  const identity = new IdentityMap(definition.id, kit);
  const common = { id: definition.id, settings, source, identity, observer, logger };
  const chain = new AnswerChain({ ...common, cache: redis?.cache });
  let bulk: BulkSync | undefined;
  const parts = {
    chain,
    health: new EnricherHealth(definition.id, chain, redis?.connection, () => bulk?.leftOutRows ?? 0),
    webhooks: new WebhookReceiver({
      ...common,
      chain,
      readAll: async () => bulk?.runSoon(),
      shared: redis && { ...redis.cache, pushes: redis.pushes },
    }),
  };

  const host = kit['grpc.host'];
  const grpcAddress = `${host.includes(':') ? `[${host}]` : host}:${kit['grpc.port']}`;
  const serving = new HealthImplementation({ '': 'NOT_SERVING', [SERVICE]: 'NOT_SERVING' });
  const app = await createApp(EnricherModule.with(parts), grpcAddress, certificates, serving);
  const jobs: Job[] = [];
  const stop = async () => {
    setServing(serving, 'NOT_SERVING');
    await app.close();
    await Promise.allSettled(jobs.map((job) => job.close()));
    await chain.settled();
    redis?.close();
    await source.close?.();
    certificates?.close();
  };
  try {
    await app.startAllMicroservices();
    await app.listen(kit['http.port'], kit['http.host']);
  } catch (error) {
    await stop().catch(() => {});
    throw error;
  }
  if (redis !== undefined) {
    bulk = startBulk(common, redis, kit['bulk.intervalSeconds'] ?? settings.bulkSeconds);
    jobs.push(startRefreshes(common, chain, redis), ...(bulk === undefined ? [] : [bulk]));
  }
  setServing(serving, 'SERVING');
  const httpUrl = await app.getUrl();
  logger.info({ grpcAddress, httpUrl, redis: redis !== undefined }, 'enricher listening');
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
  certificates: Certificates | undefined,
  serving: HealthImplementation,
): Promise<NestFastifyApplication> {
  const adapter = new FastifyAdapter({ bodyLimit: MAX_WEBHOOK_BYTES, forceCloseConnections: 'idle' });
  const app = await NestFactory.create<NestFastifyApplication>(module, adapter, {
    logger: ['error', 'warn'],
    bodyParser: false,
    abortOnError: false,
  });
  app.useGlobalFilters(new ProblemFilter());
  // A webhook's signature is made of its bytes, so they are kept whatever their type.
  adapter.getInstance().addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
  adapter.getInstance().removeContentTypeParser(['application/json', 'text/plain']);
  app.connectMicroservice<MicroserviceOptions>({
    transport: Transport.GRPC,
    options: {
      package: ENRICHER_PACKAGE,
      packageDefinition: { [SERVICE]: EnricherServiceService },
      url: grpcAddress,
      credentials: serverCredentials(certificates),
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
  readonly identity: IdentityMap;
  readonly observer: ReturnType<typeof meteredObserver>;
  readonly logger: Logger;
}

function startRefreshes({ id, settings }: JobOptions, chain: AnswerChain, redis: SharedRedis): RefreshWorker {
  return new RefreshWorker({
    redis: redis.workerConnection,
    source: id,
    concurrency: settings.concurrency,
    refresh: (request) => chain.refresh(request),
    // The connection's errors are logged where they are noticed first.
    onError: () => {},
  });
}

/** @returns undefined when the vendor has no bulk read, or none is wanted */
function startBulk(common: JobOptions, redis: SharedRedis, intervalSeconds: number): BulkSync | undefined {
  const { source } = common;
  if (source.bulk === undefined || intervalSeconds <= 0) return undefined;
  return new BulkSync({
    ...common,
    bulk: source.bulk.bind(source),
    bulkSince: source.bulkSince?.bind(source),
    store: redis.cache,
    redis: redis.workerConnection,
    intervalMs: intervalSeconds * 1000,
  });
}
