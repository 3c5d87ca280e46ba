export * from './eventually.js';
export * from './free-port.js';
export * from './redis-server.js';
export * from './redis-topologies.js';
