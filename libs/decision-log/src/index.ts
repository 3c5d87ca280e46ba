export type { AccessEntry, AccessFilter } from './access-entries.js';
export { DATABASE_URL_FORM, type DecisionLogOptions, parseDatabaseUrl } from './connection.js';
export * from './decision-log.js';
export { type EmbeddedOptions, type EmbeddedProcess, spawnEmbedded } from './embedded/spawn-embedded.js';
export { decisionLogOptions, decisionLogSettings } from './log-settings.js';
export { openDecisionLog } from './open-decision-log.js';
export { type ImportOutcome, PostgresDecisionLog } from './postgres-decision-log.js';
