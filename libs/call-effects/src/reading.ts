import type { Effect } from './effect.js';
import type { EffectList } from './effect-list.js';
import type { ProgramEnvironment } from './shell/program-environment.js';
import type { ShellState } from './shell/shell-state.js';
import type { ShellWord } from './shell/shell-words.js';
import type { StandardInput, WrittenFiles } from './shell/written-files.js';
import type { Target } from './target.js';

/** What surrounds the command that is read. */
export interface Reading {
  readonly effects: EffectList;
  readonly state: ShellState;
  readonly environment: ProgramEnvironment;
  /** Where the command runs, when that is another machine or a container. */
  readonly remote?: readonly Target[];
  /** Programs that run it, outermost first. */
  readonly via: readonly string[];
  readonly span?: Effect['span'];
  /** Positions of what is read are those of the text of the call. */
  readonly isTop: boolean;
  readonly stdin?: StandardInput;
  readonly files: WrittenFiles;
  /** Any variable may be set by what runs the command: a target that is not named is not the program's default. */
  readonly hasUnknownDefaults?: boolean;
  /** All words of the command are tried as programs already. */
  readonly isScanned?: boolean;
  /** How many scripts it is inside of. */
  readonly scripts: number;
  /** How many programs run it. */
  readonly wrappers: number;
  /** Reads the text of a shell. */
  readonly readText: (text: string, reading: Reading) => void;
  /** Reads a program and its arguments. */
  readonly readProgram: (words: readonly ShellWord[], reading: Reading) => void;
}

/** Reads text as a script inside of what is read now. */
export function readNestedText(text: string, reading: Reading): void {
  if (reading.scripts >= reading.effects.limits.maxNestedScripts) {
    reading.effects.stop('too_deep');
    return;
  }
  reading.readText(text, { ...reading, isTop: false, isScanned: false, scripts: reading.scripts + 1 });
}

/** Reads a program that another one runs. */
export function readInnerProgram(words: readonly ShellWord[], reading: Reading, by: string): void {
  if (words.length === 0) return;
  if (reading.wrappers >= reading.effects.limits.maxWrappers) {
    reading.effects.stop('too_deep');
    return;
  }
  reading.readProgram(words, { ...reading, wrappers: reading.wrappers + 1, via: [...reading.via, by] });
}
