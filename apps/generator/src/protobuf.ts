import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { GeneratedFiles } from './generated-files.js';

const LIBRARY = 'libs/contracts';
const OUTPUT = 'src/enricher/generated';

/** The modules that buf makes of the protobuf files. @throws Error with the message of buf */
export function protobufModules(): GeneratedFiles {
  mkdirSync('.iris', { recursive: true });
  const folder = mkdtempSync(resolve('.iris/protobuf-'));
  try {
    const buf = resolve('node_modules/.bin/buf');
    const { status, stderr, error } = spawnSync(buf, ['generate', '--output', folder], {
      cwd: LIBRARY,
      encoding: 'utf8',
    });
    if (status !== 0) throw new Error(`buf generate: ${stderr || error?.message}`);
    const made = filesIn(join(folder, OUTPUT));
    const present = existsSync(join(LIBRARY, OUTPUT)) ? filesIn(join(LIBRARY, OUTPUT)) : [];
    return Object.fromEntries(
      [...new Set([...made, ...present])].map((name) => [
        join(LIBRARY, OUTPUT, name),
        made.includes(name) ? readFileSync(join(folder, OUTPUT, name), 'utf8') : undefined,
      ]),
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function filesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) =>
    statSync(join(folder, name)).isFile(),
  );
}
