import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConfigError, loadSettings, setting } from '@iris/config';
import { canonicalPrincipal } from '@iris/context-cache';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { identityDryRun } from './identity-dry-run.js';
import { IdentityMap, identitySettings } from './identity-map.js';

function identityMap(rules: unknown, unmatched = 'as_is'): IdentityMap {
  const environment = { IRIS_IDENTITY_RULES: JSON.stringify(rules), IRIS_IDENTITY_UNMATCHED: unmatched };
  return new IdentityMap('okta', loadSettings(identitySettings, environment));
}

const RULES = [
  { table: { 'zoe@github': 'zoe@lumen.example', 'svc@lumen.example': null } },
  { sources: ['okta'], from: ['corp.example', 'old.example'], to: 'lumen.example' },
  { sources: ['workday'], from: 'lumen.example', to: 'workday.example' },
  { from: 'contractors.example', to: null },
];

describe('the identity map', () => {
  const map = identityMap(RULES);

  it.each([
    ['a login of the table', 'Zoe@GitHub', { key: 'zoe@lumen.example', rule: 1 }],
    ['a login that is nobody', 'svc@lumen.example', { reason: 'subject_not_mapped', rule: 1 }],
    ['an alias of a domain', 'ana@corp.example', { key: 'ana@lumen.example', rule: 2 }],
    ['a domain of nobody', 'x@contractors.example', { reason: 'subject_not_mapped', rule: 4 }],
    ['a rule of another source', 'ana@lumen.example', { key: 'ana@lumen.example' }],
    ['a login that no rule fits', 'kim@github', { key: 'kim@github' }],
  ])('maps %s', (_title, login, mapped) => {
    expect(map.map(login)).toEqual(mapped);
  });

  it('takes the first rule that fits', () => {
    const table = { table: { 'ana@corp.example': 'ana.reyes@lumen.example' } };
    const domain = { from: 'corp.example', to: 'lumen.example' };
    expect(identityMap([table, domain]).map('ana@corp.example')).toMatchObject({ key: 'ana.reyes@lumen.example' });
    expect(identityMap([domain, table]).map('ana@corp.example')).toMatchObject({ key: 'ana@lumen.example' });
  });

  it('does not choose between two keys of one login', () => {
    const table = { 'Ana@github': 'ana@lumen.example', 'ana@GitHub': 'anastasia@lumen.example' };
    expect(identityMap([{ table }]).map('ana@github')).toEqual({ reason: 'subject_ambiguous', rule: 1 });
  });

  it('finds nobody without a rule when told so', () => {
    expect(identityMap(RULES, 'refuse').map('ana@lumen.example')).toEqual({ reason: 'subject_not_mapped' });
    expect(identityMap(RULES, 'refuse').loginsOf('ana@lumen.example')).toEqual(['ana@corp.example', 'ana@old.example']);
  });

  it('leads back from a key to all its logins', () => {
    expect(map.loginsOf('Zoe@lumen.example')).toEqual([
      'zoe@lumen.example',
      'zoe@github',
      'zoe@corp.example',
      'zoe@old.example',
    ]);
    expect(map.loginsOf('svc@lumen.example')).toEqual(['svc@corp.example', 'svc@old.example']);
  });

  it.each([
    ['a rule without its end', [{ from: 'a.example' }]],
    ['an unknown source', [{ sources: ['ldap'], from: 'a.example', to: 'b.example' }]],
    ['a domain with an @', [{ from: '@a.example', to: 'b.example' }]],
    ['a key that is no address', [{ table: { 'a@b.example': 'me' } }]],
  ])('does not start with %s', (_title, rules) => {
    expect(() => identityMap(rules)).toThrow(ConfigError);
  });

  const domain = fc.constantFrom('a.example', 'b.example', 'c.example', 'github');
  const local = fc.constantFrom('ana', 'ben', 'Cara', 'o\u0131', '\u212aim');
  const login = fc.tuple(local, domain).map((parts) => parts.join('@'));
  const key = fc.tuple(local, fc.constantFrom('a.example', 'b.example')).map((parts) => parts.join('@'));
  const rules = fc.array(
    fc.oneof(
      fc.record({ table: fc.dictionary(login, fc.option(key), { maxKeys: 3 }) }),
      fc.record({ from: domain, to: fc.option(fc.constantFrom('a.example', 'b.example', 'c.example')) }),
    ),
    { maxLength: 4 },
  );
  const anyCase = (text: string, upper: boolean[]) =>
    text.replace(/[a-z]/gi, (letter) => (upper.pop() ? letter.toUpperCase() : letter.toLowerCase()));

  it('leads back to exactly the logins that map to a key, whatever the rules', () => {
    fc.assert(
      fc.property(rules, login, fc.constantFrom('as_is', 'refuse'), (given, name, unmatched) => {
        const tried = identityMap(given, unmatched);
        const mapped = tried.map(name);
        if ('key' in mapped) expect(tried.loginsOf(mapped.key)).toContain(canonicalPrincipal(name));
        for (const back of tried.loginsOf(name)) {
          const there = tried.map(back);
          expect('key' in there && canonicalPrincipal(there.key)).toBe(canonicalPrincipal(name));
        }
      }),
    );
  });

  it('maps all spellings of a login in ASCII alike', () => {
    fc.assert(
      fc.property(rules, login, fc.array(fc.boolean(), { minLength: 20 }), (given, name, upper) => {
        const tried = identityMap(given);
        const [one, other] = [tried.map(name), tried.map(anyCase(name, [...upper]))].map((mapped) =>
          'key' in mapped ? { ...mapped, key: canonicalPrincipal(mapped.key) } : mapped,
        );
        expect(other).toEqual(one);
      }),
    );
  });

  it('lists what logins map to without credentials of the vendor', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'iris-identity-'));
    try {
      const file = join(folder, 'logins');
      await writeFile(file, 'zoe@github\r\nana@corp.example\n\nkim@github\nben@lumen.example\ntagged-devices\n');
      const definition = { id: 'okta', settings: { 'vendor.token': setting.secret('Token.') } } as const;
      expect(identityDryRun(definition, { IRIS_IDENTITY_RULES: JSON.stringify(RULES) }, file)).toEqual([
        'zoe@github\tzoe@lumen.example\t1',
        'ana@corp.example\tana@lumen.example\t2',
        'kim@github\tsubject_not_mapped\t-',
        'ben@lumen.example\tben@lumen.example\t-',
        'tagged-devices\tsubject_not_a_person\t-',
        '5 logins, 2 of nobody',
      ]);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
