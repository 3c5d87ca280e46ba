/**
 * The evidence part of a gateway as a process of its own: appends records under load by the built spool, and ships them.
 * The id of each record is noted in a file once `append` has returned, which is when a reply would leave. SIGTERM ends
 * the load and waits until everything is delivered.
 *
 * Environment: DIRECTORY, ACKS, REDIS_URL, MAX_BYTES, SEGMENT_MS, RECORDS_PER_TICK, LABEL.
 */
import { openSync, writeSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { v7 as uuidv7 } from 'uuid';
import { connectRedis } from '../../dist/libs/context-cache/src/index.js';
import { EvidenceQueue, EvidenceShipper, EvidenceSpool } from '../../dist/libs/evidence/src/index.js';
import { createLogger } from '../../dist/libs/telemetry/src/index.js';

const TICK_MS = 10;
const DRAIN_MS = 60_000;
const SESSIONS = 5;

const { DIRECTORY, ACKS, REDIS_URL, MAX_BYTES, SEGMENT_MS, RECORDS_PER_TICK, LABEL } = process.env;
const logger = createLogger(`gateway-${LABEL}`, 'warn');
const spool = new EvidenceSpool({
  directory: DIRECTORY,
  maxBytes: Number(MAX_BYTES),
  onFull: 'block',
  segmentBytes: 64 * 1024,
  segmentMs: Number(SEGMENT_MS),
  fsyncMs: 100,
  onError: (error) => logger.error({ err: error }, 'spool'),
});
const redis = connectRedis(REDIS_URL, { commandTimeoutMs: 2000 });
const queue = new EvidenceQueue(redis, 1000);
const shipper = new EvidenceShipper(spool, queue, logger);
const acks = openSync(ACKS, 'a');

let ending = false;
let refused = 0;
let notAccepting = 0;
process.once('SIGTERM', () => {
  ending = true;
});

let number = 0;
while (!ending) {
  for (let index = 0; index < Number(RECORDS_PER_TICK); index += 1) {
    if (!spool.accepting()) notAccepting += 1;
    const record = recordOf(number);
    try {
      spool.append([record]);
      writeSync(acks, `${record.id}\n`);
      number += 1;
    } catch (error) {
      refused += 1;
      if (refused === 1) process.stdout.write(`refused ${error.code ?? error.name}\n`);
    }
  }
  await sleep(TICK_MS);
}
await shipper.close(DRAIN_MS);
spool.close();
await queue.close();
redis.disconnect();
process.stdout.write(`end ${JSON.stringify({ bytes: spool.bytes, refused, notAccepting })}\n`);

function recordOf(position) {
  return {
    schema: 'iris.evidence.v1',
    id: uuidv7(),
    time: new Date().toISOString(),
    event: 'pre_request',
    phase: 'executed',
    hookKey: LABEL,
    sessionId: `session-${position % SESSIONS}`,
    principal: { id: 'ada@example.com', roles: ['user'], attr: {} },
    attributeOrigins: {},
    resource: { kind: 'aperture_hook', id: `call_${position}`, attr: { params: { filler: 'x'.repeat(300) } } },
    action: 'query',
    effect: 'ALLOW',
    reason: 'policy_allowed',
    mode: 'enforce',
    enforced: true,
    reply: 'allow',
    policy: { version: 'default', rules: [], derivedRoles: [], outputs: [] },
    durationsMs: { context: 1, pdp: 1, total: 2 },
  };
}
