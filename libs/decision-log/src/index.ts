export type { AccessEntry } from './access-entries.js';
export type { DecisionLogOptions } from './connection.js';
export * from './decision-log.js';
export { spawnEmbedded } from './embedded/spawn-embedded.js';
export { decisionLogOptions, decisionLogSettings } from './log-settings.js';
export { openDecisionLog } from './open-decision-log.js';
export { PostgresDecisionLog } from './postgres-decision-log.js';
