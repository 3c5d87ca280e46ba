export * from './catalog.js';
export { CatalogError, readCatalogDocument } from './catalog-file.js';
export type { CatalogDocument } from './catalog-schema.js';
export { connectionTargets } from './connection-strings/connection-targets.js';
export type { EnvironmentClue, TargetKind } from './environment-of-call.js';
export type { CommandDocument, ProgramDocument } from './programs-schema.js';
export { replaceableCatalog } from './replaceable-catalog.js';
