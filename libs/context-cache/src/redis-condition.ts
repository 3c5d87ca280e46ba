import type { RedisCondition } from '@iris/contracts';

/** The first word of an error reply, which is its code (Redis protocol, "Simple errors"). */
const CONDITION_BY_CODE: Readonly<Record<string, RedisCondition>> = {
  NOAUTH: 'unauthenticated',
  WRONGPASS: 'unauthenticated',
  NOPERM: 'not_permitted',
  READONLY: 'replica',
  LOADING: 'loading',
  OOM: 'out_of_memory',
  MISCONF: 'not_persisting',
  NOREPLICAS: 'not_persisting',
  MOVED: 'moved',
  ASK: 'moved',
  CLUSTERDOWN: 'cluster_down',
  MASTERDOWN: 'cluster_down',
};
/** Redis before 7 quotes a code inside the error of a script, ioredis inside those of a redirection or a ready check. */
const QUOTED = new RegExp(`[-\\s'](${Object.keys(CONDITION_BY_CODE).join('|')}) `);

/** Those under which facts can still be read. */
const READABLE: ReadonlySet<RedisCondition> = new Set(['ok', 'not_permitted', 'out_of_memory', 'not_persisting']);

/** Whether what is read under a condition is what the primary holds. */
export function isReadable(condition: RedisCondition): boolean {
  return READABLE.has(condition);
}

/** @returns undefined for an error that does not concern the server as a whole */
export function conditionOf(error: { readonly message?: string }): RedisCondition | undefined {
  const message = error.message ?? '';
  const code = message.split(' ', 1)[0] ?? '';
  return CONDITION_BY_CODE[code] ?? CONDITION_BY_CODE[QUOTED.exec(message)?.[1] ?? ''];
}
