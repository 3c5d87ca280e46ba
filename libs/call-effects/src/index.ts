export {
  type CallEffects,
  type Complexity,
  type Effect,
  type EffectfulCall,
  OPERATIONS,
  type Opaque,
  type Operation,
  stricterOperation,
} from './effect.js';
export { effectAttributes, effectSummary, listedEffects } from './effect-attributes.js';
export { DEFAULT_EFFECT_LIMITS, type EffectLimits } from './limits.js';
export { compilePrograms, type Programs } from './programs.js';
export { readEffects } from './read-effects.js';
export { MAX_SQL_LENGTH, type SqlDialect, type SqlReading, statementEffects } from './sql/index.js';
export type { EnvironmentOf } from './target.js';
