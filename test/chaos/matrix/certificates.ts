import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { assertUsable, type Certificate } from './fault-proxy.js';

/** Certificates for one run, made by openssl; keys are never kept in the repository. */
export interface Certificates {
  /** File with the certificate that clients are told to trust. */
  readonly trustedFile: string;
  readonly right: Certificate;
  /** For the same names, by an issuer that nobody trusts. */
  readonly wrong: Certificate;
}

/** @throws Error when openssl is missing or fails */
export function makeCertificates(folder: string): Certificates {
  const right = selfSigned(folder, 'right');
  const wrong = selfSigned(folder, 'wrong');
  return { trustedFile: join(folder, 'right.crt'), right, wrong };
}

function selfSigned(folder: string, name: string): Certificate {
  const [key, cert] = [join(folder, `${name}.key`), join(folder, `${name}.crt`)];
  const subject = ['-subj', `/CN=${name} of one test run`, '-addext', 'subjectAltName=IP:127.0.0.1,DNS:localhost'];
  const request = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'];
  execFileSync('openssl', [...request, ...subject, '-keyout', key, '-out', cert], { stdio: 'pipe' });
  const certificate = { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') };
  assertUsable(certificate);
  return certificate;
}
