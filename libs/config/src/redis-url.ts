/** The address of Redis from a URL. */
export interface RedisServer {
  /** `single`: one address; `sentinel`: sentinels name the primary; `cluster`: a Redis Cluster. */
  readonly kind: 'single' | 'sentinel' | 'cluster';
  readonly tls: boolean;
  /** One for `single`; sentinels or any nodes of the cluster otherwise. */
  readonly nodes: readonly RedisNode[];
  readonly username?: string;
  readonly password?: string;
  /** Number of the database; 0 when absent, always 0 in a cluster. */
  readonly db: number;
  /** Only for `sentinel`: the name under which the sentinels watch the primary. */
  readonly primaryName?: string;
  readonly sentinelUsername?: string;
  readonly sentinelPassword?: string;
}

export interface RedisNode {
  readonly host: string;
  readonly port: number;
}

/** The forms that are accepted, for the line of an error. */
export const REDIS_URL_FORM =
  'redis://[user:password@]host[:port][/db], redis+sentinel://[user:password@]host[:port],…/primary-name[/db] or ' +
  'redis+cluster://[user:password@]host[:port],…, each with rediss in place of redis for TLS; in names and passwords ' +
  'every / ? # @ : % is percent-encoded';

/** Never quotes the URL, which may hold a password. */
export class RedisUrlError extends Error {
  override readonly name = 'RedisUrlError';
  constructor() {
    super(`accepted: ${REDIS_URL_FORM}`);
  }
}

const REDIS_PORT = 6379;
const SENTINEL_PORT = 26_379;
const MAX_NODES = 100;
/** scheme, userinfo, nodes, path, query. No part may hold a delimiter that is not percent-encoded. */
const URL_PARTS = /^(rediss?)(?:\+(sentinel|cluster))?:\/\/(?:([^/?#@]*)@)?([^/?#@]+)(?:\/([^?#@]*))?(?:\?([^#]*))?$/;
const NODE = /^(\[[0-9a-f:.]+\]|[a-z0-9_](?:[a-z0-9_.-]*[a-z0-9_])?\.?)(?::(\d{1,5}))?$/i;
const CREDENTIALS = /^([^:]*)(?::([^:]*))?$/;
const DATABASE = /^\d{1,4}$/;
const SENTINEL_PARAMETERS: ReadonlySet<string> = new Set(['sentinelUsername', 'sentinelPassword']);

/** @throws RedisUrlError for anything but the accepted forms */
export function parseRedisUrl(text: string): RedisServer {
  const parts = URL_PARTS.exec(text);
  if (parts === null) throw new RedisUrlError();
  const [, scheme, kind = 'single', userinfo, hosts = '', path = '', query] = parts;
  if (kind !== 'single' && kind !== 'sentinel' && kind !== 'cluster') throw new RedisUrlError();
  return {
    kind,
    tls: scheme === 'rediss',
    nodes: nodesOf(hosts, kind),
    ...credentialsOf(userinfo),
    ...placeOf(path, kind),
    ...parametersOf(query, kind),
  };
}

function nodesOf(text: string, kind: RedisServer['kind']): RedisNode[] {
  const hosts = text.split(',');
  if (hosts.length > (kind === 'single' ? 1 : MAX_NODES)) throw new RedisUrlError();
  return hosts.map((one) => {
    const node = NODE.exec(one);
    const port = node?.[2] === undefined ? (kind === 'sentinel' ? SENTINEL_PORT : REDIS_PORT) : Number(node[2]);
    if (node?.[1] === undefined || port < 1 || port > 65_535) throw new RedisUrlError();
    return { host: node[1].replace(/^\[|\]$/g, ''), port };
  });
}

function credentialsOf(userinfo: string | undefined): Pick<RedisServer, 'username' | 'password'> {
  if (userinfo === undefined) return {};
  const parts = CREDENTIALS.exec(userinfo);
  if (parts === null) throw new RedisUrlError();
  const [username, password] = [decode(parts[1] ?? ''), decode(parts[2] ?? '')];
  return { ...(username !== '' && { username }), ...(password !== '' && { password }) };
}

function placeOf(path: string, kind: RedisServer['kind']): Pick<RedisServer, 'db' | 'primaryName'> {
  const segments = path === '' ? [] : path.split('/');
  const primaryName = kind === 'sentinel' ? decode(segments.shift() ?? '') : undefined;
  const [db = '0', ...others] = segments;
  if (primaryName === '' || others.length > 0 || !DATABASE.test(db)) throw new RedisUrlError();
  if (kind === 'cluster' && Number(db) !== 0) throw new RedisUrlError();
  return { db: Number(db), ...(primaryName !== undefined && { primaryName }) };
}

function parametersOf(query: string | undefined, kind: RedisServer['kind']): Partial<RedisServer> {
  if (query === undefined || query === '') return {};
  const found: Record<string, string> = {};
  for (const pair of query.split('&')) {
    const at = pair.indexOf('=');
    const name = pair.slice(0, at);
    if (at < 0 || kind !== 'sentinel' || !SENTINEL_PARAMETERS.has(name) || name in found) throw new RedisUrlError();
    found[name] = decode(pair.slice(at + 1));
  }
  return found;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new RedisUrlError();
  }
}
