import { hostList, hostsWithPorts } from './host-port.js';
import { type ConnectionResult, type FamilyOptions, readOptions, words } from './reading.js';
import { readUri } from './uri-grammar.js';

/**
 * Keywords of libpq (PostgreSQL documentation, "Parameter Key Words") and the options of node-postgres, psycopg,
 * SQLAlchemy, pgx and Prisma that change nothing about where the connection leads. `service`, `servicefile` and `passfile` are
 * left out: the first two name the server in a file, and the lookup of a password states which file.
 */
const KEYWORDS: FamilyOptions = {
  harmless: words(`
    user password require_auth channel_binding connect_timeout client_encoding options application_name
    fallback_application_name keepalives keepalives_idle keepalives_interval keepalives_count tcp_user_timeout
    gssencmode sslmode sslnegotiation sslcompression sslcert sslkey sslpassword sslcertmode sslrootcert sslcrl
    sslcrldir sslsni ssl_min_protocol_version ssl_max_protocol_version min_protocol_version max_protocol_version
    krbsrvname gsslib gssdelegation requirepeer target_session_attrs load_balance_hosts replication
    ssl uselibpqcompat statement_timeout query_timeout idle_in_transaction_session_timeout lock_timeout
    encoding keepAlive max min pool_size pool_timeout connection_limit pgbouncer schema search_path
    pool_max_conns pool_min_conns statement_cache_capacity timezone
  `),
  hosts: words('host'),
  furtherHosts: words('hostaddr'),
  names: words('dbname database'),
  ports: words('port'),
};

const URI = {
  scheme: /^postgres(ql)?(\+[a-z0-9]+)?$/,
  options: KEYWORDS,
  hostByOption: true,
};

/** `postgresql://…`: libpq's URI, as node-postgres, psycopg, pgx and SQLAlchemy take it. */
export function readPostgresUri(text: string): ConnectionResult | undefined {
  return readUri(text, URI);
}

/** `host=… dbname=…`: libpq's keyword form, with its quotes and escapes (conninfo_parse). */
export function readPostgresKeywords(text: string): ConnectionResult | undefined {
  if (!/^\s*[a-z_]+\s*=/.test(text) || text.includes(';')) return undefined;
  const pairs = keywordPairs(text);
  const options = pairs && readOptions(pairs, KEYWORDS);
  // libpq reads a database name with = or :// as another connection string.
  if (options === undefined || options.names.some((name) => /=|:\/\//.test(name))) return 'unrecognised';
  const hosts = hostsWithPorts(options.hosts, options.ports);
  const further = hostList(options.further);
  if (hosts === undefined || further === undefined) return 'unrecognised';
  return { hosts: [...new Set([...hosts, ...further])], names: options.names };
}

const PAIR = /\s*([a-z_]+)\s*=\s*(?:'((?:[^'\\]|\\[\s\S])*)'(?=\s|$)|((?:[^\s'\\]|\\[\s\S])*)(?=\s|$))/gy;

function keywordPairs(text: string): [string, string][] | undefined {
  const pairs: [string, string][] = [];
  PAIR.lastIndex = 0;
  let end = 0;
  for (let match = PAIR.exec(text); match !== null; match = PAIR.exec(text)) {
    pairs.push([match[1] ?? '', (match[2] ?? match[3] ?? '').replace(/\\([\s\S])/g, '$1')]);
    end = PAIR.lastIndex;
  }
  return text.slice(end).trim() === '' ? pairs : undefined;
}
