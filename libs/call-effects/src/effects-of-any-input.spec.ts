import type { JsonObject } from '@iris/contracts';
import { loadCatalog } from '@iris/tool-catalog';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { compilePrograms, DEFAULT_EFFECT_LIMITS } from './index.js';
import { collectEffects } from './read-effects.js';

const catalog = loadCatalog({ path: 'policies/catalog.yaml' });
const programs = compilePrograms(catalog.programs, catalog.environments, catalog.systemOfHost);
const readParams = (params: JsonObject, environmentOf = catalog.environmentOfTarget) =>
  collectEffects({ tool: 'Bash', params }, programs, environmentOf);
const read = (command: string) => readParams({ command });

/** Pieces that shells, options and quotes are made of. */
const PIECES = [
  ' ',
  '\n',
  '\t',
  '\r',
  '\0',
  ';',
  '&',
  '|',
  '&&',
  '||',
  '(',
  ')',
  '{',
  '}',
  '[',
  ']',
  '[[',
  ']]',
  '<',
  '>',
  '<<',
  '<<<',
  '<<-',
  '>>',
  '<(',
  '>(',
  '$(',
  '${',
  '$((',
  '))',
  '`',
  '"',
  "'",
  "$'",
  '\\',
  '#',
  '!',
  '=',
  '*',
  '?',
  '@(',
  '+(',
  '~',
  '%',
  ':-',
  'EOF',
  '\nEOF\n',
  '-',
  '--',
  '-c',
  '-h',
  '{}',
  ':::',
  '$',
  '$x',
  '$@',
  '"$@"',
  '\ufffc',
  '\ud800',
  'é',
  'x',
  'a=b',
  'a+=(b)',
  'if',
  'then',
  'fi',
  'for',
  'in',
  'do',
  'done',
  'while',
  'case',
  'esac',
  'function',
  'select',
  'time',
  'coproc',
  'eval',
  'exec',
  'read',
  'export',
  'alias',
  'trap',
  'set --',
  'sudo',
  'env',
  'xargs',
  'find',
  '-exec',
  'bash',
  'sh',
  'ssh',
  'docker',
  'run',
  'exec',
  'kubectl',
  '--context',
  'prod',
  'psql',
  'curl',
  'http://',
  'awk',
  'sed',
  's/a/b/e',
  'python',
  'git',
  '-c',
  'core.pager=',
  'printf',
  '%s',
  'echo',
  'base64 -d',
  'parallel',
  'orders-prod.db.lumen.example',
];
const shellText = fc.array(fc.constantFrom(...PIECES), { maxLength: 60 }).map((pieces) => pieces.join(''));
const bytes = fc.uint8Array({ maxLength: 400 }).map((data) => Buffer.from(data).toString('latin1'));

describe('any input', () => {
  it('is read without an error, within the limits', () => {
    fc.assert(
      fc.property(fc.oneof(shellText, bytes, fc.string({ unit: 'binary', maxLength: 200 })), (command) => {
        const { effects, complexity, opaque } = read(command);
        const checked = effects.filter(({ category }) => category !== 'shell');
        expect(checked.length).toBeLessThanOrEqual(DEFAULT_EFFECT_LIMITS.maxEffects);
        expect(new Set(opaque).size).toBe(opaque.length);
        expect([undefined, 'too_long', 'too_deep', 'too_many']).toContain(complexity);
        for (const { span } of effects) if (span) expect(span.start).toBeLessThanOrEqual(span.end);
      }),
      { numRuns: 3000 },
    );
  });

  it('of parameters of any shape is read without an error', () => {
    const keys = fc.constantFrom(
      'command',
      'cmd',
      'args',
      'env',
      'url',
      'method',
      'code',
      'input',
      'chars',
      'patch',
      'x',
    );
    const value = fc.letrec((tie) => ({
      any: fc.oneof(shellText, fc.integer(), fc.constant(null), fc.boolean(), tie('list'), tie('object')),
      list: fc.array(tie('any'), { maxLength: 4 }),
      object: fc.dictionary(keys, tie('any'), { maxKeys: 4 }),
    }));
    fc.assert(
      fc.property(value.object, (params) => {
        expect(readParams(params as JsonObject).effects).toBeDefined();
      }),
      { numRuns: 1000 },
    );
  });

  const deep = (open: string, close: string, depth: number) => `${open.repeat(depth)}psql${close.repeat(depth)}`;

  it.each([
    ['a long command', 'x'.repeat(33_000), 'too_long'],
    ['brackets', deep('$(', ')', 100), 'too_deep'],
    ['braces', deep('{ ', ';}', 100), 'too_deep'],
    ['blocks', deep('if x; then ', '; fi', 100), 'too_deep'],
    [
      'scripts in scripts',
      Array.from({ length: 12 }).reduce<string>((text) => `eval ${JSON.stringify(text)}`, 'psql'),
      'too_deep',
    ],
    ['programs that run programs', `${'sudo '.repeat(40)}psql`, 'too_deep'],
    ['targets', Array.from({ length: 30 }, (_, at) => `psql -h host-${at}`).join(';'), 'too_many'],
    ['programs as arguments', `unknown ${'psql '.repeat(100)}`, 'too_many'],
    ['commands', 'a;'.repeat(16_000), 'too_many'],
    ['hosts', `eval "$x" ${Array.from({ length: 1500 }, (_, at) => `h${at}.lumen.example`).join(' ')}`, 'too_many'],
  ])('is too complex with too many or too deep %s', (_, command, complexity) => {
    expect(read(command).complexity).toBe(complexity);
  });

  it('asks for environments a bounded number of times, whatever its length', () => {
    const texts = [
      'psql -h dev; ',
      'kubectl --context dev get x; ',
      'curl http://a.lumen.example; ',
      'eval $x a.lumen.example; ',
      'aws s3 ls s3://a.b.c; ',
      'foo psql -h dev; ',
      'docker run -e A=b x; ',
    ];
    for (const text of texts) {
      let asked = 0;
      const command = text.repeat(Math.floor(32_000 / text.length));
      readParams({ command }, (target, kind) => {
        asked += 1;
        return catalog.environmentOfTarget(target, kind);
      });
      expect(asked).toBeLessThan(DEFAULT_EFFECT_LIMITS.maxSteps);
    }
  });

  it('with more around it never has fewer effects', () => {
    const base = read('psql -h orders-prod').effects.map(({ program, environment }) => `${program} ${environment}`);
    fc.assert(
      fc.property(fc.constantFrom(...PIECES.filter((piece) => /^\w+$/.test(piece))), (word) => {
        const { effects, complexity } = read(`${word} x\npsql -h orders-prod\n${word} y`);
        const found = effects.map(({ program, environment }) => `${program} ${environment}`);
        expect(complexity !== undefined || base.every((each) => found.includes(each))).toBe(true);
      }),
    );
  });
});
