/** Where a value leads. User names, passwords and options are left out. */
export interface Endpoint {
  /** Hosts, without port. Any of them may be the one that is used. */
  readonly hosts: readonly string[];
  /** Names of databases and the like, which say less than the host. */
  readonly names: readonly string[];
}

const HOST_KEYS = new Set([
  'host',
  'hostaddr',
  'hostname',
  'server',
  'data source',
  'address',
  'addr',
  'network address',
]);
const NAME_KEYS = new Set(['dbname', 'database', 'databasename', 'initial catalog', 'db', 'service', 'servicename']);

/**
 * Reads a URL, a connection string or a plain host: several hosts, hosts in the query of a URL, an instance or path after
 * the host and a user before it are told apart, so that a database called staging never stands for its host.
 */
export function endpointOf(text: string): Endpoint {
  return parseConnectionString(text) ?? plainEndpoint(text);
}

/**
 * What identifies the resource in a value: the hosts of a connection string, a plain name as it is. Never a user name or
 * password.
 */
export function resourceIds(text: string): readonly string[] {
  return parseConnectionString(text)?.hosts ?? [text.replace(/^[^\s/@]+:[^\s@]*@/, '')];
}

/** A URL of any scheme (libpq URIs, JDBC) or a list of `key=value` (libpq keywords, ADO); undefined for a plain name. */
function parseConnectionString(text: string): Endpoint | undefined {
  const url = /^(?:jdbc:)?[a-z][a-z0-9+.:-]*:\/\/([^/?#;]*)([^?#;]*)[?#;]?(.*)$/is.exec(text);
  if (url) {
    const [, authority = '', path = '', options = ''] = url;
    const pairs = parsePairs(options.split(/[&;#]/));
    return {
      hosts: [...hostsIn(authority), ...pairs.hosts],
      names: [...path.split('/'), ...pairs.names].map(decode).filter((name) => name !== ''),
    };
  }
  const pairs = parsePairs(text.split(text.includes(';') ? ';' : /\s/));
  return pairs.hosts.length > 0 ? pairs : undefined;
}

function plainEndpoint(text: string): Endpoint {
  if (text.startsWith('arn:')) {
    return { hosts: [text], names: [] };
  }
  const hosts = new Set(text.split(/[,;\s]/).flatMap(hostsIn));
  const names = new Set(text.split(/[,;\s/\\?#@:]/).filter((name) => !/^\d*$/.test(name) && !hosts.has(name)));
  return { hosts: [...hosts], names: [...names] };
}

function parsePairs(pairs: readonly string[]): Endpoint {
  const hosts: string[] = [];
  const names: string[] = [];
  for (const pair of pairs) {
    const at = pair.indexOf('=');
    const key = pair.slice(0, Math.max(at, 0)).trim().toLowerCase();
    const value = pair.slice(at + 1).replace(/['"]/g, '');
    if (HOST_KEYS.has(key)) {
      hosts.push(...hostsIn(value));
    } else if (NAME_KEYS.has(key)) {
      names.push(decode(value.trim()));
    }
  }
  return { hosts, names };
}

/** Hosts of an authority: a list by commas, each with an optional user, protocol, port, instance or path. */
function hostsIn(authority: string): string[] {
  const decoded = decode(authority);
  return decoded
    .slice(decoded.lastIndexOf('@') + 1)
    .split(',')
    .map((part) => part.trim().replace(/^tcp:/i, ''))
    .map((part) => (part.startsWith('[') ? part.slice(1).split(']', 1) : part.split(/[/\\?#]/, 1))[0] ?? '')
    .map((part) => (part.split(':').length === 2 ? part.replace(/:.*$/, '') : part))
    .filter((host) => host !== '' && !/^\d+$/.test(host));
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
