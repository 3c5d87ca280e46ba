import { type Reading, readNestedText } from '../reading.js';

/** Variables whose value the shell or a program runs. */
const RUN =
  /^(?:PROMPT_COMMAND|PS[0-4]|BASH_ENV|ENV|BASH_FUNC_.*|PROMPT|RPROMPT|LD_PRELOAD|LD_AUDIT|DYLD_INSERT_LIBRARIES|.*(?:^|_)(?:PAGER|EDITOR|VISUAL|BROWSER|COMMAND|CMD|SHELL|ASKPASS|EXTERNAL_DIFF|RSH|OPENER))$/;

/** A variable whose value is a command: `PROMPT_COMMAND`, `GIT_SSH_COMMAND`, an exported function. */
export function readRunVariable(name: string, value: string, reading: Reading): void {
  const isFunction = value.startsWith('() {');
  if ((!isFunction && !RUN.test(name)) || value === '') return;
  reading.effects.obscure('runs_program');
  // The program that it runs gets the same variable, which is read once.
  const environment = reading.environment.with([[name, { text: '', doubtful: true }]]);
  readNestedText(value.replace(/^\(\) /, ''), { ...reading, environment, via: [...reading.via, `$${name}`] });
}
