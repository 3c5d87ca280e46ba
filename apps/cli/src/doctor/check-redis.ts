import { bulkProgressKey, type RedisConnection } from '@iris/context-cache';
import { SOURCE_IDS } from '@iris/contracts';
import { CliFault } from '../exit-codes.js';
import { withRedis } from '../redis.js';
import type { ClockReading } from './check-clocks.js';
import type { CheckOutcome, Finding } from './findings.js';

const CHECK = 'redis';

/** Whether Redis answers and keeps what it is given. Reads its clock too. */
export async function checkRedis(
  url: string | undefined,
): Promise<{ readonly outcome: CheckOutcome; readonly clock?: ClockReading }> {
  if (url === undefined) return { outcome: { check: CHECK, notes: ['not checked: no --redis'], findings: [] } };
  try {
    return await withRedis(url, async (redis) => {
      const clock = await readClock(redis);
      const findings = [...(await evictionFindings(redis)), ...(await leftOutFindings(redis))];
      return { outcome: { check: CHECK, notes: ['answers'], findings }, clock };
    });
  } catch (error) {
    const detail = error instanceof CliFault ? error.message : 'a command failed';
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

/** A managed Redis may refuse CONFIG; then nothing is said. */
async function evictionFindings(redis: RedisConnection): Promise<Finding[]> {
  const reply = await redis.config('GET', 'maxmemory-policy').catch(() => []);
  const policy = Array.isArray(reply) ? reply[1] : undefined;
  if (typeof policy !== 'string' || policy === 'noeviction') return [];
  return [{ id: 'redis_evicts', subject: CHECK, detail: `maxmemory-policy is ${policy}` }];
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
