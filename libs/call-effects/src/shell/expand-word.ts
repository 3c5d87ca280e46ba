import type { ParameterExpansionPart, Word, WordPart } from 'unbash';
import { UNKNOWN_PART } from '../target.js';
import { constantOutput, isSingleOutput } from './known-output.js';
import { alterText } from './parameter-operation.js';
import { certainValue, type ShellState } from './shell-state.js';
import { QUOTE, type ShellWord, wordsOf } from './shell-words.js';

/** Variables that hold one word and no option unless the call sets them. */
const SINGLE = /^(?:HOME|PWD|OLDPWD|USER|LOGNAME|UID|EUID|HOSTNAME|TMPDIR|RANDOM|LINENO|SECONDS|PPID|SHLVL|[$?#!])$/;

/** Begins a candidate that is what a file holds, and no text of the word. */
export const OUTPUT = 'output:';

interface Pieces {
  text: string;
  mask: string;
  hasBraces: boolean;
  candidates: string[];
}

/** Expands a word as Bash does, as far as the text of the call shows its parts. */
export function expandWord(word: Word, state: ShellState): ShellWord[] {
  const [only] = word.parts ?? [];
  if (word.parts?.length === 1 && only && state.parameters && isAllParameters(only)) return [...state.parameters];
  const list = word.parts?.length === 1 && only ? listOf(only, state) : undefined;
  if (list) return [...list];
  const pieces = expand(word, state);
  return wordsOf(pieces, pieces.candidates);
}

/** The value of a word where it is neither split nor expanded into several; undefined parts are `UNKNOWN_PART`. */
export function expandValue(word: Word, state: ShellState): string {
  return expand(word, state).text.replaceAll(QUOTE, '');
}

/** The text of parts that are read as if in double quotes: a here-document. */
export function expandParts(parts: readonly WordPart[], state: ShellState): string {
  const pieces: Pieces = { text: '', mask: '', hasBraces: false, candidates: [] };
  addParts(pieces, parts, true, state);
  return pieces.text.replaceAll(QUOTE, '');
}

function expand(word: Word, state: ShellState): Pieces {
  const pieces: Pieces = { text: '', mask: '', hasBraces: false, candidates: [] };
  if (word.parts === undefined) addUnquoted(pieces, word.text);
  // Braces come first, so that in `$a{b,c}` the variables are `ab` and `ac`.
  pieces.hasBraces = word.parts?.some(({ type }) => type === 'BraceExpansion') ?? false;
  addParts(pieces, word.parts ?? [], false, state);
  return pieces;
}

function isAllParameters(part: WordPart): boolean {
  return part.type === 'DoubleQuoted' ? /^"\$(?:@|\{@\})"$/.test(part.text) : /^\$(?:[@*]|\{[@*]\})$/.test(part.text);
}

/** `"${name[@]}"` is the elements of an array. */
function listOf(part: WordPart, state: ShellState): readonly ShellWord[] | undefined {
  const text = part.type === 'DoubleQuoted' ? part.text.slice(1, -1) : part.text;
  const name = /^\$\{([A-Za-z_]\w*)\[[@*]\]\}$/.exec(text)?.[1];
  return name === undefined ? undefined : state.list(name);
}

function add(pieces: Pieces, text: string, mark: string): void {
  pieces.text += text;
  pieces.mask += mark.repeat(text.length);
}

function addUnquoted(pieces: Pieces, text: string): void {
  for (const { 0: run } of text.matchAll(/\\[\s\S]?|[^\\]+/g)) {
    if (!run.startsWith('\\')) add(pieces, run, 'u');
    else if (run !== '\\\n') {
      add(pieces, run.slice(1) || '\\', 'q');
    }
  }
}

function addParts(pieces: Pieces, parts: readonly WordPart[], isQuoted: boolean, state: ShellState): void {
  for (const [index, part] of parts.entries()) {
    const next = parts[index + 1];
    // The line continues, and with it the name of the variable.
    const isContinued = part.type === 'SimpleExpansion' && next?.type === 'Literal' && next.text.startsWith('\\\n');
    if (isContinued) addUnknown(pieces, isQuoted);
    else addPart(pieces, part, isQuoted, state);
  }
}

function addPart(pieces: Pieces, part: WordPart, isQuoted: boolean, state: ShellState): void {
  switch (part.type) {
    case 'Literal':
      if (isQuoted) add(pieces, part.value, 'q');
      else addUnquoted(pieces, part.text);
      return;
    case 'SingleQuoted':
    case 'AnsiCQuoted':
      add(pieces, QUOTE, 'z');
      add(pieces, part.value.split('\0', 1)[0] ?? '', 'q');
      return;
    case 'DoubleQuoted':
    case 'LocaleString':
      add(pieces, QUOTE, 'z');
      addParts(pieces, part.parts, true, state);
      return;
    case 'BraceExpansion':
      if (part.parts === undefined) {
        addUnquoted(pieces, part.text);
        return;
      }
      // The parts are those between the braces.
      add(pieces, '{', 'u');
      addParts(pieces, part.parts, false, state);
      add(pieces, '}', 'u');
      return;
    case 'SimpleExpansion':
      if (pieces.hasBraces && !isQuoted) addUnknown(pieces, false);
      else addVariable(pieces, part.text.slice(1).replaceAll('\\\n', ''), isQuoted, state);
      return;
    case 'ParameterExpansion':
      addParameter(pieces, part, isQuoted, state);
      return;
    case 'CommandExpansion':
      addOutput(pieces, part, isQuoted, state);
      return;
    case 'ProcessSubstitution': {
      const output = part.script && constantOutput(part.script, (word) => expandWord(word, state));
      if (output !== undefined) pieces.candidates.push(`${OUTPUT}${output}`);
      add(pieces, UNKNOWN_PART, 'd');
      return;
    }
    case 'ArithmeticExpansion':
      add(pieces, UNKNOWN_PART, 'd');
      return;
    case 'Glob':
    case 'ExtendedGlob':
      pieces.candidates.push(`glob:${part.text}`);
      add(pieces, UNKNOWN_PART, /^z*$/.test(pieces.mask) ? 's' : 'd');
      return;
    default:
      add(pieces, UNKNOWN_PART, isQuoted ? 'k' : 's');
  }
}

function addUnknown(pieces: Pieces, isQuoted: boolean, candidates: readonly string[] = [], isComplete = false): void {
  if (/^z*$/.test(pieces.mask)) pieces.candidates.push(...candidates);
  const areSingle = isComplete && candidates.every((text) => /^[^\s*?[\]\\-][^\s*?[\]\\]*$/.test(text));
  add(pieces, UNKNOWN_PART, areSingle ? 'd' : isQuoted ? 'k' : 's');
}

function addText(pieces: Pieces, text: string, isQuoted: boolean, state: ShellState): void {
  if (isQuoted) add(pieces, text, 'q');
  // Another IFS splits at other places, and a pattern becomes the names of files.
  else if (state.get('IFS') !== undefined || /[*?[]/.test(text)) addUnknown(pieces, false, [text]);
  else add(pieces, text, 'x');
}

function addVariable(pieces: Pieces, name: string, isQuoted: boolean, state: ShellState): void {
  const variable = state.get(name);
  const certain = certainValue(variable);
  if (certain !== undefined) {
    addText(pieces, certain, isQuoted, state);
    return;
  }
  if (variable) {
    addUnknown(pieces, isQuoted, variable.values, variable.complete);
    return;
  }
  if (name === 'IFS') {
    add(pieces, isQuoted ? ' \t\n' : ' ', isQuoted ? 'q' : 'x');
    return;
  }
  if (name === '0' && state.self !== undefined) {
    addText(pieces, state.self, isQuoted, state);
    return;
  }
  const parameter = /^\d+$/.test(name) ? state.parameters?.[Number(name) - 1] : undefined;
  if (parameter && !parameter.dynamic) {
    addText(pieces, parameter.text, isQuoted, state);
    return;
  }
  if (/^[@*]$/.test(name) && state.parameters?.every(({ dynamic }) => !dynamic)) {
    addText(pieces, state.parameters.map(({ text }) => text).join(' '), isQuoted, state);
    return;
  }
  if (SINGLE.test(name)) {
    add(pieces, UNKNOWN_PART, 'd');
    return;
  }
  addUnknown(pieces, isQuoted);
}

function addParameter(pieces: Pieces, part: ParameterExpansionPart, isQuoted: boolean, state: ShellState): void {
  const { parameter, operation, prefix, index } = part;
  if (prefix === '#') {
    add(pieces, UNKNOWN_PART, 'd');
    return;
  }
  const variable = state.get(parameter);
  if (prefix === undefined && index === undefined) {
    if (operation === undefined) {
      addVariable(pieces, parameter, isQuoted, state);
      return;
    }
    if (operation.type === 'Default') {
      const other = expandValue(operation.operand, state);
      if (operation.operator.endsWith('=')) state.assign(parameter, other.includes(UNKNOWN_PART) ? undefined : other);
      const known = [...(variable?.values ?? []), ...(other.includes(UNKNOWN_PART) ? [] : [other])];
      if (/^(?:HOME|PWD)$/.test(parameter) && !variable) {
        add(pieces, UNKNOWN_PART, 'd');
        return;
      }
      addUnknown(pieces, isQuoted, known);
      return;
    }
    const certain = certainValue(variable);
    const altered = certain && alterText(certain, operation, (word) => expandValue(word, state));
    if (altered !== undefined) {
      addText(pieces, altered, isQuoted, state);
      return;
    }
  }
  const target = prefix === '!' ? state.get(certainValue(variable) ?? '') : undefined;
  addUnknown(pieces, isQuoted, target?.values ?? variable?.values ?? []);
}

function addOutput(
  pieces: Pieces,
  part: Extract<WordPart, { type: 'CommandExpansion' }>,
  isQuoted: boolean,
  state: ShellState,
): void {
  const output = part.script && constantOutput(part.script, (word) => expandWord(word, state));
  if (output !== undefined) {
    addText(pieces, output.replace(/\n{1,1000}$/, ''), isQuoted, state);
    return;
  }
  if (part.script && isSingleOutput(part.script)) {
    add(pieces, UNKNOWN_PART, 'd');
    return;
  }
  addUnknown(pieces, isQuoted);
}
