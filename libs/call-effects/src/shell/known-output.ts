import type { Command, Redirection, Script, Word } from 'unbash';
import { UNKNOWN_PART } from '../target.js';
import { type ShellWord, UNKNOWN_WORD } from './shell-words.js';

const MAX_OUTPUT = 32_768;

/** What a script prints if it is one command that prints what it is given; undefined when it is not known. */
export function constantOutput(script: Script, expand: (word: Word) => readonly ShellWord[]): string | undefined {
  const command = onlyCommand(script);
  if (command === undefined || command.prefix.length > 0 || command.redirects.length > 0) return undefined;
  const words = [command.name, ...command.args].flatMap((word) =>
    word === undefined ? [] : word.type === 'Word' ? expand(word) : [UNKNOWN_WORD],
  );
  return words.some(({ dynamic }) => dynamic) ? undefined : outputOf(words.map(({ text }) => text));
}

/** What `echo`, `printf` or a look-up of a program prints. */
export function outputOf(argv: readonly string[]): string | undefined {
  const [name = '', ...args] = argv;
  switch (name.slice(name.lastIndexOf('/') + 1)) {
    case 'echo':
      return echo(args);
    case 'printf':
      return printf(args);
    case 'which':
      return args.length === 1 ? args[0] : undefined;
    case 'command':
      return args.length === 2 && /^-[vV]$/.test(args[0] ?? '') ? args[1] : undefined;
    case 'type':
      return args.length === 2 && /^-[pP]$/.test(args[0] ?? '') ? args[1] : undefined;
    default:
      return undefined;
  }
}

/** What a filter makes of a known text; undefined when it is not known. */
export function filtered(argv: readonly string[], input: string): string | undefined {
  const [name = '', ...args] = argv;
  const options = args.join(' ');
  switch (name.slice(name.lastIndexOf('/') + 1)) {
    case 'cat':
    case 'tee':
      return args.length === 0 || options === '-' || name === 'tee' ? input : undefined;
    case 'base64':
    case 'openssl':
      return /(?:^| )(?:-d|-D|--decode|--d\w*|-di|base64 -d|enc -base64 -d)(?: |$)/.test(options)
        ? Buffer.from(input, 'base64').toString()
        : undefined;
    case 'xxd':
      return /-[rp]/.test(options) ? Buffer.from(input.replace(/\s/g, ''), 'hex').toString() : undefined;
    case 'rev':
      return input
        .split('\n')
        .map((line) => [...line].reverse().join(''))
        .join('\n');
    default:
      return undefined;
  }
}

/** Commands whose output is one word that begins with no hyphen, or nothing. */
export function isSingleOutput(script: Script): boolean {
  const text = onlyCommand(script);
  const words = text && [text.name, ...text.args].map((word) => (word?.type === 'Word' ? word.text : UNKNOWN_PART));
  return words !== undefined && text?.redirects.every(isDiscarded) === true && SINGLE_OUTPUT.test(words.join(' '));
}

const SINGLE_OUTPUT =
  /^(?:pwd(?: -[LP])?|nproc|whoami|hostname|id -[ung]{1,2}|uname -[smrpn]|arch|mktemp(?: -d)?|date(?: -u)?(?: "?'?\+[\w%:.-]*'?"?)?|git rev-parse(?: (?:HEAD|--short|--short=\d+|--abbrev-ref|--show-toplevel|--git-dir|--verify))+|git branch --show-current|git describe(?: --[a-z]+)*|git symbolic-ref(?: (?:-q|--short|HEAD))+|go env [A-Z]+|getconf _NPROCESSORS_ONLN|sysctl -n hw\.[a-z]*cpu)$/;

function isDiscarded(redirect: Redirection): boolean {
  return redirect.type === 'Redirect' && redirect.target?.text === '/dev/null';
}

function onlyCommand(script: Script): Command | undefined {
  const [statement] = script.commands;
  if (script.commands.length !== 1 || !statement || statement.background) return undefined;
  return statement.command.type === 'Command' ? statement.command : undefined;
}

function echo(args: readonly string[]): string | undefined {
  const flags = args.findIndex((arg) => !/^-[neE]{1,3}$/.test(arg));
  const options = args.slice(0, flags === -1 ? args.length : flags).join('');
  const text = args.slice(flags === -1 ? args.length : flags).join(' ');
  return (/e/.test(options) ? unescaped(text) : text) + (/n/.test(options) ? '' : '\n');
}

function printf(args: readonly string[]): string | undefined {
  const [format = '', ...values] = args[0] === '--' ? args.slice(1) : args;
  if (/%(?![sbqc%d])/.test(format) || format.startsWith('-')) return undefined;
  const slots = format.match(/%[sbqcd]/g)?.length ?? 0;
  const rounds = slots === 0 ? 1 : Math.max(1, Math.ceil(values.length / slots));
  if (rounds * format.length > MAX_OUTPUT) return undefined;
  const pattern = unescaped(format);
  let next = 0;
  let text = '';
  for (let round = 0; round < rounds; round++) {
    text += pattern.replace(/%([sbqcd%])/g, (_, kind: string) => {
      if (kind === '%') return '%';
      const value = values[next++] ?? '';
      return kind === 'b' ? unescaped(value) : kind === 'c' ? value.slice(0, 1) : value;
    });
  }
  return text;
}

/** Escapes of `printf` and `echo -e`. */
function unescaped(text: string): string {
  return text.replace(
    /\\(?:x([0-9a-fA-F]{1,2})|u([0-9a-fA-F]{1,4})|U([0-9a-fA-F]{1,6})|0?([0-7]{1,3})|([\s\S]))/g,
    (_, byte?: string, unit?: string, long?: string, octal?: string, other?: string) => {
      const hex = byte ?? unit ?? long;
      if (hex !== undefined) return fromCode(Number.parseInt(hex, 16));
      if (octal !== undefined) return fromCode(Number.parseInt(octal, 8));
      return { n: '\n', t: '\t', r: '\r', a: '', b: '', e: '', f: '\f', v: '\v' }[other ?? ''] ?? other ?? '';
    },
  );
}

function fromCode(code: number): string {
  return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : '';
}
