import { hostAndPort, withPort } from './host-port.js';
import { type ConnectionResult, words } from './reading.js';

const MAX_DEPTH = 12;

/** Parameters of a connect descriptor (Oracle Net Services Reference) that hold further ones. */
const GROUPS = words('DESCRIPTION DESCRIPTION_LIST ADDRESS ADDRESS_LIST CONNECT_DATA SECURITY');

/** Parameters with a value that changes nothing about where the connection leads. */
const HARMLESS = words(`
  PROTOCOL SERVICE_NAME SID SERVER INSTANCE_NAME FAILOVER LOAD_BALANCE SOURCE_ROUTE RETRY_COUNT RETRY_DELAY
  CONNECT_TIMEOUT TRANSPORT_CONNECT_TIMEOUT SDU ENABLE EXPIRE_TIME SSL_SERVER_DN_MATCH SSL_SERVER_CERT_DN
  WALLET_LOCATION MY_WALLET_DIRECTORY TOKEN_AUTH POOL_CONNECTION_CLASS POOL_PURITY
`);

/** `(DESCRIPTION=(ADDRESS=(PROTOCOL=TCP)(HOST=…)(PORT=…))(CONNECT_DATA=…))`: a TNS connect descriptor. */
export function readTnsDescriptor(text: string): ConnectionResult | undefined {
  const descriptor = /^(?:[^\s/@()=;]+(?:\/[^\s/@()=;]*)?@)?(\(.*\))$/s.exec(text.trim())?.[1];
  if (descriptor === undefined) return /\(\s*(DESCRIPTION|ADDRESS)/i.test(text) ? 'unrecognised' : undefined;
  const hosts: string[] = [];
  const names: string[] = [];
  const open: { key: string; host?: string; port?: string }[] = [];
  const token = /\s*\(\s*([A-Za-z_]+)\s*=([^()]*)|\s*\)/gy;
  let end = 0;
  for (let match = token.exec(descriptor); match !== null; match = token.exec(descriptor)) {
    end = token.lastIndex;
    const key = match[1]?.toUpperCase();
    if (key === undefined) {
      const closed = open.pop();
      if (closed === undefined) return 'unrecognised';
      if (closed.key === 'ADDRESS') {
        const host = closed.host === undefined ? undefined : withPort(closed.host, closed.port);
        if (host === undefined) return 'unrecognised';
        hosts.push(host);
      }
      if (open.length === 0) break;
      continue;
    }
    const value = (match[2] ?? '').trim();
    const parent = open.at(-1);
    if (open.length >= MAX_DEPTH || (GROUPS.has(key) ? value !== '' : value === '')) return 'unrecognised';
    if ((key === 'HOST' || key === 'PORT') && parent?.key === 'ADDRESS') {
      const part = key === 'HOST' ? 'host' : 'port';
      if (parent[part] !== undefined) return 'unrecognised';
      parent[part] = value;
    } else if (key === 'PROTOCOL' ? !/^tcps?$/i.test(value) : !GROUPS.has(key) && !HARMLESS.has(key)) {
      return 'unrecognised';
    }
    if (key === 'SERVICE_NAME' || key === 'SID') names.push(value);
    open.push({ key });
  }
  const isWhole = open.length === 0 && descriptor.slice(end).trim() === '';
  return isWhole && hosts.length > 0 ? { hosts, names } : 'unrecognised';
}

/** `[user/password@][//]host[:port][/service][:server][/instance]`: Easy Connect. A bare name is an alias, not a host. */
export function readEasyConnect(text: string): ConnectionResult | undefined {
  const shape =
    /^(?:[^\s/@:=;]+\/[^\s@/=;]*@)?(?:\/\/|tcps?:\/\/)?([A-Za-z0-9_.-]+|\[[0-9A-Fa-f:.]+\])(?::(\d+))?\/([A-Za-z0-9_.$-]+)(?::(?:dedicated|shared|pooled))?(?:\/[A-Za-z0-9_.$-]+)?$/i.exec(
      text,
    );
  if (shape === null) return undefined;
  const [, host = '', port, service = ''] = shape;
  const target = hostAndPort(port === undefined ? host : `${host}:${port}`);
  return target === undefined ? 'unrecognised' : { hosts: [target], names: [service] };
}
