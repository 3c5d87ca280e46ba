import { type ConnectionResult, words } from './reading.js';
import { readUri } from './uri-grammar.js';

/** Options of MongoDB's connection string specification; those of proxies are left out, since they name another host. */
const URI = {
  scheme: /^mongodb(\+srv)?$/,
  foldKeys: true,
  options: {
    harmless: words(`
      appname authmechanism authmechanismproperties authsource compressors connecttimeoutms directconnection
      heartbeatfrequencyms journal loadbalanced localthresholdms maxidletimems maxpoolsize maxconnecting
      maxstalenessseconds minpoolsize readconcernlevel readpreference readpreferencetags replicaset retryreads
      retrywrites serverselectiontimeoutms servermonitoringmode serverselectiontryonce sockettimeoutms srvmaxhosts
      ssl tls tlsallowinvalidcertificates tlsallowinvalidhostnames tlscafile tlscertificatekeyfile
      tlscertificatekeyfilepassword tlsdisablecertificaterevocationcheck tlsdisableocspendpointcheck tlsinsecure
      timeoutms w waitqueuetimeoutms wtimeoutms zlibcompressionlevel uuidrepresentation
    `),
  },
};

/**
 * `mongodb://…` and `mongodb+srv://…`. The hosts behind a name of the second form must share its domain
 * (initial DNS seedlist discovery), so the name stands for them.
 */
export function readMongodbUri(text: string): ConnectionResult | undefined {
  const read = readUri(text, URI);
  const isSrv = /^\s*mongodb\+srv:/i.test(text);
  if (!isSrv || typeof read !== 'object') return read;
  return read.hosts.length === 1 && !/:\d+$/.test(read.hosts[0] ?? '') ? read : 'unrecognised';
}
