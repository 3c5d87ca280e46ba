import { readAdoOrOdbc } from './ado-odbc.js';
import { hostAndPort } from './host-port.js';
import { readJdbcUrl } from './jdbc.js';
import { readPostgresKeywords, readPostgresUri } from './libpq.js';
import { readMongodbUri } from './mongodb.js';
import { readGoMysqlDsn, readMysqlUri } from './mysql.js';
import { readEasyConnect, readTnsDescriptor } from './oracle.js';
import type { ConnectionResult } from './reading.js';
import { readRedisUri } from './redis.js';
import { readServiceUri, readWebUrl } from './web-url.js';

/** A longer text, in UTF-16 code units, is not read. */
const MAX_LENGTH = 4096;

/** Each returns undefined for a text that is not of its family. */
const FAMILIES: readonly ((text: string) => ConnectionResult | undefined)[] = [
  readJdbcUrl,
  readPostgresUri,
  readMysqlUri,
  readMongodbUri,
  readRedisUri,
  readWebUrl,
  readServiceUri,
  readGoMysqlDsn,
  readTnsDescriptor,
  readPostgresKeywords,
  readAdoOrOdbc,
  readHosts,
  readEasyConnect,
];

/**
 * Where a connection string, URL or plain host leads, by the rules of its driver family. Only a text that is understood to
 * its last character is read, because drivers differ in what they do with the rest.
 *
 * Neither hosts nor names ever hold a user or password.
 */
export function connectionTargets(text: string): ConnectionResult {
  if (text.length > MAX_LENGTH) return 'unrecognised';
  for (const read of FAMILIES) {
    const result = read(text);
    if (result !== undefined) return result;
  }
  return 'unrecognised';
}

/** `host`, `host:port`, or several of them separated by commas. */
function readHosts(text: string): ConnectionResult | undefined {
  const hosts = text.split(',').map(hostAndPort);
  return hosts.every((host) => host !== undefined) ? { hosts: [...new Set(hosts)], names: [] } : undefined;
}
