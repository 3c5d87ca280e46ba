import { bulkProgressKey, conditionOf, type RedisConnection } from '@iris/context-cache';
import { SOURCE_IDS } from '@iris/contracts';
import type { ClockReading } from './check-clocks.js';
import { type CheckOutcome, type Finding, skipped } from './findings.js';

const CHECK = 'redis';
const PROBE_KEY = 'iris:doctor:probe';

/** Does something with a connection. @throws Error when there is none */
export type WithRedis = <T>(use: (redis: RedisConnection) => Promise<T>) => Promise<T>;

/** Whether Redis answers and keeps what it is given. Reads its clock too. */
export async function checkRedis(
  withRedis: WithRedis | undefined,
): Promise<{ readonly outcome: CheckOutcome; readonly clock?: ClockReading }> {
  if (withRedis === undefined) return { outcome: skipped(CHECK, 'no --redis') };
  try {
    return await withRedis(async (redis) => {
      const clock = await readClock(redis);
      const findings = [
        ...(await writeFindings(redis)),
        ...(await memoryFindings(redis)),
        ...(await leftOutFindings(redis)),
      ];
      return { outcome: { check: CHECK, notes: ['answers'], findings }, clock };
    });
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    return { outcome: { check: CHECK, notes: [], findings: [{ id: 'redis_unreachable', subject: CHECK, detail }] } };
  }
}

async function readClock(redis: RedisConnection): Promise<ClockReading> {
  const before = Date.now();
  const [seconds, microseconds] = await redis.time();
  return {
    name: CHECK,
    theirs: Number(seconds) * 1000 + Number(microseconds) / 1000,
    before,
    after: Date.now(),
    resolutionMs: 1,
  };
}

/** Share of maxmemory from which a Redis that evicts nothing is close to refusing writes. */
const NEARLY_FULL = 0.9;

/** Source: Redis INFO, section memory: managed services that refuse CONFIG answer it. */
async function memoryFindings(redis: RedisConnection): Promise<Finding[]> {
  const fields = new Map(
    (await redis.info('memory')).split('\r\n').map((line) => {
      const [name = '', ...value] = line.split(':');
      return [name, value.join(':')] as const;
    }),
  );
  const [used, max] = [Number(fields.get('used_memory')), Number(fields.get('maxmemory'))];
  const policy = fields.get('maxmemory_policy');
  const findings: Finding[] = [];
  if (policy !== undefined && policy !== 'noeviction') {
    findings.push({ id: 'redis_evicts', subject: CHECK, detail: `maxmemory-policy is ${policy}` });
  }
  if (max > 0 && used >= NEARLY_FULL * max) {
    const detail = `${used} of ${max} bytes are used`;
    findings.push({ id: 'redis_nearly_full', subject: CHECK, detail });
  }
  return findings;
}

/** A write is the only proof that writes are accepted: INFO shows neither a replica's refusal nor a full disk. */
async function writeFindings(redis: RedisConnection): Promise<Finding[]> {
  try {
    await redis.set(PROBE_KEY, 'doctor', 'EX', 60);
    return [];
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const id = conditionOf({ message }) === 'out_of_memory' ? 'redis_out_of_memory' : 'redis_refuses_writes';
    return [{ id, subject: CHECK, detail: `a write was answered with: ${message}` }];
  }
}

/** Rows that the last bulk read of a source did not understand. */
async function leftOutFindings(redis: RedisConnection): Promise<Finding[]> {
  const rows = await Promise.all(SOURCE_IDS.map((id) => redis.hget(bulkProgressKey(id), 'rowsLeftOut')));
  return SOURCE_IDS.flatMap((subject, index): Finding[] =>
    Number(rows[index] ?? 0) > 0
      ? [{ id: 'source_rows_left_out', subject, detail: `the last bulk read left out ${rows[index]} rows` }]
      : [],
  );
}
