import { normalHost, withPort } from './host-port.js';
import { readEasyConnect, readTnsDescriptor } from './oracle.js';
import { type ConnectionResult, words } from './reading.js';

/** Keys for the same thing are one key, so that a second one cannot hide behind the first. */
const SYNONYMS: Readonly<Record<string, string>> = {
  server: 'host',
  host: 'host',
  hostname: 'host',
  'data source': 'host',
  datasource: 'host',
  address: 'host',
  addr: 'host',
  'network address': 'host',
  servername: 'host',
  database: 'name',
  'initial catalog': 'name',
  dbname: 'name',
  db: 'name',
  port: 'port',
  'port number': 'port',
  portnumber: 'port',
};

/** Keys of Microsoft.Data.SqlClient, ODBC, Npgsql and MySqlConnector that change nothing about where it leads. */
const HARMLESS = words(`
  user userid user_id uid username password pwd encrypt trustservercertificate trust_server_certificate
  hostnameincertificate servercertificate integratedsecurity trustedconnection trusted_connection authentication
  applicationname app application_name workstationid wsid connecttimeout connectiontimeout connect_timeout timeout
  commandtimeout command_timeout pooling minpoolsize maxpoolsize maximumpoolsize minimumpoolsize connectionlifetime
  connectionidlelifetime multipleactiveresultsets mars_connection multisubnetfailover applicationintent persistsecurityinfo
  packetsize columnencryptionsetting connectretrycount connectretryinterval currentlanguage language driver
  provider networklibrary searchpath sslmode ssl_mode sslmode_ rootcertificate clientencoding encoding timezone
  includeerrordetail keepalive tcpkeepalive nobackslashescapes charset characterset allowuservariables
  convertzerodatetime treattinyasboolean usecompression option
`);

// Spaces around keys and values are cut off afterwards: a pattern that shared them out would try every way to do it.
const PAIR =
  /([^=;"'{}]*)=(?:[ \t]*"([^"]*)"[ \t]*|[ \t]*'([^']*)'[ \t]*|[ \t]*\{([^{}]*)\}[ \t]*|([^;"'{}=]*))(?:;|$)/gy;

/** `Server=…;Database=…`: the form of ADO.NET and ODBC. Keys are read without regard to case. */
export function readAdoOrOdbc(text: string): ConnectionResult | undefined {
  if (!/^\s*[A-Za-z][A-Za-z _-]*=/.test(text)) return undefined;
  const values = adoPairs(text);
  if (values === undefined) return 'unrecognised';
  const host = values.get('host');
  if (host === undefined) return 'unrecognised';
  const hosts = serverOf(host, values.get('port'));
  const name = values.get('name') ?? '';
  if (hosts === 'unrecognised' || /=|:\/\//.test(name)) return 'unrecognised';
  return { hosts: hosts.hosts, names: [...hosts.names, name].filter((part) => part !== '') };
}

function adoPairs(text: string): ReadonlyMap<string, string> | undefined {
  const values = new Map<string, string>();
  PAIR.lastIndex = 0;
  let end = 0;
  for (let match = PAIR.exec(text); match !== null; match = PAIR.exec(text)) {
    end = PAIR.lastIndex;
    const written = (match[1] ?? '').trim().toLowerCase();
    const known = Object.hasOwn(SYNONYMS, written) ? SYNONYMS[written] : undefined;
    const key = known ?? written.replace(/[ -]/g, '');
    if (values.has(key) || (known === undefined && !HARMLESS.has(key))) return undefined;
    if (match[5]?.includes('://')) return undefined;
    values.set(key, match[2] ?? match[3] ?? match[4] ?? match[5]?.trim() ?? '');
    if (end === text.length) break;
  }
  return text.slice(end).trim() === '' ? values : undefined;
}

/** `[tcp:]host[\instance][,port]`, `.` and `(local)` for this machine; Oracle's forms. */
function serverOf(text: string, port: string | undefined): ConnectionResult {
  if (/^(\.|\(local\))$/i.test(text)) return port === undefined ? { hosts: ['localhost'], names: [] } : 'unrecognised';
  const shape = /^(?:tcp:)?([^\\,;:\s/]+)(?:\\([A-Za-z0-9_$-]+))?(?:,\s*(\d+))?$/i.exec(text);
  if (shape !== null) {
    const [, host = '', , ownPort] = shape;
    // Several hosts of Npgsql and MySqlConnector have no port of their own here: `a,5` is SQL Server's port.
    if (normalHost(host) === undefined || (port !== undefined && ownPort !== undefined)) return 'unrecognised';
    const target = withPort(host, ownPort ?? port);
    return target === undefined ? 'unrecognised' : { hosts: [target], names: [] };
  }
  // The user has a key of its own here.
  if (port !== undefined || text.includes('@') || /^(tcp|np|lpc|admin):/i.test(text)) return 'unrecognised';
  return readTnsDescriptor(text) ?? readEasyConnect(text) ?? 'unrecognised';
}
