import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** An authority made by openssl, and the certificates that it signs. */
export class MeshAuthority {
  private readonly folder: string;

  /** @param parent folder for its files */
  constructor(parent: string) {
    this.folder = mkdtempSync(join(parent, 'authority-'));
    this.openssl('req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2', [
      ...['-keyout', 'ca.key', '-out', 'ca.crt', '-subj', '/CN=mesh'],
    ]);
  }

  /** The data of a Secret of type kubernetes.io/tls for a Service, also valid for this machine's loopback address. */
  secretFor(service: string): Record<string, string> {
    const names = `subjectAltName=DNS:${service},DNS:localhost,IP:127.0.0.1`;
    writeFileSync(join(this.folder, 'names.cnf'), names);
    this.openssl('req', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', [
      ...['-keyout', 'tls.key', '-out', 'tls.csr', '-subj', `/CN=${service}`],
    ]);
    this.openssl('x509', '-req', '-in', 'tls.csr', '-CA', 'ca.crt', '-CAkey', 'ca.key', '-CAcreateserial', [
      ...['-days', '2', '-extfile', 'names.cnf', '-out', 'tls.crt'],
    ]);
    return { 'tls.crt': this.read('tls.crt'), 'tls.key': this.read('tls.key'), 'ca.crt': this.read('ca.crt') };
  }

  private openssl(...args: (string | readonly string[])[]): void {
    execFileSync('openssl', args.flat(), { cwd: this.folder, stdio: 'pipe' });
  }

  private read(name: string): string {
    return readFileSync(join(this.folder, name), 'utf8');
  }
}
