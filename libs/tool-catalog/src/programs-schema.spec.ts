import { describe, expect, it } from '@jest/globals';
import { loadCatalog } from './catalog.js';

const text = (program: string) => `
environments: [{ name: production, patterns: [prod] }]
entries: [{ name: files, system: s, category: c, tools: { read: [Read] } }]
programs:
  - ${program}
`;

describe('the programs of a catalog', () => {
  it.each([
    ['no name', '{ names: [] }', 'key names: must list at least one program'],
    ['a path', '{ names: [/bin/psql] }', 'key names.0: must be the name of a program without its path'],
    ['an unknown key', '{ names: [psql], host: x }', 'program "psql", key (itself): Unrecognized key: "host"'],
    [
      'a system alone',
      '{ names: [psql], system: postgres }',
      'program "psql", key system: must be given together with category',
    ],
    [
      'an option with a value',
      '{ names: [psql], valued: ["-h=x"] }',
      'program "psql", key valued.0: must be an option such as -h',
    ],
    [
      'an unknown operation',
      '{ names: [k], verbs: { reads: [get] } }',
      'program "k", key verbs: Unrecognized key: "reads"',
    ],
    [
      'an empty list of verbs',
      '{ names: [k], verbs: { read: [] } }',
      'program "k", key verbs.read: must list at least one verb',
    ],
    [
      'no variable',
      '{ names: [k], target: { env: [a-b] } }',
      'program "k", key target.env.0: must be the name of an environment variable',
    ],
    [
      'a command without a place',
      '{ names: [k], command: { remote: true } }',
      'key command: must have rest, after, afterOptions, options or stdin',
    ],
    ['an unknown dialect', '{ names: [k], statement: { dialect: x } }', 'program "k", key statement.dialect'],
    ['a name twice', '{ names: [k, k] }', 'program "k", key names: "k" is listed already'],
  ])('refuse %s', (_, program, message) => {
    expect(() => loadCatalog({ text: text(program) })).toThrow(message);
  });

  it('are none unless they are listed', () => {
    expect(loadCatalog({ text: text('{ names: [psql] }').split('programs:')[0] ?? '' }).programs).toEqual([]);
  });
});
