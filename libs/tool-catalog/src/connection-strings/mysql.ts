import { hostAndPort } from './host-port.js';
import { type ConnectionResult, type FamilyOptions, readOptions, words } from './reading.js';
import { queryPairs, readUri } from './uri-grammar.js';

/** Options of MySQL Shell, mysql2, mariadb-connector and SQLAlchemy that change nothing about where it leads. */
const URI_OPTIONS: FamilyOptions = {
  harmless: words(`
    ssl ssl-mode sslmode ssl-ca ssl-cert ssl-key ssl_ca ssl_cert ssl_key charset collation timezone connectTimeout
    connect_timeout connect-timeout compress multipleStatements dateStrings supportBigNumbers bigNumberStrings
    decimalNumbers connectionLimit waitForConnections queueLimit enableKeepAlive autocommit flags debug trace
    read_timeout write_timeout get-server-public-key auth-method tls-version useUnicode parseTime unix_timestamp
  `),
  hosts: words('host'),
  names: words('database'),
  ports: words('port'),
};

const URI = { scheme: /^(mysql|mariadb|mysqlx)(\+[a-z0-9]+)?$/, options: URI_OPTIONS };

/** `mysql://…`, `mariadb://…`: the URI of MySQL's clients and drivers. */
export function readMysqlUri(text: string): ConnectionResult | undefined {
  return readUri(text, URI);
}

/** Parameters of go-sql-driver/mysql (its README, "Parameters"). */
const GO_OPTIONS: FamilyOptions = {
  harmless: words(`
    allowAllFiles allowCleartextPasswords allowFallbackToPlaintext allowNativePasswords allowOldPasswords charset
    checkConnLiveness clientFoundRows collation columnsWithAlias compress connectionAttributes interpolateParams loc
    maxAllowedPacket multiStatements parseTime readTimeout rejectReadOnly serverPubKey timeout timeTruncate tls
    writeTimeout sql_mode time_zone tx_isolation transaction_isolation
  `),
};

/** `user:password@tcp(host:3306)/name?…`: the DSN of go-sql-driver/mysql. Other networks than TCP are unrecognised. */
export function readGoMysqlDsn(text: string): ConnectionResult | undefined {
  if (!/[a-z0-9+]\([^()]*\)\//i.test(text) || text.includes('://')) return undefined;
  const shape = /^(?:[^@/()\s\\]*@)?tcp[46]?\(([^()@/\s]+)\)\/([A-Za-z0-9._~%-]*)(?:\?([^?#@/\s]*))?$/.exec(text);
  const host = hostAndPort(shape?.[1] ?? '');
  const pairs = queryPairs(shape?.[3] ?? '', false);
  if (host === undefined || pairs === undefined || readOptions(pairs, GO_OPTIONS) === undefined) return 'unrecognised';
  return { hosts: [host], names: [shape?.[2] ?? ''].filter((name) => name !== '') };
}
