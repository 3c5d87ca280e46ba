export type { SqlDialect } from './dialects.js';
export { MAX_SQL_LENGTH, type SqlReading, statementEffects } from './statement-effects.js';
