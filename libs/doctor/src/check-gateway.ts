import { z } from 'zod';
import { type ClockReading, clockOfReply } from './check-clocks.js';
import { type CheckOutcome, type Finding, skipped } from './findings.js';

const CHECK = 'gateway';
const TIMEOUT_MS = 5000;

const readinessSchema = z.looseObject({
  pdp: z.looseObject({ ready: z.boolean(), revision: z.string(), faults: z.array(z.string()) }),
  cache: z.looseObject({ redis: z.string(), redisCondition: z.string().optional() }),
});

/** Whether the gateway is ready, has the hook key, and permits it on the paths of Aperture. */
export async function checkGateway(
  url: string | undefined,
  hookKey: string | undefined,
): Promise<{ readonly outcome: CheckOutcome; readonly clock?: ClockReading }> {
  if (url === undefined) return { outcome: skipped(CHECK, 'no --gateway') };
  try {
    const before = Date.now();
    const response = await fetch(new URL('/readyz', url), { signal: AbortSignal.timeout(TIMEOUT_MS) });
    const clock = clockOfReply(CHECK, response, before);
    const readiness = readinessSchema.safeParse(await response.json());
    if (!readiness.success) throw new Error('/readyz answers something else than an Iris gateway does');
    const { pdp, cache } = readiness.data;
    const findings = pdp.faults.map((detail): Finding => ({ id: 'gateway_unready', subject: url, detail }));
    if (cache.redis !== 'ok') {
      findings.push({
        id: 'gateway_without_redis',
        subject: url,
        detail: ['the gateway reports that Redis is', cache.redis, cache.redisCondition].filter(Boolean).join(' '),
      });
    }
    findings.push(...(await keyFindings(url, hookKey)));
    const notes = [
      `answers, policies of revision ${pdp.revision || '(none stated)'}`,
      ...(hookKey === undefined ? ['the hook key is not checked: no IRIS_HOOK_KEY'] : []),
    ];
    return { outcome: { check: CHECK, notes, findings }, clock };
  } catch (error) {
    const detail = error instanceof Error ? String(error.cause ?? error.message) : 'no answer';
    return { outcome: { check: CHECK, notes: [], findings: [{ id: 'gateway_unreachable', subject: url, detail }] } };
  }
}

/** A what-if question without a body is refused for what it lacks by who knows the key: nothing is decided or recorded. */
async function keyFindings(url: string, hookKey: string | undefined): Promise<Finding[]> {
  if (hookKey === undefined) return [];
  const response = await fetch(new URL('/explain', url), {
    method: 'POST',
    headers: { authorization: `Bearer ${hookKey}`, 'content-type': 'application/json' },
    body: '{}',
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  await response.arrayBuffer();
  if (response.status === 401) {
    return [{ id: 'hook_key_wrong', subject: url, detail: 'the gateway has no such key' }];
  }
  // A gateway of an earlier version names no routes: its keys are permitted everywhere.
  const routes = response.headers.get('iris-hook-key-routes');
  if (routes === null || routes.split(',').some((route) => route.trim() === 'aperture')) return [];
  const detail = `the key is permitted on the routes ${routes}, and not on those of Aperture`;
  return [{ id: 'hook_key_not_permitted', subject: url, detail }];
}
