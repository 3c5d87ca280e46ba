import { hostAndPort } from './host-port.js';
import { readMysqlUri } from './mysql.js';
import { readEasyConnect, readTnsDescriptor } from './oracle.js';
import { type ConnectionResult, type FamilyOptions, readOptions, words } from './reading.js';
import { readUri } from './uri-grammar.js';

/** Properties of pgJDBC; those that name another server, a service file or a socket factory are left out. */
const POSTGRES = {
  scheme: /^postgresql$/,
  options: {
    harmless: words(`
      user password ssl sslmode sslcert sslkey sslrootcert sslpassword sslfactory sslNegotiation sslResponseTimeout
      sendBufferSize receiveBufferSize protocolVersion loggerLevel prepareThreshold preparedStatementCacheQueries
      preparedStatementCacheSizeMiB defaultRowFetchSize loginTimeout connectTimeout socketTimeout cancelSignalTimeout
      tcpKeepAlive tcpNoDelay unknownLength stringtype ApplicationName kerberosServerName jaasLogin gssEncMode gsslib
      sspiServiceClass useSpnego gssUseDefaultCreds readOnly readOnlyMode disableColumnSanitiser
      assumeMinServerVersion currentSchema targetServerType hostRecheckSeconds loadBalanceHosts rewriteBatchedInserts
      reWriteBatchedInserts escapeSyntaxCallMode maxResultBuffer adaptiveFetch adaptiveFetchMinimum
      adaptiveFetchMaximum logUnclosedConnections binaryTransfer autosave cleanupSavepoints preferQueryMode options
      channelBinding quoteReturningIdentifiers
    `),
    hosts: words('PGHOST'),
    names: words('PGDBNAME'),
    ports: words('PGPORT'),
  },
};

/** Properties of the JDBC driver for SQL Server, lower-case; serverName and its synonyms are hosts. */
const SQLSERVER: FamilyOptions = {
  harmless: words(`
    user username password encrypt trustservercertificate hostnameincertificate applicationname applicationintent
    authentication columnencryptionsetting integratedsecurity authenticationscheme lasttransactionwait locktimeout
    logintimeout multisubnetfailover packetsize querytimeout responsebuffering selectmethod
    sendstringparametersasunicode sendtimeasdatetime sockettimeout transparentnetworkipresolution truststore
    truststorepassword workstationid instancename instance
  `),
  hosts: words('servername server failoverpartner'),
  names: words('databasename database'),
  ports: words('portnumber port'),
};

/** `jdbc:<driver>:…` for PostgreSQL, MySQL, MariaDB, SQL Server and Oracle. */
export function readJdbcUrl(text: string): ConnectionResult | undefined {
  const url = /^\s*jdbc:(.*)$/is.exec(text)?.[1];
  if (url === undefined) return undefined;
  if (/^\s/.test(text)) return 'unrecognised';
  return (
    readUri(url, POSTGRES) ??
    (/^(mysql|mariadb):\/\//.test(url) ? readMysqlUri(url) : undefined) ??
    readSqlServer(url) ??
    readOracle(url) ??
    'unrecognised'
  );
}

function readSqlServer(url: string): ConnectionResult | undefined {
  const shape = /^sqlserver:\/\/([^\\:;/?#@\s]*)(?:\\([A-Za-z0-9_$-]+))?(?::(\d+))?((?:;[A-Za-z]+=[^;{}=]*)*);?$/i.exec(
    url,
  );
  if (shape === null) return undefined;
  const [, host = '', , port, properties = ''] = shape;
  const pairs = properties
    .split(';')
    .filter((part) => part !== '')
    .map((part): [string, string] => {
      const at = part.indexOf('=');
      return [part.slice(0, at).toLowerCase(), part.slice(at + 1)];
    });
  const options = readOptions(pairs, SQLSERVER);
  if (options === undefined || options.hosts.length > 1) return 'unrecognised';
  const named = host === '' ? options.hosts : [host, ...options.hosts];
  const ports = port === undefined ? options.ports : [port, ...options.ports];
  if (named.length === 0 || ports.length > 1) return 'unrecognised';
  const hosts = named.map((name) => hostAndPort(ports[0] === undefined ? name : `${name}:${ports[0]}`));
  return hosts.every((name) => name !== undefined) ? { hosts, names: options.names } : 'unrecognised';
}

/** `oracle:thin:[user/password]@…`: a descriptor, Easy Connect, or `host:port:SID`. */
function readOracle(url: string): ConnectionResult | undefined {
  const at = /^oracle:(?:thin|oci8?):(?:[^\s/@]+\/[^\s/@]*)?@(.*)$/is.exec(url)?.[1];
  if (at === undefined) return undefined;
  const sid = /^([A-Za-z0-9_.-]+):(\d+):([A-Za-z0-9_$]+)$/.exec(at);
  const host = sid && hostAndPort(`${sid[1]}:${sid[2]}`);
  if (sid && host) return { hosts: [host], names: [sid[3] ?? ''] };
  return readTnsDescriptor(at) ?? readEasyConnect(at);
}
