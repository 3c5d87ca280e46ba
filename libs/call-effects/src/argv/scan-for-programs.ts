import { type Reading, readInnerProgram, readNestedText } from '../reading.js';
import type { ShellWord } from '../shell/shell-words.js';
import { possibleCommands } from './possible-commands.js';
import { programName } from './program-name.js';

/** A command with more words that name programs is too complex. */
const MAX_CANDIDATES = 12;

/**
 * Words of a program that is not listed, or of one whose command may begin anywhere: each word that names a listed
 * program is read as that program with the words after it.
 */
export function scanForPrograms(by: string, words: readonly ShellWord[], reading: Reading): void {
  if (reading.isScanned) return;
  // A program that is not listed may set any variable for what it runs.
  const inner = { ...reading, hasUnknownDefaults: true, isScanned: true };
  let candidates = 0;
  for (const [index, word] of words.entries()) {
    const first = /^\s*(\S+)(\s+\S)?/.exec(word.text);
    const names = [
      first?.[1] ?? '',
      ...(word.dynamic ? possibleCommands(word, reading.effects).map(([name = '']) => name) : []),
    ];
    const isProgram = names.some((name) => reading.effects.find(programName(name))?.document.plain === false);
    if (!isProgram) continue;
    candidates += 1;
    if (candidates > MAX_CANDIDATES) {
      reading.effects.stop('too_many');
      return;
    }
    if (first?.[2] === undefined) readInnerProgram(words.slice(index), inner, by);
    else readNestedText(word.text, { ...reading, via: [...reading.via, by] });
  }
}
