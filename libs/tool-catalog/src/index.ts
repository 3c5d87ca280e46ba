export * from './catalog.js';
export { CatalogError } from './catalog-file.js';
export { connectionTargets } from './connection-strings/connection-targets.js';
export type { ConnectionReading, ConnectionResult } from './connection-strings/reading.js';
export type { EnvironmentClue, TargetKind } from './environment-of-call.js';
export type { Anomaly } from './look-alikes.js';
export type { CommandDocument, ProgramDocument } from './programs-schema.js';
export { replaceableCatalog } from './replaceable-catalog.js';
export type { Resource } from './target-of-call.js';
