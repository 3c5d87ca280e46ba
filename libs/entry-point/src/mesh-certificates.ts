import { ConfigError } from '@iris/config';
import { Certificates, certificateFiles } from '@iris/grpc-tls';
import type { Logger } from '@iris/telemetry';
import type { DecisionSettings } from './decision.settings.js';

/** Certificates for the connections to the enrichers and to the PDP, as far as settings name any. */
export interface MeshCertificates {
  readonly sources: Certificates | undefined;
  readonly pdp: Certificates | boolean;
  close(): void;
}

/** @throws ConfigError naming the setting or the file that cannot be used */
export function openMeshCertificates(settings: DecisionSettings, logger: Logger): MeshCertificates {
  const opened: Certificates[] = [];
  const open = (prefix: 'sources.tls' | 'pdp.tls') => {
    const files = certificateFiles(settings, prefix);
    if (files === undefined) return undefined;
    const certificates = new Certificates(files, (message) => logger.error(message));
    opened.push(certificates);
    return certificates;
  };
  const sources = open('sources.tls');
  const pdp = open('pdp.tls');
  if (pdp !== undefined && !settings['pdp.tls']) {
    throw new ConfigError('configuration: pdp.tls (IRIS_PDP_TLS) is false; certificate files of the PDP need true');
  }
  return {
    sources,
    pdp: pdp ?? settings['pdp.tls'],
    close: () => {
      for (const certificates of opened) certificates.close();
    },
  };
}
