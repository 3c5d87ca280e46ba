import type { Program } from '../programs.js';
import { knownWord, type ShellWord } from '../shell/shell-words.js';
import { UNKNOWN_PART } from '../target.js';

/** An option as it is given. */
export interface GivenOption {
  /** All options of the program that it may be: an abbreviation may stand for several. */
  readonly names: readonly string[];
  readonly value?: ShellWord;
  /** It may be the value of the option before, which is not listed. */
  readonly doubtful: boolean;
  /** No bare word comes before it. */
  readonly leading: boolean;
}

/** A word that is no option. */
export interface BareWord {
  readonly word: ShellWord;
  /** Its place in the arguments. */
  readonly index: number;
}

/** Arguments of a program, its name left out. */
export interface Arguments {
  readonly words: readonly ShellWord[];
  readonly options: readonly GivenOption[];
  readonly bare: readonly BareWord[];
  /** Some option is not listed, so the word after it may be its value. */
  readonly ambiguous: boolean;
  /** A word that is not known may be an option. */
  readonly hides: boolean;
  /** The same of the words before the first bare one. */
  readonly hidesLeading: boolean;
  /** The first bare word may be the value of an option that is not listed. */
  readonly doubtsFirst: boolean;
}

/** How far options are read. */
export interface ArgumentRules {
  /** Options end at this number of bare words. */
  readonly maxBare?: number;
}

/** Reads arguments as getopt does: clusters, values in the same word, abbreviations of long options. */
export function readArguments(words: readonly ShellWord[], program: Program, rules: ArgumentRules = {}): Arguments {
  const { maxBare = Number.POSITIVE_INFINITY } = rules;
  const options: GivenOption[] = [];
  const bare: BareWord[] = [];
  let ambiguous = false;
  let hides = false;
  let hidesLeading = false;
  let doubtsFirst = false;
  let afterUnlisted = false;
  let onlyBare = false;
  for (let index = 0; index < words.length; index++) {
    const word = words[index] ?? knownWord('');
    if (!onlyBare && word.text === '--') {
      onlyBare = true;
      continue;
    }
    if (onlyBare || !isOption(word.text, program)) {
      if (!onlyBare && word.hides) {
        hides = true;
        hidesLeading ||= bare.length === 0;
      }
      if (bare.length === 0) doubtsFirst = afterUnlisted;
      bare.push({ word, index });
      if (bare.length >= maxBare) onlyBare = true;
      afterUnlisted = false;
      continue;
    }
    const found = readOption(word, words[index + 1], program);
    if (word.hides || found.options.some(({ value }) => value?.splits)) {
      hides = true;
      hidesLeading ||= bare.length === 0;
    }
    for (const { names, value } of found.options) {
      options.push({ names, ...(value && { value }), doubtful: afterUnlisted, leading: bare.length === 0 });
    }
    if (found.takesNext) index += 1;
    afterUnlisted = found.unlisted;
    ambiguous ||= found.unlisted;
  }
  return { words, options, bare, ambiguous, hides, hidesLeading, doubtsFirst };
}

function isOption(text: string, { valued, switches }: Program): boolean {
  return /^-\S/.test(text) || valued.has(text) || switches.has(text) || (text.startsWith('+') && valued.has('+'));
}

interface ReadOption {
  readonly options: readonly { names: readonly string[]; value?: ShellWord }[];
  readonly takesNext: boolean;
  readonly unlisted: boolean;
}

function readOption(word: ShellWord, next: ShellWord | undefined, program: Program): ReadOption {
  const { valued, switches } = program;
  const { text } = word;
  const at = text.indexOf('=');
  const name = at === -1 ? text : text.slice(0, at);
  const attached = at === -1 ? undefined : part(word, at + 1);
  if (text.startsWith('+')) return one(['+'], part(word, 1), false);
  if (valued.has(text)) return one([text], next, true);
  if (switches.has(text)) return one([text], undefined, false);
  if (text.startsWith('--')) {
    const given = text.split('=', 1)[0] ?? text;
    const names = [...valued, ...switches].filter((each) => each.startsWith(given) && given.length > 2);
    const value = text.length > given.length ? part(word, given.length + 1) : undefined;
    const takesNext = value === undefined && names.some((each) => valued.has(each));
    return {
      options: [{ names: names.length > 0 ? names : [given], ...optional(value ?? (takesNext ? next : undefined)) }],
      takesNext,
      unlisted: names.length === 0 && value === undefined,
    };
  }
  if (attached !== undefined && (valued.has(name) || switches.has(name)) && name.length > 2)
    return { options: [{ names: [name], value: attached }], takesNext: false, unlisted: false };
  return readCluster(word, next, program);
}

function readCluster(word: ShellWord, next: ShellWord | undefined, { valued, switches }: Program): ReadOption {
  const { text } = word;
  const options: { names: readonly string[]; value?: ShellWord }[] = [];
  let unlisted = false;
  for (let at = 1; at < text.length; at++) {
    const name = `${text[0]}${text[at]}`;
    if (valued.has(name)) {
      const isLast = at === text.length - 1;
      const value = isLast ? next : part(word, text[at + 1] === '=' ? at + 2 : at + 1);
      options.push({ names: [name], ...optional(value) });
      return { options, takesNext: isLast, unlisted };
    }
    options.push({ names: [name] });
    unlisted ||= !switches.has(name);
  }
  return { options, takesNext: false, unlisted };
}

function one(names: readonly string[], value: ShellWord | undefined, takesNext: boolean): ReadOption {
  return { options: [{ names, ...optional(value) }], takesNext, unlisted: false };
}

function optional(value: ShellWord | undefined): { value?: ShellWord } {
  return value ? { value } : {};
}

function part(word: ShellWord, from: number): ShellWord {
  const text = word.text.slice(from);
  return { text, dynamic: text.includes(UNKNOWN_PART), splits: word.splits, hides: word.splits, candidates: [] };
}

/** Whether an option is one of a list; `-o HostName` in the list is the key `HostName` in the value of `-o`. */
export function valuesOf(args: Arguments, list: readonly string[] = []): { value: ShellWord; doubtful: boolean }[] {
  return args.options.flatMap(({ names, value, doubtful }) => {
    if (value === undefined) return [];
    return list.flatMap((entry) => {
      const [option = '', key] = entry.split(' ');
      if (!names.includes(option)) return [];
      if (key === undefined) return [{ value, doubtful }];
      const found = keyValue(value, key);
      return found ? [{ value: found, doubtful }] : [];
    });
  });
}

function keyValue(word: ShellWord, key: string): ShellWord | undefined {
  const match = /^\s*([\w.*-]+)\s*[=\s]\s*/.exec(word.text);
  if (!match) return undefined;
  const pattern = new RegExp(`^${key.replace(/[.*]/g, (sign) => (sign === '*' ? '.*' : '\\.'))}$`, 'i');
  return pattern.test(match[1] ?? '') ? part(word, match[0].length) : undefined;
}

/** Whether any option of a list is given; `-X DELETE` in the list is the option with that value. */
export function isGiven(args: Arguments, entry: string): boolean {
  const [option = '', wanted] = entry.split(' ');
  return args.options.some(
    ({ names, value }) =>
      names.includes(option) && (wanted === undefined || value?.text.toUpperCase() === wanted.toUpperCase()),
  );
}
