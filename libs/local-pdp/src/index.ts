export { cerbosBinary, type LocalPdp, LocalPdpError, startLocalPdp } from './local-pdp.js';
