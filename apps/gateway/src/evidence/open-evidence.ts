import { connectRedis, redisAddress, reportRedis } from '@iris/context-cache';
import { EvidenceService, type PolicySelection } from '@iris/decision';
import { EvidenceQueue, type EvidenceRecord, EvidenceShipper, EvidenceSpool, Masker } from '@iris/evidence';
import type { Logger } from '@iris/telemetry';
import type { GatewaySettings } from '../gateway.settings.js';
import { openChain } from './open-chain.js';

/** A batch may be large, and no decision waits for it, in ms. */
const COMMAND_TIMEOUT_MS = 5000;
/** For how long the end of the gateway waits for the delivery of what is spooled, in ms. */
const DRAIN_MS = 3000;

/** The evidence room and the way out of it. */
export interface Evidence {
  readonly service: EvidenceService;
  /** Ships what can be shipped soon; the rest stays in the spool for the next gateway. */
  close(): Promise<void>;
}

/**
 * Opens the spool, and ships from it when Redis is configured; without it segments stay where they are.
 *
 * @throws Error in one line when the folder cannot be written or a masking rule cannot be used
 */
export function openEvidence(
  settings: GatewaySettings,
  policies: PolicySelection,
  inForce: () => EvidenceRecord['revisions'],
  logger: Logger,
): Evidence {
  const masker = new Masker({
    hashKey: settings['evidence.hashKey'],
    keys: settings['evidence.maskKeys'],
    patterns: settings['evidence.maskPatterns'],
    maxBytes: settings['evidence.maxParamsBytes'],
  });
  const spool = new EvidenceSpool({
    directory: settings['evidence.directory'],
    maxBytes: settings['evidence.maxBytes'],
    onFull: settings['evidence.onFull'],
    segmentBytes: settings['evidence.segmentBytes'],
    segmentMs: settings['evidence.segmentSeconds'] * 1000,
    fsyncMs: settings['evidence.fsyncMs'],
    chain: openChain(settings, logger),
    onError: (error) => logger.error({ err: error }, 'evidence spool error'),
  });
  const service = new EvidenceService(spool, masker, policies, settings['evidence.onFull'], logger, inForce);
  const address = redisAddress(settings);
  if (address === undefined) return { service, close: async () => spool.close() };

  const redis = connectRedis(address, {
    name: 'iris-gateway-evidence',
    commandTimeoutMs: COMMAND_TIMEOUT_MS,
    onCondition: reportRedis('evidence', logger),
  });
  const queue = new EvidenceQueue(redis, settings['evidence.attempts']);
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
