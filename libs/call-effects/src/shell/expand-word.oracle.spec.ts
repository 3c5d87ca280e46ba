import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { parse } from 'unbash';
import { expandWord } from './expand-word.js';
import { ShellState } from './shell-state.js';
import type { ShellWord } from './shell-words.js';

/** Bash is the oracle. Nothing that is generated runs: there is no program to find, no redirection, and no privilege. */
const NOBODY = 65_534;
const VARIABLES = { v: 'one two', w: 'word', e: '', s: '  x  y ', d: '-h', q: `it's "q"` };

/** A parameter in braces. */
const of = (text: string) => `$\{${text}}`;

const plain = fc.constantFrom(
  'a',
  'psql',
  '-h',
  '--x=y',
  'b.c',
  '/d/e',
  'é',
  '0',
  '~x',
  '=',
  ':',
  ',',
  '.',
  '@',
  '%',
  '+',
  '^',
);
const escaped = fc.constantFrom('\\a', '\\ ', '\\$', '\\"', "\\'", '\\\\', '\\{', '\\,', '\\\n', '\\;', '\\*');
const singleQuoted = fc.stringMatching(/^[ -&(-~\n]{0,6}$/).map((text) => `'${text}'`);
const doubleQuoted = fc
  .array(
    fc.constantFrom(
      'a',
      ' ',
      '\\$',
      '\\"',
      '\\\\',
      '\\a',
      '$v',
      of('w'),
      '$e',
      '{a,b}',
      "'",
      '\n',
      '$s',
      '\\\n',
      '*',
      of('w:0:2'),
      of('w%d'),
    ),
    { maxLength: 5 },
  )
  .map((parts) => `"${parts.join('')}"`);
const ansiQuoted = fc
  .array(
    fc.constantFrom(
      'a',
      '\\n',
      '\\t',
      '\\x41',
      '\\x4',
      '\\101',
      '\\u0041',
      '\\u00e9',
      "\\'",
      '\\\\',
      '\\"',
      '"',
      ' ',
      '\\cA',
      '\\e',
      '\\q',
    ),
    { maxLength: 5 },
  )
  .map((parts) => `$'${parts.join('')}'`);
const variable = fc.constantFrom(
  '$v',
  of('v'),
  '$w',
  '$e',
  '$s',
  '$d',
  `${of('w')}x`,
  of('w:1'),
  of('w:1:2'),
  of('w#w'),
  of('w%rd'),
  of('w/o/0'),
  of('w//o/0'),
  of('w^^'),
  of('w,,'),
  '"$v"',
  '"$e"',
  '$q',
);
const braces = fc.constantFrom(
  '{a,b}',
  '{a,b}{c,d}',
  'x{a,{b,c}}y',
  '{1..4}',
  '{a..c}',
  '{c..a}',
  '{1..7..3}',
  '{a,}',
  '{,}',
  '{a}',
  '{}',
  '{a,b',
  'a,b}',
  '{a,"b c"}',
  "{'a,b',c}",
  '{a,$w}',
  '{\\,,x}',
  '{{a,b},c}',
  '{a..}',
  '{01..03}',
  '{a,b}$w',
);
const output = fc.constantFrom(
  '$(echo a)',
  '$(echo a b)',
  '"$(echo a b)"',
  '`echo a`',
  "$(printf '%s-%s' a b)",
  "$(printf 'x\\ty')",
  '$(echo -n a)',
  '$(echo "a  b")',
  '"$(echo "a  b")"',
  "$(printf '%s ' a b c)",
  "$(printf '\\x70')",
  '$(echo $w)',
);
const word = fc
  .array(fc.oneof(plain, escaped, singleQuoted, doubleQuoted, ansiQuoted, variable, braces, output), {
    minLength: 1,
    maxLength: 4,
  })
  .map((parts) => parts.join(''));
const line = fc.array(word, { minLength: 1, maxLength: 4 }).map((words) => words.join(' '));

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'iris-argv-'));
  chmodSync(directory, 0o755);
});
afterAll(() => rmSync(directory, { recursive: true }));

const single = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`;

/** The words that Bash gives to a command, for each line. */
function bashWords(lines: readonly string[]): string[][] {
  const assignments = Object.entries(VARIABLES).map(([name, value]) => `${name}=${single(value)}`);
  const script = [
    'capture() { builtin printf "%s\\0" "$#" "$@"; }',
    ...assignments,
    ...lines.map((text) => `capture ${text}`),
  ].join('\n');
  const bash = ['/bin/bash', '--noprofile', '--norc'];
  const isRoot = process.getuid?.() === 0;
  const [program = '', ...args] = isRoot
    ? ['/usr/bin/setpriv', `--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups', '--no-new-privs', ...bash]
    : bash;
  const run = spawnSync(program, args, {
    cwd: directory,
    env: { PATH: '', LC_ALL: 'C.UTF-8' },
    encoding: 'utf8',
    input: script,
    maxBuffer: 64 * 1024 * 1024,
  });
  expect(run.stderr).toBe('');
  const fields = run.stdout.split('\0');
  const found: string[][] = [];
  for (let at = 0; at < fields.length - 1; ) {
    const count = Number(fields[at]);
    found.push(fields.slice(at + 1, at + 1 + count));
    at += 1 + count;
  }
  return found;
}

function ownWords(text: string): readonly ShellWord[] {
  const state = new ShellState();
  for (const [name, value] of Object.entries(VARIABLES)) state.assign(name, value);
  const command = parse(`capture ${text}`).commands[0]?.command;
  if (command?.type !== 'Command') throw new Error(`not a command: ${text}`);
  return command.args.flatMap((arg) => {
    if (arg.type !== 'Word') throw new Error(`not a word: ${text}`);
    return expandWord(arg, state);
  });
}

describe('the words of a command', () => {
  it('are those that Bash makes, wherever they are known', () => {
    const lines = fc.sample(line, 3000);
    const expected = bashWords(lines);
    expect(expected).toHaveLength(lines.length);
    let known = 0;
    for (const [index, text] of lines.entries()) {
      const own = ownWords(text);
      if (own.some(({ dynamic }) => dynamic)) continue;
      known += 1;
      expect({ text, words: own.map((each) => each.text) }).toEqual({ text, words: expected[index] });
    }
    // Few of the generated words are not known: a reading that gives up would prove nothing.
    expect(known / lines.length).toBeGreaterThan(0.8);
  });
});
