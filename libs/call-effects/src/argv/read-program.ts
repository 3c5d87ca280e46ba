import type { Program } from '../programs.js';
import { type Reading, readInnerProgram, readNestedText } from '../reading.js';
import { readBuiltin } from '../shell/builtins.js';
import { textsOfFile } from '../shell/file-texts.js';
import { readRunVariable } from '../shell/run-variables.js';
import type { ShellState } from '../shell/shell-state.js';
import { knownWord, type ShellWord } from '../shell/shell-words.js';
import { UNKNOWN_PART } from '../target.js';
import { addClientEffect } from './client-effects.js';
import { readCode } from './embedded-code.js';
import { possibleCommands } from './possible-commands.js';
import { programName } from './program-name.js';
import { type Arguments, readArguments, valuesOf } from './read-arguments.js';
import { scanForPrograms } from './scan-for-programs.js';
import { readTextProgram } from './text-programs.js';
import { findWrappedCommands, readWrappedCommands } from './wrapped-commands.js';

/** Reads what a program does with its arguments, and all that it runs. */
export function readProgram(words: readonly ShellWord[], reading: Reading): void {
  const { effects } = reading;
  const [head, ...rest] = words;
  if (head === undefined || !effects.step(words.length)) return;
  if (head.dynamic) {
    readDynamic(head, rest, reading);
    return;
  }
  const name = programName(head.text);
  if (readBuiltin(name, rest, reading)) return;
  const alias = reading.state.aliases.get(head.text);
  if (alias !== undefined && !reading.via.includes(`alias ${head.text}`)) {
    const text = [alias, ...rest.map((word) => word.text)].join(' ');
    readNestedText(text, { ...reading, via: [...reading.via, `alias ${head.text}`] });
  }
  const program = effects.find(name) ?? effects.find(name.toLowerCase());
  if (program) {
    const { names } = program.document;
    readListed(names.includes(name) ? name : (names[0] ?? name), program, rest, reading);
    return;
  }
  for (const text of textsOfFile(head, reading)) readWrittenProgram(text, name, reading);
  if (/\//.test(head.text) || /\.(?:sh|bash|py|rb|js|pl)$/.test(name)) effects.obscure('script');
  // Whatever the program is, a host among its arguments is where it may go.
  for (const { text } of rest) effects.addReach(name, text, reading.via);
  scanForPrograms(name, rest, reading);
}

/** A file that the call has written itself. */
function readWrittenProgram(text: string, name: string, reading: Reading): void {
  if (/^#!.*\b(?:python|node|ruby|perl|php|deno|bun)/.test(text)) readCode(text, name, reading);
  else readNestedText(text, { ...reading, state: startedShell(reading), via: [...reading.via, name] });
}

/** A program that is not known before the command runs: all that it is known to possibly be. */
function readDynamic(head: ShellWord, rest: readonly ShellWord[], reading: Reading): void {
  reading.effects.obscure('dynamic');
  for (const candidate of possibleCommands(head, reading.effects)) {
    readInnerProgram([...candidate.map(knownWord), ...rest], reading, 'unknown');
  }
  scanForPrograms('unknown', rest, reading);
}

function readListed(name: string, program: Program, words: readonly ShellWord[], reading: Reading): void {
  const { document } = program;
  readRuns(name, program, words, reading);
  if (document.plain) return;
  if (document.opaque) reading.effects.obscure(document.opaque);
  if (document.script) {
    readShell(name, program, words, reading);
    return;
  }
  const args = readArguments(words, program);
  const wrapped = findWrappedCommands(args, program);
  if (document.code) readCodes(name, program, args, reading);
  addClientEffect(name, program, wrapped.own, reading);
  readWrappedCommands(name, program, wrapped, reading);
}

/** Options and variables that have a program run another one. */
function readRuns(name: string, program: Program, words: readonly ShellWord[], reading: Reading): void {
  const { runs } = program.document;
  if (runs === undefined) return;
  const args = readArguments(words, program);
  const texts = [
    ...valuesOf(args, runs.options).map(({ value }) => value.text),
    ...args.bare.map(({ word }) => word.text).filter((text) => text.startsWith('ext::')),
  ];
  for (const variable of runs.env ?? []) {
    for (const { text } of reading.environment.get(variable)) readRunVariable(variable, text, reading);
  }
  for (const text of texts) {
    reading.effects.obscure('runs_program');
    readNestedText(commandIn(text), { ...reading, via: [...reading.via, name] });
  }
}

/** An editor runs what follows an exclamation mark; `git` what follows `ext::`; `tar` what follows `exec=`. */
function commandIn(text: string): string {
  const at = text.indexOf('!');
  return at === -1 ? text.replace(/^(?:ext::|exec=|\||[\w.-]+=)/, '') : text.slice(at + 1);
}

function readCodes(name: string, { document: { code } }: Program, args: Arguments, reading: Reading): void {
  const texts = valuesOf(args, code?.options).map(({ value }) => value.text);
  const [first] = args.bare;
  if (code?.positional && texts.length === 0 && first) texts.push(first.word.text);
  if (code?.dialect !== undefined) {
    readTextProgram(code.dialect, texts, name, args, reading);
    return;
  }
  for (const text of texts) readCode(text, name, reading);
  if (texts.length > 0) return;
  if (code?.file && first && first.word.text !== '-') {
    reading.effects.obscure('script');
    for (const text of textsOfFile(first.word, reading)) readCode(text, name, reading);
  } else if (code?.stdin && reading.stdin === 'unknown') reading.effects.obscure('code');
  else if (code?.stdin && typeof reading.stdin === 'object') readCode(reading.stdin.text, name, reading);
}

/** `bash -c text name args`, `bash -s < text`, `bash file`. */
function readShell(name: string, program: Program, words: readonly ShellWord[], reading: Reading): void {
  const args = readArguments(words, program);
  const isText = args.options.some(({ names }) => names.some((option) => option === '-c' || option === '--command'));
  // `+x` and `+o name` switch options of the shell off.
  const first = args.bare.find(
    ({ word }, at) => !/^\+\w+$/.test(word.text) && !/^\+[oO]$/.test(args.bare[at - 1]?.word.text ?? ''),
  );
  const inner: Reading = { ...reading, via: [...reading.via, name] };
  if (isText && first) {
    if (first.word.dynamic) reading.effects.obscure('dynamic');
    const state = startedShell(reading);
    // Options after the text belong to the script.
    const after = words.slice(first.index + 1);
    state.self = after[0]?.text;
    state.parameters = after.slice(1);
    const { stdin: _, ...withoutInput } = inner;
    readNestedText(first.word.text, { ...(reading.stdin ? inner : withoutInput), state });
    return;
  }
  const readsInput =
    first === undefined ||
    args.options.some(({ names }) => names.includes('-s')) ||
    /^(?:-|\/dev\/stdin|\/dev\/fd\/0|\/proc\/self\/fd\/0)$/.test(first.word.text);
  if (!readsInput) {
    for (const text of textsOfFile(first.word, reading))
      readNestedText(text, { ...inner, state: startedShell(reading) });
    reading.effects.obscure('script');
    return;
  }
  if (reading.stdin === 'unknown') reading.effects.obscure('script');
  else if (reading.stdin) readNestedText(reading.stdin.text, { ...inner, state: startedShell(reading) });
}

function startedShell({ state, environment }: Reading): ShellState {
  const started = state.started();
  for (const [name, { text, doubtful }] of environment.addedTo(state)) {
    started.assign(name, doubtful || text.includes(UNKNOWN_PART) ? undefined : text, true);
  }
  return started;
}
