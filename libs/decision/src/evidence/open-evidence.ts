import { connectRedis, type redisAddress, reportRedis } from '@iris/context-cache';
import { EvidenceQueue, EvidenceShipper, EvidenceSpool, Masker, type SpoolOptions } from '@iris/evidence';
import type { Logger } from '@iris/telemetry';
import type { PolicySelection } from '../shared/decided-call.js';
import type { PolicyRevision } from '../shared/policy-revision.js';
import { EvidenceService } from './evidence.service.js';

/** A batch may be large, and no decision waits for it, in ms. */
const COMMAND_TIMEOUT_MS = 5000;
/** How long the end of the process waits for the delivery of what is spooled, in ms. */
const DRAIN_MS = 3000;

export interface EvidenceOptions {
  readonly masking: ConstructorParameters<typeof Masker>[0];
  readonly spool: Omit<SpoolOptions, 'onError'>;
  /** Where the queue of deliveries is; undefined without Redis. */
  readonly redis: ReturnType<typeof redisAddress>;
  /** Name of the connection to Redis. */
  readonly connectionName: string;
  /** How often one delivery is tried. */
  readonly attempts: number;
}

/** The stage evidence with its delivery. */
export interface Evidence {
  readonly service: EvidenceService;
  /** Ships what can be shipped soon; the rest stays in the spool for the next process. */
  close(): Promise<void>;
}

/**
 * Opens the spool, and ships from it when Redis is configured; without it segments stay where they are.
 *
 * @throws Error in one line when the folder cannot be written or a masking rule cannot be used
 */
export function openEvidence(
  options: EvidenceOptions,
  policies: PolicySelection,
  revision: Pick<PolicyRevision, 'inForce'>,
  logger: Logger,
): Evidence {
  const masker = new Masker(options.masking);
  const spool = new EvidenceSpool({
    ...options.spool,
    onError: (error) => logger.error({ err: error }, 'evidence spool error'),
  });
  const service = new EvidenceService(spool, masker, policies, options.spool.onFull, logger, () => revision.inForce());
  if (options.redis === undefined) return { service, close: async () => spool.close() };

  const redis = connectRedis(options.redis, {
    name: options.connectionName,
    commandTimeoutMs: COMMAND_TIMEOUT_MS,
    onCondition: reportRedis('evidence', logger),
  });
  const queue = new EvidenceQueue(redis, options.attempts);
  const shipper = new EvidenceShipper(spool, queue, logger);
  return {
    service,
    close: async () => {
      // First the closing head, so that it is shipped with the rest.
      spool.end();
      await shipper.close(DRAIN_MS);
      spool.close();
      await queue.close();
      redis.disconnect();
    },
  };
}
