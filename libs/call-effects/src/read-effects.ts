import type { CallEffects, EffectfulCall } from './effect.js';
import { EffectList } from './effect-list.js';
import { DEFAULT_EFFECT_LIMITS, type EffectLimits } from './limits.js';
import { readParameters } from './params/read-parameters.js';
import type { Programs } from './programs.js';
import type { EnvironmentOf } from './target.js';

/**
 * Reads what a call does: shell commands, argument lists, URLs, patches and code in its parameters. Effects only tighten
 * what the tool itself is judged by. Linear in the size of the parameters; never throws: a call whose reading fails is too
 * complex.
 */
export function readEffects(
  call: EffectfulCall,
  programs: Programs,
  environmentOf: EnvironmentOf,
  limits: EffectLimits = DEFAULT_EFFECT_LIMITS,
): CallEffects {
  try {
    return collectEffects(call, programs, environmentOf, limits);
  } catch {
    return { effects: [], opaque: ['unparsable'], complexity: 'too_deep' };
  }
}

/**
 * As `readEffects`.
 *
 * @throws {unknown} what `environmentOf` throws, and any error of the reading itself.
 */
export function collectEffects(
  call: EffectfulCall,
  programs: Programs,
  environmentOf: EnvironmentOf,
  limits: EffectLimits = DEFAULT_EFFECT_LIMITS,
): CallEffects {
  const effects = new EffectList(programs, environmentOf, limits);
  readParameters(call, effects);
  return effects.result();
}
