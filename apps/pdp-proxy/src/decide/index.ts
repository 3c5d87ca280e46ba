export * from './cerbos-methods.js';
export { DecideService } from './decide.service.js';
export type { Asked, Entry, Exchange } from './entry.js';
