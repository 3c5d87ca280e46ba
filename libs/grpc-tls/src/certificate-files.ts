import { ConfigError, environmentName } from '@iris/config';

/** Paths of PEM files. */
export interface CertificateFiles {
  /** Certificates of the authorities that sign the other side's certificate. */
  readonly ca?: string;
  /** This side's certificate with its chain, and its private key: both or none. */
  readonly identity?: { readonly cert: string; readonly key: string };
}

/**
 * The files that the settings `<prefix>CaFile`, `<prefix>CertFile` and `<prefix>KeyFile` name.
 *
 * @param side a server needs a certificate, a client may have none
 * @returns undefined when they name none
 * @throws ConfigError naming the setting that is missing beside the given ones
 */
export function certificateFiles<P extends string>(
  settings: Readonly<Record<`${P}${'CaFile' | 'CertFile' | 'KeyFile'}`, string | undefined>>,
  prefix: P,
  side: 'client' | 'server' = 'client',
): CertificateFiles | undefined {
  const ca = settings[`${prefix}CaFile`];
  const cert = settings[`${prefix}CertFile`];
  const key = settings[`${prefix}KeyFile`];
  if (cert !== undefined && key !== undefined) return { ca, identity: { cert, key } };
  if (cert !== undefined || key !== undefined || (ca !== undefined && side === 'server')) {
    const missing = cert === undefined ? 'CertFile' : 'KeyFile';
    const given = cert !== undefined ? 'CertFile' : key !== undefined ? 'KeyFile' : 'CaFile';
    throw new ConfigError(
      `configuration: ${prefix}${missing} (${environmentName(`${prefix}${missing}`)}) is missing; ${prefix}${given} needs it`,
    );
  }
  return ca === undefined ? undefined : { ca };
}
