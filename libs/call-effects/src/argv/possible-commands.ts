import type { EffectList } from '../effect-list.js';
import { OUTPUT } from '../shell/expand-word.js';
import type { ShellWord } from '../shell/shell-words.js';
import { UNKNOWN_PART } from '../target.js';
import { programName } from './program-name.js';

const MAX_GLOB_LENGTH = 40;
const MAX_MATCHES = 8;

/** What matching a pattern with the names of all programs costs. */
const STEPS_OF_GLOB = 60;

/** Programs, each with arguments, that a word may turn out to be which is not known before the command runs. */
export function possibleCommands(word: ShellWord, effects: EffectList): readonly (readonly string[])[] {
  return word.candidates.flatMap((candidate) => {
    if (candidate.startsWith(OUTPUT)) return [];
    if (candidate.startsWith('glob:')) return matching(word.text, effects).map((name) => [name]);
    const words = candidate.split(/\s/.test(candidate) ? /\s+/ : /[,:;|+]+/);
    return [words.filter((part) => part !== '')];
  });
}

/** Listed programs whose name a pattern may match. */
function matching(text: string, effects: EffectList): readonly string[] {
  const pattern = programName(text);
  if (pattern.length > MAX_GLOB_LENGTH || !/\w/.test(pattern) || !effects.step(STEPS_OF_GLOB)) return [];
  const parts = [...pattern].map((sign) => (sign === UNKNOWN_PART ? '.*' : sign.replace(/\W/, '\\$&')));
  const glob = new RegExp(`^${parts.join('')}$`);
  return effects.programs.names.filter((name) => glob.test(name)).slice(0, MAX_MATCHES);
}
