import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createSecureContext, type SecureContext } from 'node:tls';
import type { experimental } from '@grpc/grpc-js';
import { ConfigError, watchFile } from '@iris/config';
import type { CertificateFiles } from './certificate-files.js';

type CaListener = Parameters<experimental.CertificateProvider['addCaCertificateListener']>[0];
type IdentityListener = Parameters<experimental.CertificateProvider['addIdentityCertificateListener']>[0];

interface Pem {
  readonly ca?: Buffer;
  readonly cert?: Buffer;
  readonly key?: Buffer;
}

/** @throws Error for PEM that cannot be used; a CA that is none would only be noticed by every connection failing */
function contextOf(pem: Pem): SecureContext {
  if (pem.ca !== undefined) new X509Certificate(pem.ca);
  return createSecureContext(pem);
}

/**
 * Certificates that follow their files. A renewal takes effect for new connections; files that do not belong together, as
 * between the writes of a renewal, change nothing.
 */
export class Certificates implements experimental.CertificateProvider {
  private readonly caListeners = new Set<CaListener>();
  private readonly identityListeners = new Set<IdentityListener>();
  private readonly changeListeners = new Set<() => void>();
  private readonly watched: ReturnType<typeof watchFile>[];
  private pem: Pem;
  private context: SecureContext;

  /**
   * @param onProblem called when files cannot be used any more; the last ones stay in use
   * @throws ConfigError naming the files when they cannot be read or do not belong together
   */
  constructor(
    private readonly files: CertificateFiles,
    private readonly onProblem: (message: string) => void,
  ) {
    try {
      this.pem = this.read();
      this.context = contextOf(this.pem);
    } catch (error) {
      throw new ConfigError(`configuration: ${this.problem(error)}`);
    }
    this.watched = this.paths().map((path) =>
      watchFile(
        path,
        readFileSync(path, 'utf8'),
        () => this.reload(),
        (error) => this.onProblem(this.problem(error)),
      ),
    );
  }

  get secureContext(): SecureContext {
    return this.context;
  }

  get hasIdentity(): boolean {
    return this.files.identity !== undefined;
  }

  get hasCa(): boolean {
    return this.files.ca !== undefined;
  }

  onChange(listener: () => void): void {
    this.changeListeners.add(listener);
  }

  addCaCertificateListener(listener: CaListener): void {
    this.caListeners.add(listener);
    // The library registers itself after this call, and would miss an update inside of it.
    process.nextTick(() => listener(this.caUpdate()));
  }

  removeCaCertificateListener(listener: CaListener): void {
    this.caListeners.delete(listener);
  }

  addIdentityCertificateListener(listener: IdentityListener): void {
    this.identityListeners.add(listener);
    process.nextTick(() => listener(this.identityUpdate()));
  }

  removeIdentityCertificateListener(listener: IdentityListener): void {
    this.identityListeners.delete(listener);
  }

  close(): void {
    for (const file of this.watched) file.close();
  }

  private reload(): void {
    try {
      const pem = this.read();
      this.context = contextOf(pem);
      this.pem = pem;
    } catch (error) {
      this.onProblem(this.problem(error));
      return;
    }
    for (const listener of this.identityListeners) listener(this.identityUpdate());
    for (const listener of this.caListeners) listener(this.caUpdate());
    for (const listener of this.changeListeners) listener();
  }

  private caUpdate() {
    return this.pem.ca === undefined ? null : { caCertificate: this.pem.ca };
  }

  private identityUpdate() {
    const { cert, key } = this.pem;
    return cert === undefined || key === undefined ? null : { certificate: cert, privateKey: key };
  }

  private read(): Pem {
    const { ca, identity } = this.files;
    return {
      ...(ca !== undefined && { ca: readFileSync(ca) }),
      ...(identity !== undefined && { cert: readFileSync(identity.cert), key: readFileSync(identity.key) }),
    };
  }

  private paths(): string[] {
    const { ca, identity } = this.files;
    return [ca, identity?.cert, identity?.key].filter((path) => path !== undefined);
  }

  private problem(error: unknown): string {
    const { code, message } = error as { code?: string; message?: string };
    return `the certificate files ${this.paths().join(', ')} cannot be used: ${code ?? message}`;
  }
}
