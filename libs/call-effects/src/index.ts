export {
  type CallEffects,
  type Complexity,
  type Effect,
  type EffectfulCall,
  stricterOperation,
} from './effect.js';
export { effectAttributes, effectSummary, listedEffects } from './effect-attributes.js';
export { DEFAULT_EFFECT_LIMITS } from './limits.js';
export { compilePrograms, type Programs } from './programs.js';
export { readEffects } from './read-effects.js';
export { MAX_SQL_LENGTH, type SqlDialect, type SqlReading, statementEffects } from './sql/index.js';
