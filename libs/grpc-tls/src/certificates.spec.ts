import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConfigError } from '@iris/config';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { certificateFiles } from './certificate-files.js';
import { Certificates } from './certificates.js';

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'iris-certificates-'));
  for (const name of ['one', 'two']) {
    const files = ['-keyout', `${name}.key`, '-out', `${name}.crt`, '-subj', `/CN=${name}`];
    const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
    execFileSync('openssl', ['req', '-x509', ...key, ...files], { cwd: folder, stdio: 'pipe' });
  }
});
afterAll(() => rmSync(folder, { recursive: true }));

const path = (name: string) => join(folder, name);
const none = { 'grpc.tlsCaFile': undefined, 'grpc.tlsCertFile': undefined, 'grpc.tlsKeyFile': undefined };

describe('certificateFiles', () => {
  it('returns nothing where nothing is set', () => {
    expect(certificateFiles(none, 'grpc.tls', 'server')).toBeUndefined();
  });

  it.each([
    [
      { 'grpc.tlsCertFile': 'a' },
      'client',
      /grpc\.tlsKeyFile \(IRIS_GRPC_TLS_KEY_FILE\) is missing; grpc\.tlsCertFile/,
    ],
    [{ 'grpc.tlsKeyFile': 'a' }, 'client', /grpc\.tlsCertFile \(IRIS_GRPC_TLS_CERT_FILE\) is missing/],
    [{ 'grpc.tlsCaFile': 'a' }, 'server', /grpc\.tlsCertFile .* is missing; grpc\.tlsCaFile/],
  ] as const)('refuses %j of a %s', (given, side, message) => {
    expect(() => certificateFiles({ ...none, ...given }, 'grpc.tls', side)).toThrow(message);
  });
});

describe('Certificates', () => {
  it.each([
    ['a file that is not there', { identity: { cert: 'none.crt', key: 'one.key' } }, /none\.crt.*ENOENT/],
    ['a key of another certificate', { identity: { cert: 'one.crt', key: 'two.key' } }, /one\.crt.*two\.key/],
    ['a file that is no certificate', { ca: 'text.pem' }, /text\.pem/],
  ])('refuses %s by its path', (_title, files, message) => {
    writeFileSync(path('text.pem'), '-----BEGIN CERTIFICATE-----\nno\n-----END CERTIFICATE-----\n');
    const identity =
      'identity' in files ? { cert: path(files.identity.cert), key: path(files.identity.key) } : undefined;
    const open = () => new Certificates({ ca: 'ca' in files ? path(files.ca) : undefined, identity }, () => {});
    expect(open).toThrow(ConfigError);
    expect(open).toThrow(message);
  });

  it('reports the identity to a listener that is added, after the call', async () => {
    const certificates = new Certificates({ identity: { cert: path('one.crt'), key: path('one.key') } }, () => {});
    const seen: unknown[] = [];
    certificates.addIdentityCertificateListener((update) => seen.push(update?.certificate));
    expect(seen).toEqual([]);
    await new Promise((resolve) => setImmediate(resolve));
    expect(seen).toEqual([readFileSync(path('one.crt'))]);
    certificates.close();
  });
});
