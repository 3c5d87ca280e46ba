export * from './deferred.js';
export * from './eventually.js';
export * from './redis-server.js';
