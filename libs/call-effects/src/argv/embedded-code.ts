import { type Reading, readInnerProgram, readNestedText } from '../reading.js';
import { knownWord } from '../shell/shell-words.js';
import { programName } from './program-name.js';

/** Code with more texts that begin with a listed program is too complex. */
const MAX_CANDIDATES = 12;

/** Texts after the name of a program that are taken for its arguments. */
const MAX_ARGUMENTS = 24;

/**
 * Code of another language: it is not read, but for its string literals. One that begins with a listed program is read
 * as a command, alone or with the literals after it as arguments.
 */
export function readCode(code: string, by: string, reading: Reading): void {
  const { effects } = reading;
  effects.obscure('code');
  effects.scanCode(code);
  const literals = stringLiterals(code);
  if (!effects.step(literals.length)) return;
  let candidates = 0;
  for (const [index, literal] of literals.entries()) {
    const first = /^[\s!:]*(\S+)(\s+\S)?/.exec(literal);
    const program = effects.find(programName(first?.[1] ?? ''));
    if (!program || program.document.plain) continue;
    candidates += 1;
    if (candidates > MAX_CANDIDATES) {
      effects.stop('too_many');
      return;
    }
    const inner = { ...reading, via: [...reading.via, by] };
    if (first?.[2] !== undefined) readNestedText(literal.replace(/^[\s!:]+/, ''), inner);
    else readInnerProgram(literals.slice(index, index + MAX_ARGUMENTS).map(knownWord), reading, by);
  }
}

/** Texts between quotes of one kind, in order. */
function stringLiterals(code: string): string[] {
  const literals: string[] = [];
  for (let at = 0; at < code.length; at++) {
    const quote = code[at];
    if (quote !== '"' && quote !== "'" && quote !== '`') continue;
    let text = '';
    let end = at + 1;
    for (; end < code.length && code[end] !== quote; end++) {
      if (code[end] === '\\') end += 1;
      text += code[end] ?? '';
    }
    literals.push(text);
    at = end;
  }
  return literals;
}
