import type { JsonObject } from '@iris/contracts';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { CatalogError, loadCatalog } from './catalog.js';

const ENVIRONMENTS = `
environments:
  - { name: production, patterns: ["prod"] }
  - { name: staging, patterns: ["staging"] }
  - { name: development, patterns: ["^dev", "localhost"] }
`;

const catalog = loadCatalog({
  text: `${ENVIRONMENTS}
entries:
  - { name: files, system: workstation, category: files, tools: { read: [Read, read_*], write: [Write] }, target: { kind: file, id: [path] } }
  - name: db
    system: postgres
    category: database
    servers: [pg, pg-*]
    tools: { read: [list_*], execute: [query], delete: [list_and_drop_*], export: ["*_export"] }
    target: { kind: database, id: ["[url, host]", database], orServer: true }
    environment: { from: ["[url, host]", "targets[].host"], hints: [database, sql] }
`,
});

const classify = (name: string, params?: JsonObject, server?: string) => catalog.classify({ name, params, server });
const environment = (params: JsonObject, name = 'mcp__pg__query') => classify(name, params).classification.environment;

describe('classify', () => {
  it('says what a call is', () => {
    expect(classify('mcp__pg__query', { host: 'orders.staging.internal', sql: 'select 1' })).toEqual({
      tool: { name: 'mcp__pg__query', server: 'pg', operation: 'query', anomalies: [] },
      classification: {
        category: 'database',
        system: 'postgres',
        operation: 'execute',
        environment: 'staging',
        target: { kind: 'database', id: 'orders.staging.internal' },
      },
      entry: 'db',
    });
  });

  it('leaves a tool that no entry names uncategorised', () => {
    expect(classify('mcp__acme__do', { host: 'prod' })).toEqual({
      tool: { name: 'mcp__acme__do', server: 'acme', operation: 'do', anomalies: [] },
      classification: { category: 'uncategorised' },
    });
  });

  it('keeps tools of the agent and tools of servers apart', () => {
    expect(classify('mcp__acme__Read', {}).entry).toBeUndefined();
    expect(classify('query', {}).entry).toBeUndefined();
    expect(classify('query', {}, 'mcp__pg').entry).toBe('db');
  });

  it.each([
    ['mcp__pg__list_tables', 'read'],
    ['mcp__pg__list_and_drop_tables', 'delete'],
    ['mcp__pg__list_export', 'export'],
    ['mcp__pg_eu__query', 'execute'],
    ['mcp__pg__list__tables', undefined],
    ['mcp__pg__list_täbles', undefined],
    ['mcp__pg__List_tables', undefined],
    ['mcp__PG__list_tables', undefined],
  ])('%s is %s', (name, operation) => {
    expect(classify(name, {}).classification.operation).toBe(operation);
  });
});

describe('the environment', () => {
  it.each<[string, JsonObject, string | undefined]>([
    ['a host', { host: 'db.staging.internal' }, 'staging'],
    ['a connection string', { url: 'postgres://u:p@prod-db/orders' }, 'production'],
    ['the more restrictive of two', { host: 'staging', url: 'postgres://prod-db/x' }, 'production'],
    ['one of an array', { targets: [{ host: 'staging-1' }, { host: 'prod-1' }] }, 'production'],
    ['nested arrays', { host: [['dev1'], { any: 'staging-1' }] }, 'staging'],
    ['nothing known', { host: 'db7.internal' }, undefined],
    ['no parameter', {}, undefined],
    ['a name beside no host', { database: 'staging' }, 'staging'],
    ['a name beside an unknown host', { host: 'db7.internal', database: 'staging' }, undefined],
    ['a name inside the URL of an unknown host', { url: 'postgres://db7/staging' }, undefined],
    ['an option inside the URL of an unknown host', { url: 'postgres://db7/x?application_name=staging' }, undefined],
    ['a user inside the URL of an unknown host', { url: 'postgres://staging@db7/x' }, undefined],
    ['an unknown host beside a known one', { targets: [{ host: 'staging-1' }, { host: 'db7' }] }, undefined],
    ['production by name beside a staging host', { host: 'staging-1', database: 'prod_copy' }, 'production'],
    ['production in a statement', { host: 'staging-1', sql: 'select * from prod.orders' }, 'production'],
    ['a percent-encoded host', { url: 'postgres://p%72od-db/x' }, 'production'],
    ['a host beyond the bound', { host: `staging${'x'.repeat(5000)}` }, undefined],
    ['a statement beyond the bound', { host: 'staging-1', sql: 'x'.repeat(5000) }, undefined],
    ['too many values', { targets: Array.from({ length: 2000 }, () => ({ host: 'staging' })) }, undefined],
    [
      'too much text',
      { targets: Array.from({ length: 20 }, () => ({ host: `staging-${'x'.repeat(1000)}` })) },
      undefined,
    ],
    ['a number', { host: 7 }, undefined],
    ['null', { host: null, database: 'staging' }, 'staging'],
  ])('%s', (_, params, expected) => {
    expect(environment(params)).toBe(expected);
  });

  it('is told by the name of the server, where no parameter says otherwise', () => {
    expect(environment({}, 'mcp__pg-staging__query')).toBe('staging');
    expect(environment({ host: 'prod-1' }, 'mcp__pg-staging__query')).toBe('production');
    expect(environment({ host: 'staging-1' }, 'mcp__pg-prod__query')).toBe('production');
    expect(environment({ host: 'db7' }, 'mcp__pg-staging__query')).toBeUndefined();
  });

  it('without parameters is told only when no parameter could change it', () => {
    expect(classify('mcp__pg-prod__query').classification).toMatchObject({ environment: 'production' });
    expect(classify('mcp__pg-staging__query').classification).not.toHaveProperty('environment');
  });
});

describe('the target', () => {
  it.each<[string, JsonObject, string | undefined]>([
    ['the host of a connection string', { url: 'postgres://u:secret@db.internal:5432/orders' }, 'db.internal'],
    ['the same value twice', { url: 'postgres://db.internal/x', host: 'db.internal' }, 'db.internal'],
    ['different values', { url: 'postgres://db1/x', host: 'db2' }, undefined],
    ['the next expression', { database: 'orders' }, 'orders'],
    ['the server', {}, 'pg'],
    ['a value too long for a name', { database: 'x'.repeat(600) }, undefined],
  ])('%s', (_, params, id) => {
    expect(classify('mcp__pg__query', params).classification.target?.id).toBe(id);
  });

  it('is not told without parameters', () => {
    expect(classify('mcp__pg__query').classification).not.toHaveProperty('target');
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
        fc.constantFrom('Read', 'read_me', 'mcp__pg__query', 'pg_list_e'),
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

  it('with one more parameter are never taken for a less restrictive environment', () => {
    const order = ['production', undefined, 'staging', 'development'];
    const host = fc.constantFrom('prod-1', 'staging-1', 'dev1', 'db7');
    fc.assert(
      fc.property(fc.array(host, { minLength: 1, maxLength: 4 }), host, (hosts, more) => {
        const rank = (list: string[]) =>
          order.indexOf(environment({ targets: list.map((value) => ({ host: value })) }));
        expect(rank([...hosts, more])).toBeLessThanOrEqual(rank(hosts));
      }),
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
      'no JMESPath',
      entry('tools: { read: [a] }, target: { kind: k, id: ["a.["] }'),
      'entry "one", key target.id.0: must be a JMESPath expression',
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
