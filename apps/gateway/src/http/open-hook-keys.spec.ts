import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Logger } from '@iris/telemetry';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type OpenHookKeys, openHookKeys } from './open-hook-keys.js';

const FIXED = [
  { name: 'aperture', key: 'key-of-aperture' },
  { name: 'ana-laptop', key: 'key-of-ana' },
];
const LOGINS = { 'ana-laptop': 'ana@example.com' };

let folder: string;
let file: string;
let open: OpenHookKeys | undefined;
const lines: string[] = [];
const log = (fields: object, message: string) => void lines.push(`${JSON.stringify(fields)} ${message}`);
const logger = { info: log, error: log } as unknown as Logger;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'iris-keys-'));
  file = join(folder, 'keys.yaml');
  lines.length = 0;
});
afterEach(() => {
  open?.close();
  open = undefined;
  rmSync(folder, { recursive: true });
});

function openWith(text: string | undefined, keys = FIXED): OpenHookKeys {
  if (text !== undefined) writeFileSync(file, text);
  open = openHookKeys({ keys, logins: LOGINS, file: text === undefined ? undefined : file }, logger);
  return open;
}

const grantOf = (key: string) => open?.keys.authenticate({ authorization: `Bearer ${key}` });

describe('the keys of the settings', () => {
  it('bind a key that is mapped to a person to the route of agents', () => {
    openWith(undefined);
    expect(grantOf('key-of-ana')).toEqual({ name: 'ana-laptop', routes: new Set(['agent']), login: 'ana@example.com' });
    expect(grantOf('key-of-aperture')?.login).toBeUndefined();
    expect(grantOf('key-of-aperture')?.routes.has('aperture')).toBe(true);
  });

  it('may have two keys of one name while one replaces the other, and not one key of two names', () => {
    openWith(undefined, [...FIXED, { name: 'aperture', key: 'key-of-aperture-2' }]);
    expect(grantOf('key-of-aperture')?.name).toBe('aperture');
    expect(grantOf('key-of-aperture-2')?.name).toBe('aperture');
    expect(() => openWith(undefined, [...FIXED, { name: 'other', key: 'key-of-ana' }])).toThrow(/same key/);
  });

  it('must be at least one', () => {
    expect(() => openWith(undefined, [])).toThrow(/no hook key: set hook\.keys \(IRIS_HOOK_KEYS\) or hook\.keysFile/);
  });
});

describe('the keys file', () => {
  const one = 'keys: { edge: { key: key-of-edge, routes: [aperture] } }';

  it('adds keys with their routes and persons', () => {
    openWith(
      'keys: { bo: { key: key-of-bo, routes: [agent], login: bo@example.com }, a: { key: key-of-a, routes: [aperture] } }',
    );
    expect(grantOf('key-of-bo')).toEqual({ name: 'bo', routes: new Set(['agent']), login: 'bo@example.com' });
    expect(grantOf('key-of-a')).toEqual({ name: 'a', routes: new Set(['aperture']) });
    expect(grantOf('key-of-ana')?.name).toBe('ana-laptop');
  });

  it('replaces keys without a restart', async () => {
    const { reload } = openWith(one, []);
    writeFileSync(file, JSON.stringify({ keys: { edge: { key: 'key-of-edge-2', routes: ['aperture'] } } }));
    await reload();
    expect([grantOf('key-of-edge'), grantOf('key-of-edge-2')?.name]).toEqual([undefined, 'edge']);
    expect(lines.join()).toContain('hook keys replaced');
  });

  it.each([
    ['broken YAML', 'keys: { edge: { key: very-secret-key'],
    ['an unknown route', 'keys: { edge: { key: very-secret-key, routes: [claude] } }'],
    ['a person on the route of Aperture', 'keys: { edge: { key: very-secret-key, routes: [aperture], login: a } }'],
    ['a short key', 'keys: { very-secret-key: { key: short, routes: [agent] } }'],
    ['an unknown field', 'keys: { edge: { key: very-secret-key, routes: [agent], very-secret-key: 1 } }'],
    ['an entry that is a text', 'keys: { edge: very-secret-key }'],
    ['a key twice in the file', 'keys: { edge: { key: very-secret-key, routes: [agent] }, edge: 1 }'],
    ['another section', 'very-secret-key: {}'],
    ['the key of another name', 'keys: { edge: { key: key-of-ana, routes: [agent] } }'],
    ['nothing', ''],
  ])('with %s keeps the keys, and no key is logged', async (_title, broken) => {
    const { reload } = openWith(one);
    writeFileSync(file, broken);
    await reload();
    expect(grantOf('key-of-edge')?.name).toBe('edge');
    expect(lines).toEqual([expect.stringContaining('the hook keys stay as they are')]);
    expect(lines.join()).not.toContain('secret');
    rmSync(file);
    await reload();
    expect(grantOf('key-of-edge')?.name).toBe('edge');
    writeFileSync(file, one.replace('key-of-edge', 'key-of-edge-2'));
    await reload();
    expect(grantOf('key-of-edge-2')?.name).toBe('edge');
  });

  it('stops the start when it cannot be used', () => {
    expect(() => openWith('keys: { edge: 1 }')).toThrow(/hook\.keysFile .*keys\[0\].*accepted: keys: \{ <name>/);
    rmSync(file);
    expect(() => openHookKeys({ keys: FIXED, logins: {}, file }, logger)).toThrow(/cannot be read \(ENOENT\)/);
  });
});
