import { startPdpProxy } from './start-pdp-proxy.js';

await startPdpProxy(process.env);
