import type { Cluster, Redis } from 'ioredis';
import { canonicalPrincipal, decodeEntry, principalKey } from './entry.js';
import type { RedisConnection } from './redis-connection.js';

/** How many keys one step of a scan visits, about. */
const SCAN_COUNT = 500;

/** Facts that may hold the login by which a person is kept, by source and attribute. */
const LOGIN_FACTS = [
  ['okta', 'login'],
  ['okta', 'email'],
  ['servicenow', 'userName'],
  ['servicenow', 'email'],
] as const;

/** The people whose facts Redis holds. */
export interface PeopleList {
  /** Logins in ascending order. */
  readonly logins: readonly string[];
  /** How many principals have facts and no login in them; keys hold digests, so they cannot be named. */
  readonly unnamed: number;
  /** Whether there are more than the limit. */
  readonly truncated: boolean;
}

/**
 * Lists the people of the context cache. Keys hold digests in place of logins, so a person is named by a login among the
 * facts whose digest is that of the key.
 *
 * @param max how many people are listed at most
 * @throws Error when Redis does not answer
 */
export async function peopleOfCache(redis: RedisConnection, max: number, signal?: AbortSignal): Promise<PeopleList> {
  const logins = new Set<string>();
  let unnamed = 0;
  let truncated = false;
  for (const node of nodesOf(redis)) {
    let cursor = '0';
    do {
      const [next, keys] = await node.scan(cursor, 'MATCH', 'iris:ctx:v2:*', 'COUNT', SCAN_COUNT);
      cursor = next;
      signal?.throwIfAborted();
      const hashes = await Promise.all(keys.map((key) => redis.hmget(key, 'okta', 'servicenow')));
      for (const [index, [okta, servicenow]] of hashes.entries()) {
        const login = loginOf(keys[index] ?? '', { okta, servicenow });
        if (login === undefined) unnamed += 1;
        else if (logins.size < max || logins.has(login)) logins.add(login);
        else truncated = true;
      }
    } while (cursor !== '0' && !truncated);
  }
  return { logins: [...logins].sort(), unnamed, truncated };
}

function nodesOf(redis: RedisConnection): readonly Redis[] {
  return 'nodes' in redis && typeof redis.nodes === 'function' ? (redis as Cluster).nodes('master') : [redis as Redis];
}

function loginOf(key: string, texts: Readonly<Record<string, string | null | undefined>>): string | undefined {
  for (const [source, attribute] of LOGIN_FACTS) {
    const text = texts[source];
    const login = text ? decodeEntry(text)?.attributes[attribute] : undefined;
    if (typeof login === 'string' && principalKey(login) === key) return canonicalPrincipal(login);
  }
  return undefined;
}
