import { loadCatalog } from '@iris/tool-catalog';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { compilePrograms, readEffects } from './index.js';

const catalog = loadCatalog({ path: 'policies/catalog.yaml' });
const programs = compilePrograms(catalog.programs, catalog.environments, catalog.systemOfHost);
const read = (command: string) =>
  readEffects({ tool: 'Bash', params: { command } }, programs, catalog.environmentOfTarget);

/** Commands that only people on call may run, without quotes so that they fit anywhere. */
const DENIED = [
  'psql -h orders-prod -c drop',
  'kubectl --context prod delete namespace orders',
  'kubectl delete namespace orders',
  'redis-cli -h cache-prod FLUSHALL',
  'aws --profile prod ec2 terminate-instances',
  'helm uninstall orders',
  'curl -X DELETE https://orders-prod.lumen.example/x',
  'dropdb -h orders-prod orders',
  'ssh db-prod-1 reboot',
];

const single = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`;
const double = (text: string) => `"${text.replace(/[\\"$`]/g, '\\$&')}"`;
const ansi = (text: string) =>
  `$'${[...text].map((sign) => `\\u${(sign.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`).join('')}'`;
const base64 = (text: string) => Buffer.from(text).toString('base64');

/** A program and its arguments, run by another program. */
const PROGRAM_WRAPPERS: readonly ((command: string) => string)[] = [
  'sudo',
  'sudo -u postgres',
  'sudo -E --',
  'env',
  'env -i',
  'env A=b',
  'env -u X',
  'nohup',
  'nice -n 5',
  'timeout 5',
  'timeout -k 1 5s',
  'time',
  'stdbuf -oL',
  'setsid',
  'ionice -c 2',
  'xargs',
  'command',
  'exec',
  'builtin command',
  'unknown-wrapper --flag',
  './wrapper',
  'find . -exec',
  'strace -f',
  'flock /tmp/x',
  'busybox',
  'watch -n 1',
  'parallel',
  'npx',
  'docker exec app',
  'docker run --rm -it app',
  'kubectl --context dev exec pod --',
  'ssh dev-1',
  'op run --',
  'aws-vault exec dev --',
  'A=b',
  'PGHOST=localhost AWS_PROFILE=dev',
  'time -p',
  'uv run',
  'bundle exec',
  'proxychains',
  'chroot /x',
  'nsenter -t 1 -m',
  'script -c x; sudo',
].map((prefix) => (command) => `${prefix} ${command}`);

/** A whole shell text, run in another one. */
const TEXT_WRAPPERS: readonly ((text: string) => string)[] = [
  (text) => `bash -c ${single(text)}`,
  (text) => `sh -c ${double(text)}`,
  (text) => `bash -lc ${ansi(text)}`,
  (text) => `bash -euo pipefail -c ${single(text)}`,
  (text) => `eval ${single(text)}`,
  (text) => `bash <<'EOF'\n${text}\nEOF`,
  (text) => `cat <<'END' | sh\n${text}\nEND`,
  (text) => `bash <<< ${single(text)}`,
  (text) => `echo ${single(text)} | bash`,
  (text) => `printf '%s\\n' ${single(text)} | sh -s`,
  (text) => `echo ${base64(text)} | base64 -d | bash`,
  (text) => `ssh dev-1 ${single(text)}`,
  (text) => `su postgres -c ${single(text)}`,
  (text) => `env -S ${single(`sh -c ${double(text)}`)}`,
  (text) => `( ${text} )`,
  (text) => `{ ${text}\n}`,
  (text) => `f() { ${text}\n}; f`,
  (text) => `if true; then ${text}\nfi`,
  (text) => `for i in 1 2; do ${text}\ndone`,
  (text) => `while :; do ${text}\ndone`,
  (text) => `case x in *) ${text}\n;; esac`,
  (text) => `echo "$(${text}\n)"`,
  (text) => `cat <(${text}\n)`,
  (text) => `x=$(${text}\n)`,
  (text) => `[[ -n $(${text}\n) ]]`,
  (text) => `cat <<EOF\n$(${text}\n)\nEOF`,
  (text) => `ls && ${text}`,
  (text) => `git status; ${text}`,
  (text) => `ls | ${text}`,
  (text) => `true &\n${text}`,
  (text) => `# comment\n${text}`,
  (text) => `trap ${single(text)} EXIT`,
  (text) => `coproc { ${text}\n}`,
  (text) => `npx -c ${single(text)}`,
  (text) => `docker exec app sh -c ${single(text)}`,
  (text) => `echo ${single(text)} > run.sh; bash run.sh`,
  (text) => `source <(echo ${single(text)})`,
  (text) => `alias x=${single(text)}`,
  (text) => `PROMPT_COMMAND=${single(text)} bash`,
  (text) => `${'true; '.repeat(60)}${text}`,
];

/** The name of a program, written otherwise. */
const SPELLINGS: readonly ((name: string) => string)[] = [
  (name) => `/usr/local/bin/${name}`,
  (name) => `\\${name}`,
  (name) => single(name),
  (name) => double(name),
  ansi,
  (name) => `${name.slice(0, 2)}''${name.slice(2)}`,
  (name) => `${name.slice(0, 1)}"${name.slice(1)}"`,
  (name) => `${name.slice(0, 2)}\\\n${name.slice(2)}`,
  (name) => `$(echo ${name})`,
  (name) => `\`printf %s ${name}\``,
  (name) => `$(which ${name})`,
  (name) => `${name.slice(0, -1)}?`,
];

const spelled = fc
  .tuple(fc.constantFrom(...DENIED), fc.option(fc.constantFrom(...SPELLINGS), { nil: undefined }))
  .map(([command, spell]) => {
    const [name = '', ...rest] = command.split(' ');
    return { command: [spell ? spell(name) : name, ...rest].join(' '), system: command.split(' ', 1)[0] ?? '' };
  });

/** What the command does, apart from its environment: a wrapper may only leave that open or raise it. */
const keyOf = ({ program, system, operation }: { program: string; system: string; operation: string }) =>
  `${program} ${system} ${operation}`;

describe('wrapping a denied command', () => {
  const isDenied = (command: string, name: string) => {
    const { effects, complexity } = read(command);
    const [, ...others] = catalog.environments;
    return (
      complexity !== undefined ||
      effects.some(({ program, environment }) => program === name && !others.includes(environment ?? ''))
    );
  };

  it.each(DENIED)('%s is denied by itself', (command) => {
    expect(isDenied(command, command.split(' ', 1)[0] ?? '')).toBe(true);
  });

  it('never loses the effect', () => {
    fc.assert(
      fc.property(
        spelled,
        fc.array(fc.constantFrom(...PROGRAM_WRAPPERS), { maxLength: 2 }),
        fc.array(fc.constantFrom(...TEXT_WRAPPERS), { maxLength: 3 }),
        ({ command, system }, inner, outer) => {
          const wrapped = outer.reduce(
            (text, wrap) => wrap(text),
            inner.reduce((text, wrap) => wrap(text), command),
          );
          expect({ wrapped, denied: isDenied(wrapped, system) }).toEqual({ wrapped, denied: true });
        },
      ),
      { numRuns: 2000 },
    );
  });

  it('adds nothing but what the wrappers do', () => {
    const plain = new Set(read('psql -h orders-prod -c drop').effects.map(keyOf));
    const wrapped = read(`bash -c ${single('sudo env A=b psql -h orders-prod -c drop')}`).effects.map(keyOf);
    expect(new Set(wrapped)).toEqual(plain);
  });
});
