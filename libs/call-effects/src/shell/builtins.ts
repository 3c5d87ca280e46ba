import { addPatchEffects } from '../params/patch.js';
import { type Reading, readInnerProgram, readNestedText } from '../reading.js';
import { textsOfFile } from './file-texts.js';
import { readRunVariable } from './run-variables.js';
import type { ShellWord } from './shell-words.js';

/** Builtins that set variables by their names. */
const ASSIGNERS = new Set(['read', 'mapfile', 'readarray', 'getopts', 'unset', 'let', 'wait', 'vared', 'zparseopts']);

const DECLARERS = new Set(['export', 'declare', 'typeset', 'local', 'readonly', 'float', 'integer']);

/** What a builtin of the shell does; false when the name is no builtin that matters. */
export function readBuiltin(name: string, words: readonly ShellWord[], reading: Reading): boolean {
  const { effects, state } = reading;
  const inner: Reading = { ...reading, via: [...reading.via, name] };
  if (DECLARERS.has(name)) return declare(name, words, reading);
  if (name === 'read' && typeof reading.stdin === 'object' && state.certain)
    return readVariables(words, reading.stdin.text, reading);
  if (ASSIGNERS.has(name)) return doubtNamed(words, reading);
  switch (name) {
    case 'printf':
      if (words.some(({ text }) => text.startsWith('-v'))) doubtNamed(words, reading);
      return true;
    case 'eval':
      if (words.some(({ dynamic }) => dynamic)) {
        effects.obscure('dynamic');
        state.doubt(state.names);
      }
      readNestedText(words.map(({ text }) => text).join(' '), inner);
      return true;
    case '.':
    case 'source':
      effects.obscure('script');
      state.doubt(state.names);
      for (const text of textsOfFile(words[0], reading)) readNestedText(text, inner);
      return true;
    case 'set': {
      const at = words.findIndex(({ text }) => text === '--');
      if (at !== -1) state.parameters = state.certain ? words.slice(at + 1) : undefined;
      return true;
    }
    case 'apply_patch':
    case 'applypatch': {
      const text = words[0]?.text ?? (typeof reading.stdin === 'object' ? reading.stdin.text : '');
      addPatchEffects(name, text, effects);
      return true;
    }
    case 'alias':
      for (const { text } of words) {
        const at = text.indexOf('=');
        if (at <= 0) continue;
        state.aliases.set(text.slice(0, at).replace(/^.* /, ''), text.slice(at + 1));
        readNestedText(text.slice(at + 1), inner);
      }
      return true;
    case 'trap':
      if (words[0] && !words[0].text.startsWith('-')) readLater(words[0].text, inner);
      return true;
    case 'hash':
      if (words.some(({ text }) => text.startsWith('-p'))) effects.obscure('dynamic');
      aliasOfPath(words, reading);
      return true;
    case 'command':
      // `command -v` only looks up.
      if (/^-[vV]$/.test(words[0]?.text ?? '')) return true;
      readInnerProgram(withoutOptions(words), reading, name);
      return true;
    case 'exec':
      readInnerProgram(withoutOptions(words, 'a'), reading, name);
      return true;
    case 'builtin':
    case 'noglob':
    case 'nocorrect':
    case '-':
      readInnerProgram(withoutOptions(words), reading, name);
      return true;
    default:
      return false;
  }
}

/** `read a b` puts the words of the first line into variables. */
function readVariables(words: readonly ShellWord[], text: string, reading: Reading): boolean {
  const names = words.filter((word) => /^[A-Za-z_]\w*$/.test(word.text)).map((word) => word.text);
  if (words.some((word) => !names.includes(word.text) && word.text !== '-r')) return doubtNamed(words, reading);
  const parts = (text.split('\n', 1)[0] ?? '').trim().split(/\s+/);
  for (const [index, name] of names.entries()) {
    reading.state.assign(name, index === names.length - 1 ? parts.slice(index).join(' ') : (parts[index] ?? ''));
  }
  return true;
}

function aliasOfPath(words: readonly ShellWord[], { state }: Reading): void {
  const at = words.findIndex(({ text }) => text === '-p');
  const [path, name] = at === -1 ? [] : words.slice(at + 1);
  if (path && name) state.aliases.set(name.text, path.text);
}

/** Code that runs at some later time, when variables may have other values. */
function readLater(text: string, reading: Reading): void {
  reading.state.markVolatile(identifiers(text));
  readNestedText(text, reading);
}

function withoutOptions(words: readonly ShellWord[], valued = ''): readonly ShellWord[] {
  let at = 0;
  for (; words[at]?.text.startsWith('-') && words[at]?.text !== '-'; at++) {
    if (words[at]?.text === '--') return words.slice(at + 1);
    if (valued !== '' && words[at]?.text.endsWith(valued)) at += 1;
  }
  return words.slice(at);
}

function declare(name: string, words: readonly ShellWord[], reading: Reading): boolean {
  const { state } = reading;
  if (words.some(({ splits }) => splits)) {
    reading.effects.obscure('dynamic');
    state.doubt(state.names);
  }
  const flags = words.filter(({ text }) => /^[-+]/.test(text)).map(({ text }) => text);
  // A reference to another variable changes that one.
  if (flags.some((text) => /^-\w*n/.test(text)) && name !== 'export')
    state.markVolatile(words.flatMap(({ text }) => identifiers(text)));
  const isRemoval = name === 'export' && flags.some((text) => /^-\w*n/.test(text));
  const isExported = !isRemoval && (name === 'export' || flags.some((text) => /^-\w*x/.test(text)));
  for (const { text, dynamic } of words) {
    const match = /^([A-Za-z_]\w*)(\+?=)?/.exec(text);
    if (!match) continue;
    const [all, variable = '', sign] = match;
    if (sign === undefined) {
      if (isRemoval) state.doubt([variable]);
      else if (isExported) state.export(variable);
    } else {
      readRunVariable(variable, text.slice(all.length), reading);
      const value = dynamic || sign === '+=' || flags.length > 0 ? undefined : text.slice(all.length);
      if (value === undefined) state.assign(variable, undefined, isExported);
      else state.assign(variable, value, isExported);
    }
  }
  return true;
}

function doubtNamed(words: readonly ShellWord[], { state }: Reading): boolean {
  if (words.some(({ dynamic }) => dynamic)) state.doubt(state.names);
  state.doubt(
    words
      .flatMap(({ text }) => [...identifiers(text), ...(text.startsWith('-') ? identifiers(text.slice(2)) : [])])
      .filter((name) => state.get(name) !== undefined || name === 'IFS'),
  );
  return true;
}

function identifiers(text: string): readonly string[] {
  return text.match(/[A-Za-z_]\w*/g) ?? [];
}
