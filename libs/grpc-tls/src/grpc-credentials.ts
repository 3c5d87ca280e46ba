import { ChannelCredentials, experimental, ServerCredentials } from '@grpc/grpc-js';
import type { Certificates } from './certificates.js';

/** Credentials of a client: without certificates the connection is not encrypted. */
export function channelCredentials(certificates: Certificates | undefined): ChannelCredentials {
  if (certificates === undefined) return ChannelCredentials.createInsecure();
  // Without a CA of its own the client trusts the public authorities, which do not change while it runs.
  if (!certificates.hasCa) return ChannelCredentials.createFromSecureContext(certificates.secureContext);
  const identity = certificates.hasIdentity ? certificates : null;
  return experimental.createCertificateProviderChannelCredentials(certificates, identity);
}

/** Credentials of a server: without certificates it does not encrypt, with a CA it requires a client certificate. */
export function serverCredentials(certificates: Certificates | undefined): ServerCredentials {
  if (certificates === undefined) return ServerCredentials.createInsecure();
  const ca = certificates.hasCa ? certificates : null;
  // The library's declaration names the first parameter for the CA; its implementation takes the identity there.
  return experimental.createCertificateProviderServerCredentials(certificates, ca, ca !== null);
}
