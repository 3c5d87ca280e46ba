/**
 * Reduces package.json to the dependencies that the compiled app can load, so that `npm prune --omit=dev` leaves only
 * those in the image. `npm prune` then follows each package's own dependencies by the lock file.
 *
 * Usage: node keep-imported-dependencies.mjs <entry.js> [<entry.js> ...]
 *
 * A dependency counts as loadable when a file that can be reached from an entry by relative imports holds its name, or a
 * path below it, as a string: that covers `import`, `import()`, `require` and a list of names that is loaded in a loop.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

const STRINGS = /'([^'\n]*)'|"([^"\n]*)"/g;

const manifest = JSON.parse(readFileSync('package.json', 'utf8'));
const declared = { ...manifest.dependencies, ...manifest.optionalDependencies };
const kept = new Set();
const visited = new Set();
const waiting = process.argv.slice(2).map((entry) => resolve(entry));

while (waiting.length > 0) {
  const file = waiting.pop();
  if (visited.has(file)) continue;
  visited.add(file);
  for (const [, single, double] of readFileSync(file, 'utf8').matchAll(STRINGS)) {
    const text = single ?? double;
    if (/^\.{1,2}\/.*\.js$/.test(text)) waiting.push(resolve(dirname(file), text));
    const name = text
      .split('/')
      .slice(0, text.startsWith('@') ? 2 : 1)
      .join('/');
    if (Object.hasOwn(declared, name)) kept.add(name);
  }
}

manifest.dependencies = Object.fromEntries(Object.entries(manifest.dependencies).filter(([name]) => kept.has(name)));
delete manifest.devDependencies;
delete manifest.optionalDependencies;
writeFileSync('package.json', `${JSON.stringify(manifest, undefined, 2)}\n`);
process.stdout.write(`keeps ${[...kept].sort().join(', ')}\n`);
