import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { z } from 'zod';
import { ConfigError, environmentName, loadSettings } from './load-settings.js';
import * as setting from './settings.js';

const schema = {
  'http.port': setting.integer('Port.', { min: 1, max: 65535 }, { fallback: 8080 }),
  'vendor.url': setting.url('URL.'),
  'vendor.token': setting.secret('Token.'),
  'hook.budgetMs': setting.integer('Budget.', { min: 50, max: 1000 }, { fallback: 100 }),
  'mode.default': setting.choice('Mode.', ['enforce', 'observe'], { fallback: 'enforce' }),
  'feature.on': setting.boolean('On.', { fallback: false }),
  'names.list': setting.list('Names.', { fallback: [] }),
  'roles.map': setting.structure('Roles.', z.record(z.string(), z.string()), 'JSON', { fallback: {} }),
  'hook.keys': setting.keys('Keys.'),
};

const REQUIRED = {
  IRIS_VENDOR_URL: 'https://vendor.example/',
  IRIS_VENDOR_TOKEN: 'token-value',
  IRIS_HOOK_KEYS: 'aperture=key-number-1, agent=key-number-2',
};

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'iris-config-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function file(content: string): string {
  const path = join(folder, `${Math.random()}.yaml`);
  writeFileSync(path, content);
  return path;
}

function faultOf(environment: Record<string, string>): string {
  try {
    loadSettings(schema, environment);
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    return (error as Error).message;
  }
  throw new Error('the settings were accepted');
}

describe('loadSettings', () => {
  it('takes the environment over the file and the file over the fallback', () => {
    const path = file('hook:\n  budgetMs: 200\nhttp:\n  port: 9000\n');
    const values = loadSettings(schema, { ...REQUIRED, IRIS_CONFIG_FILE: path, IRIS_HTTP_PORT: '9100' });
    expect(values).toEqual({
      'http.port': 9100,
      'vendor.url': 'https://vendor.example',
      'vendor.token': 'token-value',
      'hook.budgetMs': 200,
      'mode.default': 'enforce',
      'feature.on': false,
      'names.list': [],
      'roles.map': {},
      'hook.keys': [
        { name: 'aperture', key: 'key-number-1' },
        { name: 'agent', key: 'key-number-2' },
      ],
    });
  });

  it('takes lists, structures and keys from a file too', () => {
    const path = file('names:\n  list: [a, b]\nroles:\n  map: { x: y }\nhook:\n  keys: { one: a-long-key }\n');
    const { IRIS_HOOK_KEYS: _, ...others } = REQUIRED;
    const values = loadSettings(schema, { ...others, IRIS_CONFIG_FILE: path, IRIS_FEATURE_ON: 'true' });
    expect(values).toMatchObject({
      'names.list': ['a', 'b'],
      'roles.map': { x: 'y' },
      'hook.keys': [{ name: 'one', key: 'a-long-key' }],
      'feature.on': true,
    });
  });

  it.each([
    [{ IRIS_HTTP_PORT: '70000' }, 'http.port (IRIS_HTTP_PORT) is "70000"; accepted: a whole number from 1 to 65535'],
    [{ IRIS_VENDOR_URL: 'vendor' }, 'vendor.url (IRIS_VENDOR_URL) is "vendor"; accepted: an http:// or https:// URL'],
    [{ IRIS_VENDOR_URL: '' }, 'vendor.url (IRIS_VENDOR_URL) is missing'],
    [{ IRIS_MODE_DEFAULT: 'off' }, 'mode.default (IRIS_MODE_DEFAULT) is "off"; accepted: one of enforce, observe'],
    [{ IRIS_FEATURE_ON: 'yes' }, 'feature.on (IRIS_FEATURE_ON) is "yes"; accepted: true or false'],
    [{ IRIS_ROLES_MAP: '{' }, 'roles.map (IRIS_ROLES_MAP) is "{"; accepted: JSON'],
  ])('names key, value and accepted form in one line for %j', (environment, line) => {
    const message = faultOf({ ...REQUIRED, ...environment });
    expect(message).toContain(line);
    expect(message).not.toContain('\n');
  });

  it('names every error at once, and never the value of a secret', () => {
    const message = faultOf({ IRIS_VENDOR_TOKEN: '', IRIS_HOOK_KEYS: 'aperture=tooshrt', IRIS_HTTP_PORT: 'x' });
    for (const key of ['http.port', 'vendor.url', 'vendor.token', 'hook.keys']) expect(message).toContain(key);
    expect(message).not.toContain('tooshrt');
  });

  it.each([
    ['a key that no setting has', 'http:\n  prot: 1\n', /http\.prot: no such setting/],
    ['what is no YAML', 'a: [', /cannot be read/],
    ['a list', '- a\n', /sections of settings/],
  ])('refuses a file with %s', (_title, content, message) => {
    expect(faultOf({ ...REQUIRED, IRIS_CONFIG_FILE: file(content) })).toMatch(message);
  });

  it('either gives values of the declared form or a ConfigError, whatever the environment holds', () => {
    const names = Object.keys(schema).map(environmentName);
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom(...names), fc.string()), (environment) => {
        try {
          const values = loadSettings(schema, { ...REQUIRED, ...environment });
          expect(Number.isInteger(values['http.port'])).toBe(true);
        } catch (error) {
          expect(error).toBeInstanceOf(ConfigError);
        }
      }),
    );
  });
});
