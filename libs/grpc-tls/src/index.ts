export { certificateFiles } from './certificate-files.js';
export { Certificates } from './certificates.js';
export { channelCredentials, serverCredentials } from './grpc-credentials.js';
