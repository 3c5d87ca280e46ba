/** Bounds of what is read of one call. */
export interface EffectLimits {
  /** Length of one command in UTF-16 units. */
  readonly maxCommandLength: number;
  /** Depth of brackets, quotes and blocks of one script. */
  readonly maxBracketDepth: number;
  /** Scripts inside of scripts. */
  readonly maxNestedScripts: number;
  /** Programs that run programs. */
  readonly maxWrappers: number;
  /** Distinct effects of one call, those of the shell left out. */
  readonly maxEffects: number;
  /** Programs, words and nodes that are read of one call; a script inside of another one counts as several. */
  readonly maxSteps: number;
}

export const DEFAULT_EFFECT_LIMITS: EffectLimits = {
  maxCommandLength: 32_768,
  maxBracketDepth: 40,
  maxNestedScripts: 8,
  maxWrappers: 16,
  maxEffects: 20,
  maxSteps: 15_000,
};
