import { withPort } from './host-port.js';
import { type ConnectionResult, words } from './reading.js';
import { readUri } from './uri-grammar.js';

const PLAIN = /^(https?|wss?):\/\/(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::(\d+))?(?:[/?#][!-~]*)?$/i;

/** A web address without a user. What follows the host does not change the target. */
export function readWebUrl(text: string): ConnectionResult | undefined {
  if (!/^\s*(https?|wss?):/i.test(text)) return undefined;
  const shape = PLAIN.exec(text);
  const host = shape && withPort(shape[2] ?? '', shape[3]);
  // A backslash ends the host for WHATWG URL and not for RFC 3986; PLAIN has none before the path.
  return host ? { hosts: [host], names: [] } : 'unrecognised';
}

/** Other services whose address is a URI: SSH, SQL Server of Go and SQLAlchemy, ClickHouse, AMQP, Elasticsearch. */
const OTHERS = {
  scheme:
    /^(ssh|sftp|sqlserver|mssql(\+[a-z0-9]+)?|clickhouse(\+[a-z0-9]+)?|amqps?|cassandra|scylla|nats|kafka|bolt|neo4j)$/,
  options: {
    harmless: words(`
      secure compress dial_timeout read_timeout encrypt trustservercertificate TrustServerCertificate app-name
      driver charset heartbeat connection_timeout
    `),
    hosts: words('host server alt_hosts'),
    names: words('database'),
    ports: words('port'),
  },
};

/** A URI of a service that has no driver family of its own here. */
export function readServiceUri(text: string): ConnectionResult | undefined {
  return readUri(text, OTHERS);
}
