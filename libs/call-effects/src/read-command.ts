import { readProgram } from './argv/read-program.js';
import { scanForPrograms } from './argv/scan-for-programs.js';
import type { EffectList } from './effect-list.js';
import type { Reading } from './reading.js';
import { parseShell } from './shell/parse-shell.js';
import { ProgramEnvironment } from './shell/program-environment.js';
import { readScript } from './shell/read-script.js';
import { ShellState } from './shell/shell-state.js';
import { knownWord } from './shell/shell-words.js';
import { WrittenFiles } from './shell/written-files.js';

/** What parsing a text costs, however short it is. */
const STEPS_OF_SCRIPT = 12;

/** Variables that a call gives its command. */
export type GivenEnvironment = readonly (readonly [name: string, value: string])[];

/** Reads the text of a shell command. */
export function readCommandText(text: string, effects: EffectList, given: GivenEnvironment = []): void {
  readText(text, topReading(effects, given));
}

/** Reads a program and its arguments. */
export function readCommandWords(words: readonly string[], effects: EffectList, given: GivenEnvironment = []): void {
  const tooLong = words.reduce((sum, word) => sum + word.length + 1, 0) > effects.limits.maxCommandLength;
  if (tooLong) {
    effects.stop('too_long');
    return;
  }
  effects.scan(words.join(' '));
  readProgram(words.map(knownWord), topReading(effects, given));
}

export function topReading(effects: EffectList, given: GivenEnvironment): Reading {
  const state = new ShellState();
  for (const [name, value] of given) state.assign(name, value, true);
  return {
    effects,
    state,
    environment: new ProgramEnvironment().inShell(state),
    via: [],
    files: new WrittenFiles(),
    isTop: false,
    scripts: 0,
    wrappers: 0,
    readText,
    readProgram,
  };
}

function readText(source: string, reading: Reading): void {
  const { effects } = reading;
  if (effects.stopped || !effects.step(STEPS_OF_SCRIPT + Math.ceil(source.length / 16))) return;
  const parsed = parseShell(source, effects.limits);
  effects.scan(parsed.text);
  if (parsed.script === undefined && parsed.refused !== 'unparsable') {
    effects.stop(parsed.refused);
    return;
  }
  if (parsed.script === undefined || parsed.unparsable) {
    effects.obscure('unparsable');
    // A shell runs what comes before an error, and another shell may take no offence: any word may be a program.
    const words = parsed.text
      .replace(/\\\n|[\\'"]/g, '')
      .split(/[\s;|&()<>`{}]+/)
      .filter((word) => word !== '');
    if (effects.step(words.length)) scanForPrograms('unparsable', words.map(knownWord), reading);
  }
  if (parsed.script === undefined) return;
  try {
    readScript(parsed.script, {
      ...reading,
      isTop: reading.scripts === 0 && parsed.text === source,
      environment: reading.environment.inShell(reading.state),
    });
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    effects.stop('too_deep');
  }
}
