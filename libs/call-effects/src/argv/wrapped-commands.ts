import type { CommandDocument } from '@iris/tool-catalog';
import type { Program } from '../programs.js';
import { type Reading, readInnerProgram, readNestedText } from '../reading.js';
import { knownWord, type ShellWord, UNKNOWN_WORD } from '../shell/shell-words.js';
import { UNKNOWN_PART } from '../target.js';
import { findTargets } from './find-targets.js';
import { type ArgumentRules, type Arguments, readArguments, valuesOf } from './read-arguments.js';
import { scanForPrograms } from './scan-for-programs.js';

/** Reads the commands that a program runs: `sudo …`, `ssh host …`, `docker exec …`, `find -exec …`. */
export function readWrappedCommands(name: string, program: Program, args: Arguments, reading: Reading): void {
  for (const command of program.commands) {
    const below = belowVerb(command, args, program);
    if (below === undefined) continue;
    const inner = innerReading(command, program, args, below, reading);
    readOptionTexts(name, command, below, inner);
    readStandardInput(command, inner);
    const commands = commandsIn(command, below, program);
    for (const words of commands.found) readWords(name, command, words, inner);
    if (commands.ambiguous) scanForPrograms(name, below.words, inner);
  }
}

/** The arguments behind the verb; undefined when the verb is not given. */
function belowVerb(command: CommandDocument, args: Arguments, program: Program): Arguments | undefined {
  if (command.verbs === undefined) return args;
  for (const verb of command.verbs) {
    const words = verb.split(' ');
    for (let at = 0; at + words.length <= args.bare.length; at++) {
      if (!words.every((word, index) => args.bare[at + index]?.word.text === word)) continue;
      const last = args.bare[at + words.length - 1];
      if (last) return readArguments(args.words.slice(last.index + 1), program);
    }
  }
  return undefined;
}

function innerReading(
  command: CommandDocument,
  program: Program,
  args: Arguments,
  below: Arguments,
  reading: Reading,
): Reading {
  let { environment } = reading;
  if (command.clearsEnv || command.remote) environment = environment.doubted();
  const removed = (command.unset ?? []).some((option) => below.options.some(({ names }) => names.includes(option)));
  if (removed) environment = environment.doubted();
  const passed = valuesOf(below, command.env).map(({ value }) => value.text);
  environment = environment.with(
    passed.flatMap((text) => {
      const [variable = '', ...rest] = text.split('=');
      if (rest.length > 0) return [[variable, { text: rest.join('='), doubtful: false }] as const];
      return reading.environment.get(variable).map((value) => [variable, value] as const);
    }),
  );
  const remote = command.remote ? findTargets(withoutCommand(command, args), program, reading) : reading.remote;
  const state = command.remote ? reading.state.started() : reading.state;
  return { ...reading, environment, state, ...(remote && { remote }) };
}

/** Words of the command itself are no options of the program that runs it. */
function withoutCommand(command: CommandDocument, args: Arguments): Arguments {
  const at = command.after === undefined ? -1 : args.words.findIndex(({ text }) => text === command.after);
  if (at === -1) return args;
  return { ...args, words: args.words.slice(0, at), bare: args.bare.filter(({ index }) => index < at) };
}

function readOptionTexts(name: string, command: CommandDocument, args: Arguments, reading: Reading): void {
  for (const { value } of valuesOf(args, command.options)) {
    if (value.dynamic) reading.effects.obscure('dynamic');
    const rest = command.rest ? args.bare.map(({ word }) => ` ${quoted(word.text)}`).join('') : '';
    readNestedText(value.text + rest, { ...reading, via: [...reading.via, name] });
  }
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

function readStandardInput(command: CommandDocument, reading: Reading): void {
  if (!command.stdin) return;
  if (reading.stdin === 'unknown') reading.effects.obscure('script');
  else if (reading.stdin) readNestedText(reading.stdin.text, reading);
}

interface FoundCommands {
  readonly found: readonly (readonly ShellWord[])[];
  /** The command may begin elsewhere. */
  readonly ambiguous: boolean;
}

function commandsIn(command: CommandDocument, args: Arguments, program: Program): FoundCommands {
  const { words } = args;
  if (command.afterOptions) return { found: afterOptions(command, words), ambiguous: false };
  if (command.after !== undefined) {
    const at = words.findIndex(({ text }) => text === command.after);
    if (at !== -1) return { found: [until(command, words.slice(at + 1))], ambiguous: false };
    if (!command.rest) return { found: [], ambiguous: true };
  }
  if (!command.rest) return { found: [], ambiguous: false };
  const rules: ArgumentRules = { maxBare: command.skip + 1 };
  const { bare, ambiguous } = readArguments(words, program, rules);
  const start = bare[command.skip];
  return {
    found: start ? [until(command, words.slice(start.index))] : [],
    ambiguous: ambiguous || words.some(({ splits }) => splits),
  };
}

/** More commands of one program are not read; `find` takes any number. */
const MAX_COMMANDS = 20;

function afterOptions(command: CommandDocument, words: readonly ShellWord[]): (readonly ShellWord[])[] {
  return words
    .flatMap(({ text }, at) => (command.afterOptions?.includes(text) ? [at] : []))
    .slice(0, MAX_COMMANDS)
    .map((at) => until(command, words.slice(at + 1)));
}

function until(command: CommandDocument, words: readonly ShellWord[]): readonly ShellWord[] {
  const end = words.findIndex(({ text }) => command.until?.includes(text));
  return end === -1 ? words : words.slice(0, end);
}

function readWords(name: string, command: CommandDocument, words: readonly ShellWord[], reading: Reading): void {
  const { assignments, rest } = leadingAssignments(words);
  const environment = reading.environment.with(assignments);
  const inner = { ...reading, environment };
  const complete = command.appends ? withInput(rest, reading) : rest;
  if (!command.text) {
    readInnerProgram(complete, inner, name);
    return;
  }
  const text = complete.map((word) => word.text).join(' ');
  if (complete.some(({ dynamic }) => dynamic)) reading.effects.obscure('dynamic');
  readNestedText(text, { ...inner, via: [...reading.via, name] });
}

/** Words before the program that set its environment. */
function leadingAssignments(words: readonly ShellWord[]) {
  const end = words.findIndex(({ text }) => !/^[A-Za-z_]\w*=/.test(text));
  const count = end === -1 ? words.length : end;
  const assignments = words.slice(0, count).map(({ text }) => {
    const at = text.indexOf('=');
    return [text.slice(0, at), { text: text.slice(at + 1), doubtful: false }] as const;
  });
  return { assignments, rest: words.slice(count) };
}

const PLACE = '{}';

/** Words of the command with what its standard input adds. */
function withInput(words: readonly ShellWord[], { stdin }: Reading): readonly ShellWord[] {
  const text = typeof stdin === 'object' ? stdin.text.trim() : undefined;
  const filler = text?.split('\n', 1)[0] ?? UNKNOWN_PART;
  if (words.some((word) => word.text.includes(PLACE))) {
    return words.map((word) => {
      if (!word.text.includes(PLACE)) return word;
      const filled = word.text.replaceAll(PLACE, () => filler);
      return { ...knownWord(filled), hides: text === undefined && word.text.startsWith(PLACE) };
    });
  }
  return [...words, ...(text === undefined ? [UNKNOWN_WORD] : text.split(/\s+/).slice(0, 200).map(knownWord))];
}
