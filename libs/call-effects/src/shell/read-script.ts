import {
  type AndOr,
  type Assignment,
  type Command,
  type For,
  type Function as FunctionDefinition,
  forEachChild,
  type Pipeline,
  type Redirection,
  type Script,
  type Statement,
  type SyntaxNode,
} from 'unbash';
import type { Reading } from '../reading.js';
import { UNKNOWN_PART } from '../target.js';
import { assignedNames } from './assigned-names.js';
import { expandParts, expandValue, expandWord } from './expand-word.js';
import { filtered, outputOf } from './known-output.js';
import { readRedirection } from './redirections.js';
import { readRunVariable } from './run-variables.js';
import { ShellState } from './shell-state.js';
import type { ShellWord } from './shell-words.js';
import type { StandardInput } from './written-files.js';

/** What a command substitution costs, however short it is. */
const STEPS_OF_SCRIPT = 16;

/** Reads each command of a script, in all places where commands may be. */
export function readScript(script: Script, reading: Reading): void {
  readStatements(script.commands, reading);
}

function readStatements(statements: readonly Statement[], reading: Reading): void {
  for (const statement of statements) {
    if (reading.effects.stopped) return;
    if (statement.background) inSubshell(reading, (inner) => readNode(statement.command, inner));
    else readNode(statement.command, reading);
  }
}

function readNode(node: SyntaxNode, reading: Reading): void {
  if (!reading.effects.step()) return;
  switch (node.type) {
    case 'Command':
      readCommand(node, reading);
      return;
    case 'Statement':
      readStatements([node], reading);
      return;
    case 'CompoundList':
      readStatements(node.commands, reading);
      return;
    case 'Pipeline':
      readPipeline(node, reading);
      return;
    case 'AndOr':
      readAndOr(node, reading);
      return;
    case 'BraceGroup':
      readStatements(node.body.commands, reading);
      return;
    case 'Redirected': {
      for (const redirect of node.redirects) readSubstitutions(redirect, reading);
      const stdin = readRedirections(node.redirects, reading);
      readNode(node.command, stdin === undefined ? reading : { ...reading, stdin });
      return;
    }
    case 'Function':
      readFunction(node, reading);
      return;
    case 'Subshell':
      inSubshell(reading, (inner) => readStatements(node.body.commands, inner));
      return;
    case 'Script':
      if (!reading.effects.step(STEPS_OF_SCRIPT)) return;
      inSubshell(reading, (inner) => readNestedScript(node, inner));
      return;
    case 'Coproc':
      inSubshell(reading, (inner) => forEachChild(node, (child) => readNode(child, inner)));
      return;
    case 'For':
    case 'Select':
      readLoop(node, reading);
      return;
    default:
      maybe(node, reading, (inner) => forEachChild(node, (child) => readNode(child, inner)));
      return;
  }
}

function readNestedScript(script: Script & { readonly errors?: readonly unknown[] }, reading: Reading): void {
  if (script.errors && script.errors.length > 0) reading.effects.obscure('unparsable');
  // Positions in escaped backquotes are those of the text without the escapes.
  readStatements(script.commands, script.source === undefined ? reading : { ...reading, isTop: false });
}

/** A shell whose changes are not seen outside. */
function inSubshell(reading: Reading, read: (inner: Reading) => void): void {
  if (!reading.effects.step(reading.state.size)) return;
  const state = new ShellState(reading.state);
  read({ ...reading, state, environment: reading.environment.inShell(state) });
}

/** A part that may run, or run again: what it changes is not certain before, in and after it. */
function maybe(node: SyntaxNode, reading: Reading, read: (inner: Reading) => void): void {
  if (!/^(?:If|While|Case|ArithmeticFor|Select|For)$/.test(node.type)) {
    read(reading);
    return;
  }
  const { state } = reading;
  const wasCertain = state.certain;
  if (node.type !== 'If' && node.type !== 'Case') state.doubt(assignedNames(node, reading.effects));
  state.certain = false;
  read(reading);
  state.certain = wasCertain;
}

function readLoop(node: For | Extract<SyntaxNode, { type: 'Select' }>, reading: Reading): void {
  const { state } = reading;
  const words = node.wordlist?.flatMap((word) => expandWord(word, state));
  maybe(node, reading, (inner) => {
    const isKnown = node.type === 'For' && words?.every(({ dynamic }) => !dynamic);
    if (isKnown && words)
      state.assignOneOf(
        node.name.text,
        words.map(({ text }) => text),
      );
    else state.doubt([node.name.text]);
    forEachChild(node, (child) => {
      if (child !== node.name) readNode(child, inner);
    });
  });
  state.doubt([node.name.text]);
}

/** The body runs at any later time, with variables that have other values then, and with words that are not known. */
function readFunction(node: FunctionDefinition, reading: Reading): void {
  const { state, effects } = reading;
  const names = assignedNames(node.body, effects);
  state.markVolatile(names);
  inSubshell(reading, (inner) => {
    inner.state.doubt(inner.state.names);
    inner.state.parameters = undefined;
    inner.state.certain = false;
    readNode(node.body, inner);
  });
}

function readAndOr(node: AndOr, reading: Reading): void {
  const { state } = reading;
  const wasCertain = state.certain;
  const before = new Map(state.names.map((name) => [name, state.get(name)]));
  if (!reading.effects.step(before.size)) return;
  const hasOr = node.operators.includes('||');
  for (const [index, command] of node.commands.entries()) {
    if (index > 0 && hasOr) state.certain = false;
    readNode(command, reading);
  }
  state.certain = wasCertain;
  if (hasOr) return;
  // Behind the list it is not certain how far it got; only the first command ran for sure.
  const [first] = node.commands;
  const sure = first?.type === 'Command' ? assignedNames(first, reading.effects) : new Set<string>();
  state.doubt(state.names.filter((name) => state.get(name) !== before.get(name) && !sure.has(name)));
}

function readPipeline(node: Pipeline, reading: Reading): void {
  let stdin: StandardInput | undefined = reading.stdin;
  for (const [index, command] of node.commands.entries()) {
    const from = stdin;
    const isAlone = node.commands.length === 1;
    const read = (inner: Reading) => readNode(command, index === 0 ? inner : { ...inner, stdin: from ?? 'unknown' });
    if (isAlone) read(reading);
    else inSubshell(reading, read);
    stdin = outputOfNode(command, from, reading);
  }
}

/** What the next program of a pipeline gets. */
function outputOfNode(node: SyntaxNode, stdin: StandardInput | undefined, reading: Reading): StandardInput {
  if (node.type !== 'Command' || node.name === undefined) return 'unknown';
  const words = [node.name, ...node.args].flatMap((word) =>
    word.type === 'Word' ? expandWord(word, reading.state) : [],
  );
  const ownInput = inputOf(node.redirects, reading) ?? stdin;
  if (words.length !== 1 + node.args.length && words.some(({ dynamic }) => dynamic)) return 'unknown';
  const argv = words.map(({ text }) => text);
  const text = outputOf(argv) ?? (typeof ownInput === 'object' ? filtered(argv, ownInput.text) : undefined);
  return text === undefined ? 'unknown' : { text };
}

function readCommand(node: Command, outer: Reading): void {
  const { state } = outer;
  const reading = outer.isTop ? { ...outer, span: { start: node.pos, end: node.end } } : outer;
  readSubstitutions(node, reading);
  const prefix = node.prefix.filter((part): part is Assignment => part.type === 'Assignment');
  const stdin = readRedirections(node.redirects, reading);
  const words = [...(node.name ? [node.name] : []), ...node.args].flatMap((part) =>
    part.type === 'Word' ? expandWord(part, state) : [assignmentWord(part, reading)],
  );
  for (const part of prefix) {
    if (part.value.type === 'Word') readRunVariable(part.name, expandValue(part.value, state), reading);
  }
  keepWrittenFiles(node, stdin ?? reading.stdin, reading);
  if (words.length === 0) {
    for (const part of prefix) assign(part, reading);
    return;
  }
  const environment = reading.environment.with(
    prefix.map((part) => {
      const text = assignedValue(part, reading) ?? UNKNOWN_PART;
      return [part.name, { text, doubtful: false }] as const;
    }),
  );
  reading.readProgram(words, { ...reading, environment, ...(stdin !== undefined && { stdin }) });
}

/** Scripts in words, assignments and redirections run before the command. */
function readSubstitutions(node: SyntaxNode, reading: Reading): void {
  forEachChild(node, (child) => {
    if (!reading.effects.step()) return;
    if (child.type === 'Script') readNode(child, reading);
    else readSubstitutions(child, reading);
  });
}

function assign(part: Assignment, reading: Reading): void {
  const { state } = reading;
  if (part.value.type === 'ArrayValue') {
    state.assignList(
      part.name,
      part.value.elements.flatMap((word) => expandWord(word, state)),
      part.append === true,
    );
    return;
  }
  state.assign(part.name, assignedValue(part, reading));
}

/** Undefined for arrays, appended values and those that are not known. */
function assignedValue(part: Assignment, { state }: Reading): string | undefined {
  if (part.append || part.index !== undefined || part.value.type !== 'Word') return undefined;
  const value = expandValue(part.value, state);
  return value.includes(UNKNOWN_PART) ? undefined : value;
}

function assignmentWord(part: Assignment, { state }: Reading): ShellWord {
  const value = part.value.type === 'Word' ? expandValue(part.value, state) : UNKNOWN_PART;
  const text = `${part.name}${part.append ? '+' : ''}=${part.index === undefined ? value : UNKNOWN_PART}`;
  return { text, dynamic: text.includes(UNKNOWN_PART), splits: false, hides: false, candidates: [] };
}

/** Texts that the call writes to files, which it may run later. */
function keepWrittenFiles(node: Command, stdin: StandardInput | undefined, reading: Reading): void {
  const paths = node.redirects.flatMap((redirect) => {
    const isOutput = redirect.type === 'Redirect' && /^(?:>|>>|>\||&>|&>>)$/.test(redirect.operator);
    return isOutput && redirect.target ? [{ path: expandValue(redirect.target, reading.state), redirect }] : [];
  });
  const tee = node.name?.value === 'tee' ? node.args.flatMap((arg) => (arg.type === 'Word' ? [arg.value] : [])) : [];
  if (paths.length + tee.length === 0) return;
  const output = outputOfNode(node, stdin, reading);
  for (const { path, redirect } of paths) {
    reading.files.write(path, output, redirect.type === 'Redirect' && redirect.operator.endsWith('>>'));
  }
  for (const path of tee) reading.files.write(path, output, tee.includes('-a'));
}

function readRedirections(redirects: readonly Redirection[], reading: Reading): StandardInput | undefined {
  for (const redirect of redirects) readRedirection(redirect, reading);
  return inputOf(redirects, reading);
}

function inputOf(redirects: readonly Redirection[], { state, files }: Reading): StandardInput | undefined {
  let stdin: StandardInput | undefined;
  for (const redirect of redirects) {
    if (redirect.type === 'HereDoc') {
      const { body, delimiter } = redirect;
      const isPlain = delimiter?.quoted || body.parts === undefined;
      stdin = { text: isPlain ? body.text : expandParts(body.parts ?? [], state) };
    } else if (redirect.type === 'HereString') {
      stdin = { text: redirect.target ? `${expandValue(redirect.target, state)}\n` : '' };
    } else if (redirect.operator === '<' || redirect.operator === '<>' || redirect.operator === '<&') {
      const path = redirect.target && expandValue(redirect.target, state);
      stdin = path === '/dev/null' ? { text: '' } : (files.read(path ?? '') ?? 'unknown');
    }
  }
  return stdin;
}
