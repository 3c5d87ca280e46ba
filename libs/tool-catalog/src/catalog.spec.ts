import type { JsonObject } from '@iris/contracts';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { loadCatalog } from './catalog.js';
import { CatalogError } from './catalog-file.js';

const ENVIRONMENTS = `
environments:
  - { name: production, patterns: ["prod"] }
  - { name: staging, patterns: ["staging"] }
  - { name: development, patterns: ["^dev"], hosts: [localhost, db9.cloud.example, "*.dev.cloud.example"] }
`;

const catalog = loadCatalog({
  text: `${ENVIRONMENTS}
entries:
  - { name: files, system: workstation, category: files, tools: { read: [Read, read_*], write: [Write] }, target: { kind: file, names: [path] } }
servers:
  - id: pg
    aliases: [pg-prod]
    system: postgres
    category: database
    tools: { read: [list_*], execute: [query], delete: [list_and_drop_*], export: ["*_export"] }
    target: { kind: database, hosts: [url, host], names: [database], orServer: true }
    environment: { from: [{ hosts: [url, host] }], hints: [database] }
  - id: fixed
    system: postgres
    category: database
    tools: { execute: [query, move] }
    environment: { always: staging, from: [{ tools: [move], names: [to] }], hints: [note] }
`,
});

const classify = (name: string, params?: JsonObject, server?: string) => catalog.classify({ name, params, server });
const environment = (params: JsonObject | undefined, name = 'mcp__pg__query') =>
  classify(name, params).classification.environment;

describe('classify', () => {
  it('returns what a call is, and from what', () => {
    expect(classify('mcp__pg__query', { host: 'orders-staging', sql: 'select 1' })).toEqual({
      tool: { name: 'mcp__pg__query', server: 'pg', operation: 'query', anomalies: [] },
      classification: {
        category: 'database',
        system: 'postgres',
        operation: 'execute',
        environment: 'staging',
        target: { kind: 'database', id: 'orders-staging' },
      },
      entry: 'pg',
      targetKind: 'database',
      resources: [{ kind: 'database', id: 'orders-staging' }],
      clues: [
        { parameter: 'host', value: 'orders-staging', environment: 'staging', by: 'staging', weight: 'decides' },
        { parameter: '(server)', weight: 'raises' },
      ],
    });
  });

  it('leaves a tool that no entry names uncategorised', () => {
    expect(classify('mcp__acme__do', { host: 'prod' })).toEqual({
      tool: { name: 'mcp__acme__do', server: 'acme', operation: 'do', anomalies: [] },
      classification: { category: 'uncategorised' },
      resources: [],
      clues: [],
    });
  });

  it.each([
    ['mcp__pg__list_tables', 'read'],
    ['mcp__pg__list_and_drop_tables', 'delete'],
    ['mcp__pg__list_export', 'export'],
    ['mcp__pg_prod__query', 'execute'],
    ['mcp__pg__list__tables', undefined],
    ['mcp__pg__list_täbles', undefined],
  ])('%s is %s', (name, operation) => {
    expect(classify(name, {}).classification.operation).toBe(operation);
  });
});

describe('the environment', () => {
  it('is that of a host that is listed, whatever its domain', () => {
    expect(environment({ host: 'db9.cloud.example' })).toBe('development');
    expect(environment({ host: 'any.dev.cloud.example' })).toBe('development');
    expect(environment({ host: 'dev.cloud.example' })).toBeUndefined();
    expect(environment({ host: 'db8.cloud.example' })).toBeUndefined();
  });

  it('is recognised in whatever spelling the catalog lists a host or domain', () => {
    const text = `
organisation: { domains: [Lumen.Example.] }
environments:
  - { name: production, patterns: [prod] }
  - { name: development, patterns: [^dev], hosts: ["0:0:0:0:0:0:0:1", "*.Cloud.Example."] }
entries: [{ name: one, system: s, category: c, tools: { read: [a] } }]
`;
    const { environmentOfHost } = loadCatalog({ text });
    expect(['dev.lumen.example', '::1', 'a.cloud.example', 'dev.evil.example'].map(environmentOfHost)).toEqual([
      'development',
      'development',
      'development',
      undefined,
    ]);
  });

  it('is raised by the name of the server, and never lowered', () => {
    expect(environment({ host: 'staging-1' }, 'mcp__pg-prod__query')).toBe('production');
    expect(environment(undefined, 'mcp__pg-prod__query')).toBe('production');
    expect(environment(undefined, 'mcp__pg__query')).toBeUndefined();
  });

  it('of a server with one environment is that one, unless a parameter names another', () => {
    expect(environment({}, 'mcp__fixed__query')).toBe('staging');
    expect(environment({ note: 'prod' }, 'mcp__fixed__query')).toBe('production');
    expect(environment({ to: 'dev1' }, 'mcp__fixed__move')).toBe('development');
    expect(environment({ to: 'db7' }, 'mcp__fixed__move')).toBeUndefined();
    expect(environment({ to: 'dev1' }, 'mcp__fixed__query')).toBe('staging');
    expect(environment(undefined, 'mcp__fixed__query')).toBeUndefined();
  });
});

describe('any name and parameters', () => {
  const names = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 400 }),
    fc.constantFrom(
      'Read',
      'mcp__pg__query',
      'mcp__pg-prod__query',
      'mcp__pg__list_tables',
      '__proto__',
      'constructor',
    ),
  );

  it('never make it throw, and never lose the name', () => {
    fc.assert(
      fc.property(
        names,
        fc.option(names, { nil: undefined }),
        fc.option(fc.json(), { nil: undefined }),
        (name, server, json) => {
          const value: unknown = json === undefined ? undefined : JSON.parse(json);
          const params = typeof value === 'object' && value !== null ? (value as JsonObject) : undefined;
          const { tool, classification, entry } = classify(name, params, server);
          expect(tool.name).toBe(name);
          expect(entry === undefined).toBe(classification.category === 'uncategorised');
          expect(classification.operation === undefined).toBe(entry === undefined);
        },
      ),
    );
  });

  it('in a disguise are uncategorised and marked, or the very name', () => {
    const disguises: ((name: string) => string)[] = [
      (name) => `${name} `,
      (name) => `\t${name}`,
      (name) => `${name}\u200d`,
      (name) => `\ufeff${name}`,
      (name) => name.replace(/[a-z]/g, (letter) => String.fromCodePoint(letter.charCodeAt(0) + 0xfee0)),
      (name) => name.replaceAll('e', '\u0435'),
      (name) => name.replaceAll('_', '\uff3f'),
    ];
    fc.assert(
      fc.property(
        fc.constantFrom('Read', 'read_me', 'mcp__pg__query', 'pg_query'),
        fc.constantFrom(...disguises),
        (name, hide) => {
          const hidden = hide(name);
          fc.pre(hidden !== name);
          const { tool, classification } = classify(hidden, {});
          expect(classification).toEqual({ category: 'uncategorised' });
          expect(tool.anomalies.length).toBeGreaterThan(0);
        },
      ),
    );
  });
});

describe('loadCatalog', () => {
  const entry = (text: string) => `${ENVIRONMENTS}\nentries:\n  - { name: one, system: s, category: c, ${text} }\n`;

  it.each([
    ['no YAML', 'a: [', 'not valid YAML'],
    ['no object', '7', 'key (root)'],
    ['no entries', `${ENVIRONMENTS}\nentries: []`, 'key entries'],
    [
      'an unknown key',
      entry('tools: { read: [a] }, targets: 1'),
      'entry "one", key (itself): Unrecognized key: "targets"',
    ],
    [
      'no tools',
      entry('tools: {}'),
      'entry "one", key tools: must list names below read, write, export, execute or delete',
    ],
    ['an unknown operation', entry('tools: { reads: [a] }'), 'entry "one", key tools: Unrecognized key: "reads"'],
    ['an empty list', entry('tools: { read: [] }'), 'entry "one", key tools.read: must list at least one name'],
    [
      'too many wildcards',
      entry('tools: { read: ["a*b*c*"] }'),
      'entry "one", key tools.read.0: must be a name with at most two *',
    ],
    [
      'a wrong category',
      entry('tools: { read: [a] }, category: Bad One').replace('category: c, ', ''),
      'entry "one", key category: must be lower-case',
    ],
    [
      'the reserved category',
      entry('tools: { read: [a] }').replace('category: c', 'category: uncategorised'),
      'must not be uncategorised',
    ],
    [
      'no path of a parameter',
      entry('tools: { read: [a] }, target: { kind: k, names: ["[a, b]"] }'),
      'entry "one", key target.names.0: must be the path of one parameter',
    ],
    [
      'the former form of a server',
      entry('tools: { read: [a] }, servers: [x]'),
      'entry "one", key servers: belongs to a server: move the entry below servers:',
    ],
    [
      'the former form of a target',
      entry('tools: { read: [a] }, target: { kind: k, id: [url] }'),
      'entry "one", key target.id: must be written as hosts:',
    ],
    [
      'the former form of an environment',
      entry('tools: { read: [a] }, environment: { from: [url] }'),
      'entry "one", key environment.from.0: must be a mapping such as { hosts: [url] }',
    ],
    [
      'a wildcard in the name of a server',
      `${entry('tools: { read: [a] }')}servers: [{ id: "pg-*", system: s, category: c, tools: { read: [a] } }]`,
      'server "pg-*", key id: must be a name of letters',
    ],
    [
      'a server listed twice',
      `${entry('tools: { read: [a] }')}servers: [{ id: pg-a, system: s, category: c, tools: { read: [a] } }, { id: x, aliases: [pg_a], system: s, category: c, tools: { read: [a] } }]`,
      'server "x", key aliases: "pg_a" belongs to server "pg-a" already',
    ],
    [
      'an environment that is not declared',
      `${entry('tools: { read: [a] }')}servers: [{ id: a, system: s, category: c, tools: { read: [a] }, environment: { always: moon } }]`,
      'server "a", key environment.always: must be one of production, staging, development',
    ],
    [
      'a domain that is none',
      `organisation: { domains: ["a b"] }\n${entry('tools: { read: [a] }')}`,
      'key organisation.domains.0: must be a host',
    ],
    [
      'no regular expression',
      `${ENVIRONMENTS.replace('^dev', '(')}entries: []`,
      'environment "development", key patterns.0: must be a regular expression',
    ],
    [
      'a name listed twice',
      entry('tools: { read: [a], delete: [a] }'),
      'entry "one", key tools: "a" is listed already in entry "one"',
    ],
    ['an entry without a name', `${ENVIRONMENTS}\nentries: [{}]`, 'entry "number 0", key name'],
  ])('refuses %s', (_, text, message) => {
    expect(() => loadCatalog({ text })).toThrow(CatalogError);
    expect(() => loadCatalog({ text })).toThrow(message);
  });

  it('changes its revision with its text', () => {
    const text = entry('tools: { read: [a] }');
    expect(loadCatalog({ text }).revision).toBe(loadCatalog({ text }).revision);
    expect(loadCatalog({ text }).revision).not.toBe(loadCatalog({ text: `${text}\n` }).revision);
  });
});

describe('kinds that a format does not list', () => {
  const NAME = 'unrecognised:gemini:newPart';

  it('are of a category of their own, whatever the catalog admits', () => {
    for (const recognised of [[], [NAME]]) {
      const catalog = loadCatalog({
        text: JSON.stringify({
          environments: [{ name: 'production', patterns: ['prod'] }],
          entries: [{ name: 'any', system: 's', category: 'c', tools: { read: ['*'] } }],
          recognised,
        }),
      });
      expect(catalog.classify({ name: NAME }).classification).toEqual({ category: 'unrecognised' });
      expect(catalog.classify({ name: NAME }).tool.anomalies).toEqual([]);
      expect([...catalog.recognised]).toEqual(recognised);
    }
  });

  it.each(['newPart', 'unrecognised:newPart', 'unrecognised:gemini:*'])(
    'are admitted by their whole name: %s',
    (name) => {
      const text = JSON.stringify({
        environments: [{ name: 'production', patterns: ['prod'] }],
        entries: [{ name: 'any', system: 's', category: 'c', tools: { read: ['a'] } }],
        recognised: [name],
      });
      expect(() => loadCatalog({ text })).toThrow('must be unrecognised:<format>:<type>');
    },
  );
});

describe('a method of MCP', () => {
  const use = (name: string, server: string) => {
    const { classification, entry } = catalog.classify({
      name,
      server,
      params: {},
      phase: 'requested',
      protocolMethod: true,
    });
    return { ...classification, entry };
  };

  it.each([
    ['resources/read', 'read'],
    ['prompts/get', 'read'],
    ['sampling/createMessage', 'execute'],
    ['of/later', 'execute'],
  ])('is a use of its server: %s', (name, operation) => {
    expect(use(name, 'fixed')).toMatchObject({
      category: 'database',
      operation,
      environment: 'staging',
      entry: 'fixed',
    });
  });

  it('is uncategorised on a server that is not listed, and so is a tool of its name', () => {
    expect(use('resources/read', 'other').category).toBe('uncategorised');
    expect(classify('resources/read', {}, 'fixed').classification.category).toBe('uncategorised');
  });
});
