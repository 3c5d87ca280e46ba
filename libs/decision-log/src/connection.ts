import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { Pool, type PoolConfig, types } from 'pg';

/** Where the database is. */
export interface DecisionLogOptions {
  /** `postgres://user@host:port/database`; a password in it is used unless there is a file. */
  readonly url: string;
  /** File with the password; read for each connection, so that a new one is used at once. */
  readonly passwordFile?: string;
  /** `verify`: TLS with a certificate that fits the host. Without it: `verify`, but `off` on the same host. */
  readonly tls?: 'off' | 'verify';
  /** PEM of the authorities that are trusted instead of those of Node. */
  readonly tlsCaFile?: string;
  /** Most connections. */
  readonly maxConnections?: number;
  /** Longest query, in ms. */
  readonly timeoutMs?: number;
  /** Shown by the database for its connections. */
  readonly name?: string;
  /** Called when a connection that nobody uses is lost. */
  readonly onError?: (error: Error) => void;
  /** Called with each query of a reader; for diagnosis. */
  readonly onQuery?: (text: string, parameters: readonly unknown[]) => void;
}

/** The accepted form of `url`, for an error. */
export const DATABASE_URL_FORM = 'postgres://user[:password]@host[:port]/database';

const INT8_OID = 20;
const CONNECT_MS = 5000;
const DEFAULT_TIMEOUT_MS = 15_000;

/** @throws Error for another form; the message quotes nothing */
export function parseDatabaseUrl(text: string): URL {
  const url = URL.parse(text);
  const isDatabase = url !== null && /^postgres(ql)?:$/.test(url.protocol) && /^\/[^/]+$/.test(url.pathname);
  if (!isDatabase || url.hostname === '' || url.search !== '' || url.hash !== '') {
    throw new Error(`the URL of the decision log must be ${DATABASE_URL_FORM}; TLS has settings of its own`);
  }
  return url;
}

/** @throws Error for a URL of another form or a file that cannot be read */
export function openPool(options: DecisionLogOptions): Pool {
  const url = parseDatabaseUrl(options.url);
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  const tls = options.tls ?? (isLoopback(host) ? 'off' : 'verify');
  const pool = new Pool({
    host,
    port: url.port === '' ? 5432 : Number(url.port),
    database: decodeURIComponent(url.pathname.slice(1)),
    user: decodeURIComponent(url.username) || 'postgres',
    password: passwordOf(url, options.passwordFile),
    ssl: tls === 'off' ? false : tlsOf(options.tlsCaFile),
    max: options.maxConnections ?? 4,
    application_name: options.name ?? 'iris',
    connectionTimeoutMillis: CONNECT_MS,
    idleTimeoutMillis: 30_000,
    statement_timeout: options.timeoutMs ?? DEFAULT_TIMEOUT_MS,
    // A host that is gone sends nothing, not even the timeout.
    query_timeout: (options.timeoutMs ?? DEFAULT_TIMEOUT_MS) + CONNECT_MS,
    keepAlive: true,
    types: { getTypeParser: parserOf as typeof types.getTypeParser },
  });
  pool.on('error', (error) => options.onError?.(error));
  // One that is in use reports its loss by its query too, and without a listener ends the process.
  pool.on('connect', (client) => client.on('error', () => undefined));
  return pool;
}

function passwordOf(url: URL, file: string | undefined): PoolConfig['password'] {
  if (file !== undefined) return async () => (await readFile(file, 'utf8')).trim();
  return decodeURIComponent(url.password) || undefined;
}

function tlsOf(caFile: string | undefined): PoolConfig['ssl'] {
  return { rejectUnauthorized: true, ...(caFile === undefined ? {} : { ca: readFileSync(caFile, 'utf8') }) };
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\./.test(host);
}

/** Counts and numbers of rows are below 2^53. */
function parserOf(oid: number, format?: 'text' | 'binary') {
  return oid === INT8_OID && format !== 'binary' ? Number : types.getTypeParser(oid, format as 'text');
}
