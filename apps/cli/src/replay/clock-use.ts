import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** CEL functions of Cerbos that read the PDP's own clock. */
const CLOCK = /\bnow\(\)|\.timeSince\(\)/;

/** Policies that read the PDP's clock: their decisions cannot be replayed at another time. Paths relative to the folder. */
export async function policiesWithClock(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => entry.isFile() && /\.(ya?ml|json)$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name));
  const found: string[] = [];
  for (const file of files) {
    const text = await readFile(file, 'utf8');
    const code = text.replace(/^\s*#.*$/gm, '');
    if (CLOCK.test(code)) found.push(file.slice(folder.length).replace(/^\/+/, ''));
  }
  return found.sort();
}
