import { globSync, readFileSync } from 'node:fs';
import { expect, it } from '@jest/globals';
import { listedFields, UNLISTED } from '../../libs/telemetry/src/log-fields.js';

/** A call of a logger whose fields are written in place: names of properties, and shorthand ones. */
const CALL = /\blogger\??\.(?:trace|debug|info|warn|error)\(\s*\{([^{}]*(?:\{[^{}]*\}[^{}]*)*)\}/g;

it('every field that an app or a lib logs is a listed one', () => {
  const files = globSync('{apps,libs}/**/*.ts', { exclude: (path) => String(path).includes('node_modules') });
  const used = new Map<string, string>();
  for (const file of files.filter((path) => !path.endsWith('.spec.ts'))) {
    for (const [, fields = ''] of readFileSync(file, 'utf8').matchAll(CALL)) {
      for (const name of namesIn(fields)) used.set(name, file);
    }
  }
  expect(used.size).toBeGreaterThan(20);
  const unlisted = [...used].filter(([name]) => listedFields({ [name]: 'value' })[name] === UNLISTED);
  expect(unlisted).toEqual([]);
});

function namesIn(fields: string): string[] {
  // Commas and colons inside of calls and nested values are no ends of a field.
  const flat = fields
    .replace(/\([^()]*(?:\([^()]*\)[^()]*)*\)/g, '')
    .replace(/\[[^\]]*\]/g, '')
    .replace(/\{[^}]*\}/g, '');
  return flat
    .split(',')
    .map((field) => field.split(':')[0]?.trim() ?? '')
    .filter((name) => /^[A-Za-z_]\w*$/.test(name));
}
