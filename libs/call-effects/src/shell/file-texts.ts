import type { Reading } from '../reading.js';
import { OUTPUT } from './expand-word.js';
import type { ShellWord } from './shell-words.js';

const STANDARD_INPUT = /^(?:-|\/dev\/stdin|\/dev\/fd\/0|\/proc\/self\/fd\/0)$/;

/** What a file that a program runs holds, as far as the call contains it: one that it writes, or the output of a command. */
export function textsOfFile(word: ShellWord | undefined, reading: Reading): readonly string[] {
  if (word === undefined) return [];
  const outputs = word.candidates.filter((text) => text.startsWith(OUTPUT)).map((text) => text.slice(OUTPUT.length));
  const found = STANDARD_INPUT.test(word.text) ? reading.stdin : reading.files.read(word.text);
  return typeof found === 'object' ? [...outputs, found.text] : outputs;
}
