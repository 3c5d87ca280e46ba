import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

let version: string | undefined;

/** The version of Iris, from the package of which this file is a part; `unknown` where that is not there. */
export function irisVersion(): string {
  version ??= versionAbove(dirname(fileURLToPath(import.meta.url)));
  return version;
}

function versionAbove(folder: string): string {
  const file = join(folder, 'package.json');
  if (existsSync(file)) {
    const manifest = JSON.parse(readFileSync(file, 'utf8')) as { name?: unknown; version?: unknown };
    if (manifest.name === 'iris' && typeof manifest.version === 'string') return manifest.version;
  }
  const parent = dirname(folder);
  return parent === folder ? 'unknown' : versionAbove(parent);
}
