import { type Opaque, type Operation, stricterOperation } from '../effect.js';
import type { Program, Verb } from '../programs.js';
import { type Reading, readNestedText } from '../reading.js';
import type { ShellWord } from '../shell/shell-words.js';
import { statementEffects } from '../sql/index.js';
import { type Target, UNKNOWN_PART } from '../target.js';
import { findTargets, looksLikeConnection, positionalTargets } from './find-targets.js';
import { type Arguments, type BareWord, isGiven, valuesOf } from './read-arguments.js';

/** What finding the target and the operation of one program costs. */
const STEPS_OF_CLIENT = 8;

/** What a program does that reaches a system: a database client, a cluster or cloud command, an HTTP client. */
export function addClientEffect(name: string, program: Program, args: Arguments, reading: Reading): void {
  const { document } = program;
  if (document.system === undefined || document.category === undefined || onlyHelps(program, args)) return;
  const used = new Set(document.url ? args.bare : positionalTargets(args, program).used);
  const words = args.bare.filter((bare) => !used.has(bare));
  const verbs = verbOperations(program, words);
  if (verbs === 'local' && !args.hides && !args.doubtsFirst) return;
  if (!reading.effects.step(STEPS_OF_CLIENT + words.length * (1 + Math.ceil(program.patternVerbs.length / 20)))) return;
  const statements = readStatements(program, args, words, reading);
  const known = [...(verbs === 'local' ? [] : verbs), ...flagOperations(program, args), ...statements.operations];
  const isVerbUnknown = program.verbs.length > 0 && words.some(({ word }) => word.dynamic);
  const opaque = new Set<Opaque>(statements.opaque);
  if (args.hides || isVerbUnknown) opaque.add('dynamic');
  if (isVerbUnknown) known.push('execute');
  const targets: Target[] = document.url
    ? urlTargets(args, program, reading)
    : [...findTargets(args, program, reading), ...statements.targets];
  if (reachesNothing(program, args, targets)) return;
  keepChosenTarget(program, args, reading);
  reading.effects.add({
    program: name,
    system: document.system,
    category: document.category,
    operation: known.length > 0 ? known.reduce(stricterOperation) : document.operation,
    targets,
    ...(document.target?.advice !== undefined && { advice: document.target.advice }),
    via: reading.via,
    opaque: [...opaque],
    ...(reading.span && { span: reading.span }),
  });
}

/** A program that acts by verbs prints its help without one. */
function onlyHelps({ verbs, document }: Program, { words }: Arguments): boolean {
  if (words.length === 0) return verbs.length > 0 || document.url;
  return words.length === 1 && /^(?:--help|--version|help|version)$/.test(words[0]?.text ?? '');
}

/** A program that goes where its words say, and has none of them. */
function reachesNothing({ document }: Program, args: Arguments, targets: readonly Target[]): boolean {
  if (targets.length > 0 || args.hides) return false;
  return document.category === 'web' || (document.target?.positional === 'host' && args.bare.length === 0);
}

/** `docker context use name` is where later calls go. */
function keepChosenTarget({ document: { target } }: Program, { bare }: Arguments, { state }: Reading): void {
  for (const verb of target?.chosen?.verbs ?? []) {
    const words = verb.split(' ');
    const at = bare.findIndex((_, start) => words.every((word, index) => bare[start + index]?.word.text === word));
    const chosen = bare[at + words.length]?.word;
    if (at === -1 || target?.chosen === undefined) continue;
    state.assign(target.chosen.env, chosen && !chosen.dynamic ? chosen.text : undefined, true);
  }
}

function verbOperations(program: Program, bare: readonly BareWord[]): Operation[] | 'local' {
  const found = new Set<Operation>();
  const { verbs } = program;
  const local = Math.max(
    0,
    ...verbs.filter((verb) => verb.operation === 'local' && isAt(verb, bare, 0)).map(({ words }) => words.length),
  );
  for (let at = local; at < bare.length; at++) {
    for (const verb of verbsAt(program, bare[at]?.word.text ?? '')) {
      if (verb.operation !== 'local' && isAt(verb, bare, at)) found.add(verb.operation);
    }
  }
  return local > 0 && found.size === 0 ? 'local' : [...found];
}

/** Verbs that may begin with a word. */
function verbsAt({ document, exactVerbs, patternVerbs }: Program, word: string): readonly Verb[] {
  const exact = exactVerbs.get(document.anyCase ? word.toLowerCase() : word);
  return exact ? [...exact, ...patternVerbs] : patternVerbs;
}

function isAt({ words }: Verb, bare: readonly BareWord[], at: number): boolean {
  return words.every((pattern, index) => pattern.test(bare[at + index]?.word.text ?? ''));
}

function flagOperations({ flags }: Program, args: Arguments): Operation[] {
  return flags.filter(({ option }) => isGiven(args, option)).map(({ operation }) => operation);
}

function urlTargets(args: Arguments, program: Program, reading: Reading): Target[] {
  const { target } = program.document;
  const values = [
    ...args.bare.map(({ word }) => word),
    ...valuesOf(args, target?.options).map(({ value }) => value),
  ].filter(({ text }) => !/^(?:get|head|post|put|patch|delete|options)$/i.test(text));
  const urls = values.map(({ text }): Target => ({ text: withScheme(text), kind: 'url', doubtful: false }));
  const withForwards = [...urls, ...findTargets({ ...args, bare: [], options: args.options }, program, reading)];
  return withForwards;
}

/** HTTP clients take a host for a URL. */
function withScheme(text: string): string {
  return /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `http://${text}`;
}

interface ReadStatements {
  readonly operations: readonly Operation[];
  readonly opaque: readonly Opaque[];
  /** Where a statement connects to. */
  readonly targets: readonly Target[];
}

function readStatements(
  { document: { statement } }: Program,
  args: Arguments,
  bare: readonly BareWord[],
  reading: Reading,
): ReadStatements {
  const operations: Operation[] = [];
  const opaque: Opaque[] = [];
  const targets: Target[] = [];
  if (statement === undefined) return { operations, opaque, targets };
  const readText = (text: string) => {
    operations.push(statementEffects(text, statement.dialect).operation);
    if (text.includes(UNKNOWN_PART)) {
      operations.push('execute');
      opaque.push('dynamic');
    }
    for (const start of statement.shell ?? []) {
      for (const line of linesAfter(text, start)) readNestedText(line, reading);
    }
    for (const start of statement.connect ?? []) {
      for (const line of linesAfter(text, start)) targets.push(...connected(line));
    }
  };
  const texts: ShellWord[] = [
    ...valuesOf(args, statement.options).map(({ value }) => value),
    ...(statement.positional ? bare.map(({ word }) => word).filter(({ text }) => /\s/.test(text)) : []),
  ];
  for (const { text } of texts) readText(text);
  const unreadFiles = valuesOf(args, statement.file).filter(({ value }) => !/^-?$/.test(value.text));
  if (unreadFiles.length > 0 || (statement.stdin && reading.stdin === 'unknown')) {
    operations.push('execute');
    opaque.push('script');
  }
  if (statement.stdin && typeof reading.stdin === 'object') readText(reading.stdin.text);
  return { operations, opaque, targets };
}

/** More of these in one text are not told apart; the statement counts as `execute` anyway. */
const MAX_LINES = 16;

function linesAfter(text: string, start: string): string[] {
  const lines: string[] = [];
  for (let at = text.indexOf(start); at !== -1 && lines.length < MAX_LINES; at = text.indexOf(start, at + 1)) {
    lines.push(text.slice(at + start.length).split('\n', 1)[0] ?? '');
  }
  return lines;
}

function connected(line: string): Target[] {
  return line
    .trim()
    .split(/\s+/)
    .slice(0, 6)
    .filter((word) => looksLikeConnection(word) || word.includes('-'))
    .filter((word) => word !== '-')
    .map((text) => ({ text, kind: looksLikeConnection(text) ? 'connection' : 'host', doubtful: false }));
}
