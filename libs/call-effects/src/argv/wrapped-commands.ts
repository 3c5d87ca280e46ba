import type { CommandDocument } from '@iris/tool-catalog';
import type { Program } from '../programs.js';
import { type Reading, readInnerProgram, readNestedText } from '../reading.js';
import { readRunVariable } from '../shell/run-variables.js';
import { knownWord, type ShellWord, UNKNOWN_WORD } from '../shell/shell-words.js';
import { UNKNOWN_PART } from '../target.js';
import { findTargets } from './find-targets.js';
import { programName } from './program-name.js';
import { type Arguments, type BareWord, readArguments, valuesOf } from './read-arguments.js';
import { scanForPrograms } from './scan-for-programs.js';

/** Commands that a program runs, and the arguments that are its own. */
export interface WrappedCommands {
  readonly own: Arguments;
  readonly commands: readonly WrappedCommand[];
}

interface WrappedCommand extends FoundCommands {
  readonly document: CommandDocument;
  /** Arguments behind the verb. */
  readonly below: Arguments;
}

/** Finds the commands that a program runs: `sudo …`, `ssh host …`, `docker exec …`, `find -exec …`. */
export function findWrappedCommands(args: Arguments, program: Program): WrappedCommands {
  let end = args.words.length;
  const commands: WrappedCommand[] = [];
  for (const document of program.commands) {
    const below = belowVerb(document, args, program);
    if (below === undefined) continue;
    const inside = commandsIn(document, below, program);
    const { start } = inside;
    const before = args.words.length - below.words.length;
    if (start !== undefined) end = Math.min(end, before + start);
    commands.push({ document, below, ...inside });
  }
  return { own: end === args.words.length ? args : readArguments(args.words.slice(0, end), program), commands };
}

/** Reads the commands that a program runs. */
export function readWrappedCommands(
  name: string,
  program: Program,
  { own, commands }: WrappedCommands,
  reading: Reading,
): void {
  for (const { document, below, found, image, ambiguous } of commands) {
    const inner = innerReading(document, program, own, below, reading);
    readOptionTexts(name, document, below, inner);
    readStandardInput(document, inner);
    for (const words of found) readWords(name, document, words, inner, below);
    const isProgram = image && reading.effects.find(programName(image[0]?.text ?? ''))?.document.category !== undefined;
    if (isProgram) readInnerProgram(image, inner, name);
    if (ambiguous) scanForPrograms(name, below.words, inner);
  }
}

/** The arguments behind the verb; undefined when the verb is not given. */
function belowVerb(command: CommandDocument, args: Arguments, program: Program): Arguments | undefined {
  if (command.verbs === undefined) return args;
  const verbs = command.verbs.map((verb) => verb.split(' '));
  for (let at = 0; at < args.bare.length; at++) {
    const found = verbs.filter((words) => words.every((word, index) => args.bare[at + index]?.word.text === word));
    if (found.length === 0) continue;
    const last = args.bare[at + Math.max(...found.map(({ length }) => length)) - 1];
    return last && readArguments(args.words.slice(last.index + 1), program);
  }
  return undefined;
}

function innerReading(
  command: CommandDocument,
  program: Program,
  own: Arguments,
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
  const remote = command.remote ? findTargets(own, program, reading) : reading.remote;
  const state = command.remote ? reading.state.started() : reading.state;
  const hasUnknownDefaults = reading.hasUnknownDefaults || command.setsEnv;
  return { ...reading, environment, state, hasUnknownDefaults, ...(remote && { remote }) };
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
  /** Where the first one begins. */
  readonly start?: number;
  /** The command, where the image is that of a program. */
  readonly image?: readonly ShellWord[];
  readonly ambiguous: boolean;
}

function commandsIn(command: CommandDocument, args: Arguments, program: Program): FoundCommands {
  const { words } = args;
  if (command.afterOptions) return afterOptions(command, words);
  if (command.after !== undefined) {
    const at = words.findIndex(({ text }) => text === command.after);
    if (at !== -1)
      return {
        found: [...programOption(command, args, words.slice(at + 1)), until(command, words.slice(at + 1))],
        start: at,
        ambiguous: false,
      };
    if (!command.rest) return { found: programOption(command, args, []), ambiguous: true };
  }
  if (!command.rest) return { found: [], ambiguous: false };
  const isBehind = command.skip > 0 && !command.interspersed;
  const { bare, ambiguous } = readArguments(words, program, { maxBare: isBehind ? command.skip : command.skip + 1 });
  const last = bare[isBehind ? command.skip - 1 : command.skip];
  const start = last && last.index + (isBehind ? (words[last.index + 1]?.text === '--' ? 2 : 1) : 0);
  const rest = start === undefined ? [] : words.slice(start);
  const before = words.slice(0, start);
  return {
    found: [...programOption(command, args, rest), until(command, rest)],
    ...(start !== undefined && { start }),
    image: imageProgram(command, bare, rest),
    ambiguous: ambiguous || before.some(({ splits }) => splits),
  };
}

/** `docker run --entrypoint psql image -h host` runs `psql -h host`. */
function programOption(
  command: CommandDocument,
  args: Arguments,
  rest: readonly ShellWord[],
): (readonly ShellWord[])[] {
  return valuesOf(args, command.program).map(({ value }) => [withoutTag(value), ...rest]);
}

/** An image may be that of a program, which gets the words after it. */
function imageProgram(
  { program, skip }: CommandDocument,
  bare: readonly BareWord[],
  rest: readonly ShellWord[],
): readonly ShellWord[] {
  const image = program && skip > 0 ? bare[skip - 1]?.word : undefined;
  return image ? [withoutTag(image), ...rest] : [];
}

function withoutTag(word: ShellWord): ShellWord {
  return word.dynamic ? word : knownWord(word.text.replace(/[:@][^/]*$/, ''));
}

/** More commands of one program are not read; `find` takes any number. */
const MAX_COMMANDS = 20;

function afterOptions(command: CommandDocument, words: readonly ShellWord[]): FoundCommands {
  const places = words.flatMap(({ text }, at) => (command.afterOptions?.includes(text) ? [at] : []));
  return {
    found: places.slice(0, MAX_COMMANDS).map((at) => until(command, words.slice(at + 1))),
    ...(places[0] !== undefined && { start: places[0] }),
    ambiguous: places.length > MAX_COMMANDS,
  };
}

function until(command: CommandDocument, words: readonly ShellWord[]): readonly ShellWord[] {
  const end = words.findIndex(({ text }) => command.until?.includes(text));
  return end === -1 ? words : words.slice(0, end);
}

function readWords(
  name: string,
  command: CommandDocument,
  words: readonly ShellWord[],
  reading: Reading,
  below: Arguments,
): void {
  const { assignments, rest } = command.text ? { assignments: [], rest: words } : leadingAssignments(words);
  const environment = reading.environment.with(assignments);
  const inner = { ...reading, environment };
  for (const [variable, { text }] of assignments) readRunVariable(variable, text, reading);
  const versions = command.appends
    ? withInput(rest, inputsOf(command, below, reading), placesIn(command, below))
    : [rest];
  for (const complete of versions) {
    if (!command.text) {
      readInnerProgram(complete, inner, name);
      continue;
    }
    if (complete.some(({ dynamic }) => dynamic)) reading.effects.obscure('dynamic');
    const text = complete.map(writtenText).join(' ');
    readNestedText(text, { ...inner, via: [...reading.via, name] });
  }
}

/** A word as shell text: patterns are those that another shell expands. */
function writtenText(word: ShellWord): string {
  return word.candidates
    .filter((candidate) => candidate.startsWith('glob:'))
    .reduce((text, glob) => text.replace(UNKNOWN_PART, () => glob.slice('glob:'.length)), word.text);
}

/** Words before the program that set its environment. */
function leadingAssignments(words: readonly ShellWord[]) {
  const end = words.findIndex(({ text }) => !/^[A-Za-z_][^\s=/]*=/.test(text));
  const count = end === -1 ? words.length : end;
  const assignments = words.slice(0, count).map(({ text }) => {
    const at = text.indexOf('=');
    return [text.slice(0, at), { text: text.slice(at + 1), doubtful: false }] as const;
  });
  return { assignments, rest: words.slice(count) };
}

function placesIn(command: CommandDocument, below: Arguments): readonly string[] {
  const given = valuesOf(below, command.place).map(({ value }) => value.text);
  return ['{}', ...given].filter((place) => place !== '');
}

/** More inputs are not told apart. */
const MAX_INPUTS = 8;

/** What is added to the command: lines of its standard input, or the words behind `:::`. Undefined if not known. */
function inputsOf(command: CommandDocument, { words }: Arguments, { stdin }: Reading): readonly string[] | undefined {
  const at = words.findIndex(({ text }) => text.startsWith(':::') && command.until?.includes(text));
  if (at !== -1) return words.slice(at + 1).map(({ text }) => text);
  return typeof stdin === 'object' ? stdin.text.trim().split('\n') : undefined;
}

/** The command with each of its inputs. */
function withInput(
  words: readonly ShellWord[],
  inputs: readonly string[] | undefined,
  places: readonly string[],
): (readonly ShellWord[])[] {
  const placeIn = (word: ShellWord) => places.find((place) => word.text.includes(place));
  if (words.some(placeIn)) {
    const fillers = inputs === undefined || inputs.length > MAX_INPUTS ? [UNKNOWN_PART] : [];
    return [...(inputs ?? []).slice(0, MAX_INPUTS), ...fillers].map((filler) =>
      words.map((word) => {
        const place = placeIn(word);
        if (place === undefined) return word;
        const filled = knownWord(word.text.replaceAll(place, () => filler));
        return { ...filled, hides: filler === UNKNOWN_PART && word.text.startsWith(place) };
      }),
    );
  }
  const added = inputs?.flatMap((input) => input.split(/\s+/)).filter((word) => word !== '');
  return [[...words, ...(added === undefined || added.length > 200 ? [UNKNOWN_WORD] : added.map(knownWord))]];
}
