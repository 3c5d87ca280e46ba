export { ConsoleClient, ConsoleError } from './client.js';
export type * from './decisions.schemas.js';
export * from './endpoints.js';
export type * from './health.schemas.js';
export { openApiDocument } from './openapi.js';
export type * from './people.schemas.js';
export type * from './policies.schemas.js';
export type * from './shared.schemas.js';
export { FORCES, ROLES } from './shared.schemas.js';
