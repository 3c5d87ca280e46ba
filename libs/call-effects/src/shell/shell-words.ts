import { UNKNOWN_PART } from '../target.js';

/** One word of a command after all expansions. */
export interface ShellWord {
  /** Unknown parts are `UNKNOWN_PART`. */
  readonly text: string;
  /** Has unknown parts. */
  readonly dynamic: boolean;
  /** May turn out to be several words. */
  readonly splits: boolean;
  /** May turn out to be an option, or several words. */
  readonly hides: boolean;
  /** Texts that a dynamic word is known to possibly be; split into words where the shell would. */
  readonly candidates: readonly string[];
}

/** A word that is all known. */
export function knownWord(text: string): ShellWord {
  return { text, dynamic: text.includes(UNKNOWN_PART), splits: false, hides: false, candidates: [] };
}

/** A word of which nothing is known. */
export const UNKNOWN_WORD: ShellWord = {
  text: UNKNOWN_PART,
  dynamic: true,
  splits: true,
  hides: true,
  candidates: [],
};

/**
 * Characters of a word and where each one comes from:
 * - `u` unquoted text, in which braces count
 * - `q` quoted text
 * - `x` text of an expansion, at whose white space the word is split
 * - `d` unknown, never an option and never split
 * - `k` unknown, never split
 * - `s` unknown, may be split
 * - `z` the mark of a quote, which makes a word of nothing
 */
export interface MaskedText {
  readonly text: string;
  readonly mask: string;
}

/** Marks where quotes begin, in place of NUL, which no word of a shell holds. */
export const QUOTE = '\0';

/** More words from the braces of one word are not told apart. */
const MAX_BRACE_WORDS = 64;

/** More braces in one word are not expanded. */
const MAX_BRACES = 32;

/** Expands braces, then splits at the white space of expansions. */
export function wordsOf(masked: MaskedText, candidates: readonly string[]): ShellWord[] {
  const versions = (mayExpand(masked) ? expandBraces(masked, MAX_BRACE_WORDS) : [masked]) ?? [UNKNOWN_TEXT];
  return versions.flatMap((version) => split(version, candidates));
}

const UNKNOWN_TEXT: MaskedText = { text: UNKNOWN_PART, mask: 's' };

function mayExpand({ text, mask }: MaskedText): boolean {
  return text.includes('{') && mask.includes('u');
}

function split({ text, mask }: MaskedText, candidates: readonly string[]): ShellWord[] {
  const words: ShellWord[] = [];
  let start = 0;
  const push = (end: number) => {
    if (end > start) words.push(wordFrom(text.slice(start, end), mask.slice(start, end)));
  };
  const wordFrom = (part: string, marks: string): ShellWord => {
    // A text that was put together for another shell holds unknown parts itself.
    const isMixed = part.split('').some((sign, at) => sign === UNKNOWN_PART && !/[dks]/.test(marks[at] ?? ''));
    const splits = isMixed || marks.includes('s');
    return {
      text: part.replaceAll(QUOTE, ''),
      dynamic: isMixed || /[dks]/.test(marks),
      splits,
      hides: splits || /^z*k/.test(marks),
      candidates,
    };
  };
  for (let at = 0; at < text.length; at++) {
    if (mask[at] === 'x' && ' \t\n'.includes(text[at] ?? '')) {
      push(at);
      start = at + 1;
    }
  }
  push(text.length);
  return words;
}

/** Undefined when there are more than `limit`. */
function expandBraces(masked: MaskedText, limit: number): MaskedText[] | undefined {
  if (masked.text.split('{', MAX_BRACES + 2).length > MAX_BRACES + 1 || isAmbiguous(masked)) return undefined;
  const open = nextBrace(masked);
  if (open === undefined) return [masked];
  const { start, end, commas } = open;
  const before = slice(masked, 0, start);
  const choices =
    commas.length > 0
      ? [start, ...commas].map((from, index) => slice(masked, from + 1, commas[index] ?? end))
      : sequence(masked.text.slice(start + 1, end));
  if (choices === undefined) return undefined;
  const rests = expandBraces(slice(masked, end + 1), limit);
  if (rests === undefined) return undefined;
  const words: MaskedText[] = [];
  for (const choice of choices) {
    for (const inner of expandBraces(choice, limit) ?? [UNKNOWN_TEXT]) {
      for (const rest of rests) {
        if (words.length >= limit) return undefined;
        words.push(join(before, inner, rest));
      }
    }
  }
  return words;
}

/** The first pair of braces with a comma or a sequence in it. Linear but for nested braces that expand to nothing. */
function nextBrace({ text, mask }: MaskedText): { start: number; end: number; commas: number[] } | undefined {
  const opened: { start: number; commas: number[] }[] = [];
  let found: { start: number; end: number; commas: number[] } | undefined;
  for (let at = 0; at < text.length; at++) {
    if (mask[at] !== 'u') continue;
    const sign = text[at];
    if (sign === '{') opened.push({ start: at, commas: [] });
    else if (sign === ',') opened.at(-1)?.commas.push(at);
    else if (sign === '}') {
      const last = opened.pop();
      if (last && (last.commas.length > 0 || isSequence(text.slice(last.start + 1, at)))) {
        if (found === undefined || last.start < found.start) found = { ...last, end: at };
        if (opened.length === 0) return found;
      }
    }
  }
  return found;
}

/** Bash looks for another end of braces that have no comma, which is not told here. */
function isAmbiguous({ text, mask }: MaskedText): boolean {
  let hasComma = false;
  let hasPlainPair = false;
  const opened: { start: number; isList: boolean }[] = [];
  for (let at = 0; at < text.length; at++) {
    if (mask[at] !== 'u') continue;
    if (text[at] === '{') opened.push({ start: at, isList: false });
    if (text[at] === ',') {
      hasComma = true;
      const last = opened.at(-1);
      if (last) last.isList = true;
    }
    if (text[at] !== '}') continue;
    const last = opened.pop();
    if (last && !last.isList && !isSequence(text.slice(last.start + 1, at))) hasPlainPair = true;
  }
  return hasComma && hasPlainPair;
}

function isSequence(text: string): boolean {
  return /^(?:[A-Za-z]\.\.[A-Za-z]|-?\d{1,9}\.\.-?\d{1,9})(?:\.\.-?\d{1,9})?$/.test(text);
}

function sequence(text: string): MaskedText[] | undefined {
  const [first = '', last = '', step = '1'] = text.split('..');
  const isNumber = /\d/.test(first);
  const from = isNumber ? Number(first) : (first.codePointAt(0) ?? 0);
  const to = isNumber ? Number(last) : (last.codePointAt(0) ?? 0);
  // A leading zero makes all numbers as wide as the widest.
  const width = /^-?0\d/.test(first) || /^-?0\d/.test(last) ? Math.max(first.length, last.length) : 0;
  const by = Math.max(1, Math.abs(Number(step)));
  const count = Math.floor(Math.abs(to - from) / by) + 1;
  if (count > MAX_BRACE_WORDS) return undefined;
  return Array.from({ length: count }, (_, index) => {
    const value = from + (to >= from ? 1 : -1) * by * index;
    const digits = String(Math.abs(value)).padStart(width - (value < 0 ? 1 : 0), '0');
    const part = isNumber ? `${value < 0 ? '-' : ''}${digits}` : String.fromCodePoint(value);
    return { text: part, mask: 'q'.repeat(part.length) };
  });
}

function slice({ text, mask }: MaskedText, from: number, to?: number): MaskedText {
  return { text: text.slice(from, to), mask: mask.slice(from, to) };
}

function join(...parts: readonly MaskedText[]): MaskedText {
  return { text: parts.map(({ text }) => text).join(''), mask: parts.map(({ mask }) => mask).join('') };
}
