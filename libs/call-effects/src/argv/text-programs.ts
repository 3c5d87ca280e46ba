import type { Reading } from '../reading.js';
import { readNestedText } from '../reading.js';
import { readCode } from './embedded-code.js';
import type { Arguments } from './read-arguments.js';

/** What of an `awk` program runs commands, opens connections or writes files. */
const AWK_REACHES = /system\s*\(|getline|\||\/inet|print(?:f)?\b[^;}\n]{0,500}>/;

/** Commands of `sed` that run a command: `e`, and the flag `e` of a substitution. */
const SED_RUNS =
  /(?:^|[;\n{}])\s*(?:(?:\d+|\$|\/[^/\n]{0,500}\/|\\(.)[^\n]{0,500}?\1)[,~!\s]*){0,2}e(?:\s|$)|s(.)[^\n]{0,500}\2[gpiImM0-9w]{0,8}e/;

/** Commands of `sed` that write a file: `w`, and the flag `w` of a substitution. */
const SED_WRITES = /(?:^|[;\n{}/\d$!])\s*[wW]\s+\S|s(.)[^\n]{0,500}\1[gpiImMe0-9]{0,8}w\s*\S/;

/** A longer program of `sed` counts as one that runs and writes, so that the patterns above stay quick. */
const MAX_SED_LENGTH = 1000;

/** Programs of `awk` and `sed`: most only change text, which reaches nothing. */
export function readTextProgram(
  dialect: 'awk' | 'sed',
  texts: readonly string[],
  name: string,
  args: Arguments,
  reading: Reading,
): void {
  if (args.options.some(({ names }) => names.includes('-f') || names.includes('--file')))
    reading.effects.obscure('script');
  const text = texts.join('\n');
  if (args.hides && texts.some((each) => each.includes('\ufffc'))) reading.effects.obscure('dynamic');
  if (dialect === 'awk') {
    if (AWK_REACHES.test(text)) readCode(text, name, reading);
    return;
  }
  const isLong = text.length > MAX_SED_LENGTH;
  if (isLong || SED_RUNS.test(text)) {
    reading.effects.obscure('runs_program');
    for (const line of text.split(/[;\n]/)) {
      const command = /e\s+(\S.*)$/.exec(line)?.[1];
      if (command !== undefined) readNestedText(command, { ...reading, via: [...reading.via, name] });
    }
  }
  const isInPlace = args.options.some(({ names }) => names.includes('-i') || names.includes('--in-place'));
  if (!isInPlace && !isLong && !SED_WRITES.test(text)) return;
  const file = /[wW]\s+(\S[^;\n}]*)/.exec(text)?.[1];
  reading.effects.add({
    program: name,
    system: 'workstation',
    category: 'shell',
    operation: 'write',
    targets: file === undefined ? [] : [{ text: file, kind: 'name', doubtful: false }],
    via: reading.via,
    ...(reading.span && { span: reading.span }),
  });
}
